"""The history of a run as arrays: a column for each number of an epoch, so that a million epochs stay small and quick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from math import isnan, nan
from typing import Any

import numpy as np

from engine.arrays import Array, Arrays
from engine.training.history import Epoch, History

STEPS = ("losses", "rates", "gradient_norms")
SCORES = ("metrics", "validation_metrics")
NUMBERS = tuple(field.name for field in fields(Epoch) if field.name not in SCORES)
COUNTS = ("number", "step")


def to_arrays(history: History) -> Arrays:
    """Return float64 arrays by name: `steps/losses`, `epochs/loss`, `metrics/output/Accuracy`; NaN stands for None."""
    arrays: Arrays = {f"steps/{name}": np.asarray(getattr(history, name), np.float64) for name in STEPS}
    arrays |= {f"epochs/{name}": _column([getattr(epoch, name) for epoch in history.epochs]) for name in NUMBERS}
    for group in SCORES:
        scores = [getattr(epoch, group) for epoch in history.epochs]
        names = {(node, metric) for score in scores for node, found in score.items() for metric in found}
        for node, metric in sorted(names):
            arrays[f"{group}/{node}/{metric}"] = _column([score.get(node, {}).get(metric) for score in scores])
    return arrays


def _column(values: list[float | None]) -> Array:
    return np.array([nan if value is None else value for value in values], np.float64)


def from_arrays(arrays: Mapping[str, Array]) -> History:
    """Return the history that `to_arrays` wrote. Raises KeyError or ValueError where the arrays are no such thing."""
    if any(array.ndim != 1 or array.dtype != np.float64 for array in arrays.values()):
        raise ValueError("a curve must be a list of numbers")
    columns = {name: [_number(name, value) for value in arrays[f"epochs/{name}"].tolist()] for name in NUMBERS}
    scores = {group: _scores(arrays, group, len(columns["number"])) for group in SCORES}
    rows: list[dict[str, Any]] = [
        dict(zip((*NUMBERS, *SCORES), row, strict=True))
        for row in zip(*columns.values(), *scores.values(), strict=True)
    ]
    steps = {name: arrays[f"steps/{name}"] for name in STEPS}
    for series in steps.values():
        series.flags.writeable = False
    return History(**steps, epochs=tuple(Epoch(**row) for row in rows))


def _number(name: str, value: float) -> Any:
    if name in COUNTS:
        return int(value)
    return None if isnan(value) and name == "validation_loss" else value


def _scores(arrays: Mapping[str, Array], group: str, epochs: int) -> list[dict[str, dict[str, float | None]]]:
    """Return the scores of each epoch, by output and metric."""
    found: list[dict[str, dict[str, float | None]]] = [{} for _ in range(epochs)]
    for name in sorted(name for name in arrays if name.startswith(f"{group}/")):
        node, _, metric = name.removeprefix(f"{group}/").rpartition("/")
        for scores, value in zip(found, arrays[name].tolist(), strict=True):
            scores.setdefault(node, {})[metric] = None if isnan(value) else value
    return found
