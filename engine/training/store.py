"""Where the checkpoints of one training lie: the last two and that of the best epoch, each one file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.files import atomic_write, cause, hold, make_folder, state_folder
from engine.problems import UserError
from engine.training.checkpoint import Checkpoint, DamagedError, Glance, glance
from engine.training.events import Checkpointed, EpochDone, Event, Steps

if TYPE_CHECKING:
    from engine.training.loop import Training

ENDING = ".checkpoint"


def checkpoint_folder(key: str) -> Path:
    """Return where the checkpoints of `key` lie: the path of a project's file, or any other name for it."""
    return state_folder() / "checkpoints" / hashlib.sha256(key.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Found:
    """The newest checkpoint that can be read, its file, and a sentence for each newer one that could not."""

    checkpoint: Checkpoint
    path: Path
    notes: tuple[str, ...] = ()


class Store:
    """The checkpoints in one folder, which is made when the first is saved."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._claim: BinaryIO | None = None

    def claim(self, patience: float = 0.0) -> bool:
        """Keep other trainings away from this folder, until `release` or the end of the process.

        Returns False where one that is under way holds it for longer than `patience` seconds. A folder that cannot be
        written to needs no claim.
        """
        end = monotonic() + patience
        try:
            make_folder(self.folder)
            self._claim = hold(self.folder / "lock")
            while self._claim is None and monotonic() < end:
                sleep(0.05)
                self._claim = hold(self.folder / "lock")
        except (OSError, UserError):
            return True
        return self._claim is not None

    def take(self, patience: float = 0.0) -> None:
        """Claim this folder; raise UserError where another training holds it."""
        if not self.claim(patience):
            raise UserError("Another training of this project is under way. Wait until it ends, or stop it.")

    def release(self) -> None:
        """Let other trainings have the folder."""
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def paths(self) -> list[Path]:
        """Return the checkpoints, the newest first."""
        return sorted(self.folder.glob(f"step-*{ENDING}"), reverse=True)

    def save(self, checkpoint: Checkpoint) -> Path:
        """Write a checkpoint and drop those that are not needed any more. Raises UserError where it cannot be written."""
        make_folder(self.folder)
        path = self.path(checkpoint.step)
        atomic_write(path, checkpoint.to_bytes())
        best = checkpoint.history.best
        self._drop({*self.paths()[:2], path, self.path(best.step if best else checkpoint.step)})
        return path

    def keep(self, checkpoint: Checkpoint) -> Checkpointed:
        """Write a checkpoint and say what came of it; never raises for a disk that will not take it."""
        try:
            self.save(checkpoint)
        except UserError as error:
            return Checkpointed(checkpoint.step, checkpoint.epoch, str(error))
        return Checkpointed(checkpoint.step, checkpoint.epoch)

    def path(self, step: int) -> Path:
        """Return the file of the checkpoint after so many steps."""
        return self.folder / f"step-{step:012d}{ENDING}"

    def _drop(self, kept: set[Path]) -> None:
        for path in set(self.paths()) - kept:
            with suppress(OSError):
                path.unlink()

    def newest(self) -> Found | None:
        """Return the newest checkpoint that is whole; None where there is none. A damaged one is set aside."""
        notes: list[str] = []
        for path in self.paths():
            try:
                return Found(Checkpoint.from_bytes(path.read_bytes()), path, tuple(notes))
            except DamagedError as error:
                with suppress(OSError):
                    path.rename(path.with_suffix(".damaged"))
                notes.append(f"{error} The one before it is used instead.")
            except OSError as error:
                notes.append(f"{path} could not be read, because {cause(error)}. The one before it is used instead.")
        return None

    def glance(self) -> Glance | None:
        """Tell, quickly, what the newest checkpoint is; None where there is none that can be read."""
        for path in self.paths():
            with suppress(OSError, DamagedError), path.open("rb") as file:
                return glance(file)
        return None

    def clear(self) -> None:
        """Remove all checkpoints, before another training begins."""
        self._drop(set())


def keeping(
    training: Training, store: Store, about: Mapping[str, Any], every: float = 30.0, least: float = 0.5
) -> Iterator[Event]:
    """Pass the events of a training on, and save checkpoints: at the end of epochs, and after `every` seconds of steps.

    Two are at least `least` seconds apart, and saving takes at most a twentieth of the time. A checkpoint that cannot be
    written is told of, and training goes on.
    """
    saved, pause = perf_counter(), 0.0
    for event in training.events():
        yield event
        waited = perf_counter() - saved
        if waited >= pause and (isinstance(event, EpochDone) or (isinstance(event, Steps) and waited >= every)):
            start = perf_counter()
            yield store.keep(training.checkpoint(about))
            saved = perf_counter()
            pause = max(least, 20 * (saved - start))
