"""Runs, scores and answers as plain values for JSON, and as lines for people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.project.run import Run
from engine.training.history import Epoch, Scores

if TYPE_CHECKING:
    from engine.data.targets import Answer
    from engine.training.evaluate import ClassScore


def metrics(scores: Scores) -> dict[str, float | None]:
    """Return scores by name: `accuracy`, or `box.accuracy` where there are several Outputs."""
    return {
        f"{node}.{_word(name)}" if len(scores) > 1 else _word(name): value
        for node, found in scores.items()
        for name, value in found.items()
    }


def _word(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def summary(run: Run) -> dict[str, Any]:
    """Return what a run has come to: the scores of its best epoch, or of the last where it has no best, and its history."""
    history = run.history
    kept = next((epoch for epoch in history.epochs if epoch.number == run.best_epoch), None)
    kept = kept or (history.epochs[-1] if history.epochs else None)
    return {
        "run": run.id,
        "status": run.status,
        "started": run.started,
        "seed": run.seed,
        "epochs": len(history.epochs),
        "steps": len(history.losses),
        "best_epoch": run.best_epoch,
        "seconds": round(history.seconds, 3),
        "parameters": sum(array.size for array in run.parameters.values()),
        **(_scores(kept) if kept else {}),
        "history": [{"epoch": epoch.number, "rate": epoch.rate, **_scores(epoch)} for epoch in history.epochs],
    }


def _scores(epoch: Epoch) -> dict[str, Any]:
    parts = {"train": (epoch.loss, epoch.metrics), "validation": (epoch.validation_loss, epoch.validation_metrics)}
    return {
        f"{part}_{name}": value
        for part, (loss, scores) in parts.items()
        if loss is not None
        for name, value in {"loss": loss, **metrics(scores)}.items()
    }


def summary_lines(found: Mapping[str, Any]) -> list[str]:
    """Return a run as sentences."""
    words = {"done": "is done", "stopped": "was stopped", "failed": "has failed", "running": "is running"}
    what = f"{found['run']} {words[found['status']]} after {found['epochs']} epochs in {found['seconds']:.1f} s."
    best = f" The weights are those of epoch {found['best_epoch']}." if found["best_epoch"] else ""
    return [what + best, f"  {_figures(found)}"]


def run_line(found: Mapping[str, Any]) -> str:
    """Return a run as one line of a list."""
    return f"{found['run']:8}{found['status']:9}{found['epochs']:5} epochs  seed {found['seed']}  {_figures(found)}"


def _figures(found: Mapping[str, Any]) -> str:
    names = ("run", "status", "started", "seed", "epochs", "steps", "best_epoch", "seconds", "parameters", "history")
    chosen = {name: value for name, value in found.items() if name not in names and value is not None}
    return "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in chosen.items())


def class_lines(node: str, scores: Sequence[ClassScore], several: bool) -> list[str]:
    """Return a table of how well each class is told from the others; `node` is said where there are `several` Outputs."""
    width = max(len(score.name) for score in scores)
    lines = [f"  {f'class of {node}' if several else 'class':{width + 2}}  samples  precision  recall      f1"]
    for score in scores:
        shares = (
            f"{'-' if share is None else f'{share:.1%}':>8}" for share in (score.precision, score.recall, score.f1)
        )
        lines.append(f"  {score.name:{width + 2}}  {score.samples:7,}   {''.join(shares)}")
    return lines


def answer(found: Answer) -> dict[str, Any]:
    """Return an answer: a class with the probabilities of all, or a value (several: a list)."""
    if found.probabilities:
        return {"answer": found.text, "probabilities": dict(found.probabilities)}
    return {"answer": found.values[0] if len(found.values) == 1 else list(found.values)}


def answer_line(node: str, found: Answer) -> str:
    """Return an answer as people read it; `node` is said where there are several Outputs."""
    sure = f" ({found.ranked[0][1]:.1%})" if found.probabilities else ""
    return f"{f'{node}: ' if node else ''}{found.text}{sure}"
