"""The progress of a training on standard error: a bar on a terminal, a line for each epoch elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from engine.process.messages import Progress, Ready, Resumed
from engine.training.events import Checkpointed
from engine.training.history import Epoch


class Bar:
    """Hears the messages of a training process and shows how far it is. Nothing is shown unless `shown`."""

    def __init__(self, shown: bool) -> None:
        self.shown, self.terminal = shown, sys.stderr.isatty()
        self.epochs = 0
        self._bar: Any = None

    def hear(self, message: Any) -> None:
        """Take one message; those that tell of no progress or trouble are passed over."""
        match message:
            case Ready():
                self._begin(message)
            case Progress():
                self._advance(message)
            case Resumed(notes=notes):
                self._say(*notes)
            case Checkpointed(trouble=trouble) if trouble:
                self._say(trouble)

    def close(self) -> None:
        """Leave the bar as it is and go to the next line."""
        if self._bar is not None:
            self._bar.close()

    def _begin(self, ready: Ready) -> None:
        self._say(*ready.notes)
        began = ready.began
        self.epochs = began.epochs
        if self.shown and self.terminal:
            from tqdm import tqdm

            total = began.epochs * began.steps_per_epoch
            self._bar = tqdm(total=total, initial=began.step, unit=" steps", file=sys.stderr, dynamic_ncols=True)

    def _advance(self, progress: Progress) -> None:
        done = [event.epoch for event in progress.epochs]
        if self._bar is not None:
            steps = progress.steps
            self._bar.update(steps.first + len(steps.losses) - self._bar.n if steps else 0)
            if done:
                self._bar.set_postfix_str(describe(done[-1]))
        elif self.shown:
            for epoch in done:
                print(f"epoch {epoch.number}/{self.epochs}  {describe(epoch)}", file=sys.stderr, flush=True)

    def _say(self, *sentences: str) -> None:
        for sentence in sentences:
            print(sentence, file=sys.stderr, flush=True)


def describe(epoch: Epoch) -> str:
    """Return how an epoch went, in a few words."""
    parts = [f"loss {epoch.loss:.4g}"]
    if epoch.validation_loss is not None:
        parts.append(f"validation {epoch.validation_loss:.4g}")
    for scores in (epoch.validation_metrics or epoch.metrics).values():
        parts += [f"{name} {value:.4g}" for name, value in scores.items() if value is not None]
    return "  ".join(parts)
