"""Targets as a loss takes them, and answers as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.columns import Column, number_text
from engine.data import texts
from engine.data.steps import Steps, flat_tags, tags
from engine.layers.output import Output
from engine.loss import Loss
from engine.losses.of_texts import OfTexts
from engine.preprocessor import Fitted


@dataclass(frozen=True)
class Answer:
    """What a network says about one sample. `text` is what a person reads first.

    `probabilities` of the classes, in the order of the classes; empty for numbers. `values` in the column's unit; empty
    for classes.
    """

    text: str
    probabilities: tuple[tuple[str, float], ...] = ()
    values: tuple[float, ...] = ()

    @property
    def ranked(self) -> tuple[tuple[str, float], ...]:
        """The classes with their probabilities, the likeliest first."""
        return tuple(sorted(self.probabilities, key=lambda pair: -pair[1]))


def fit_target(layer: Output, every: Column, training: Column, steps: Steps | None = None) -> Fitted:
    """Return {"mean", "scale"} of the training rows (0 and 1 if not standardised) for values.

    For classes {"classes": [...]} of every row, for labels {"labels": [...]}, for texts {"alphabet": [...]}.
    `steps` says how the Output answers at each step of a series, where it does.
    """
    if isinstance(layer.loss, OfTexts):
        return {"alphabet": texts.alphabet_of(every.texts().tolist())}
    if layer.loss.target != "value":
        return {
            "labels" if layer.loss.target == "label" else "classes": list(
                (flat_tags(every, steps) if steps else every).distinct
            )
        }
    values = training.values.astype(np.float64).reshape(len(training.values), -1)
    known = values[~np.isnan(values)]
    if not layer.standardise or layer.loss.values != "any" or not known.size:
        return {"mean": 0.0, "scale": 1.0}
    mean, spread = float(known.mean()), float(known.std())
    return {"mean": mean, "scale": spread if spread > 1e-12 * max(abs(mean), 1e-18) else 1.0}


def encode_target(layer: Output, column: Column, fitted: Fitted, steps: Steps | None = None) -> tuple[Array, Array]:
    """Return the targets and which of them are known (N,); the others hold 0.

    "class" and "label": intp (N,). "binary": float32 (N, 1), 1 for the second class. "value": float32 (N, 1), standardised.
    "text": intp (N, length). Where an Output answers at each of some `steps`: intp (N, steps), or float32 (N, steps,
    numbers); -1 or NaN where none is known.
    """
    if steps:
        return _encode_steps(layer, column, fitted, steps)
    if isinstance(layer.loss, OfTexts):
        return texts.spelled(column.texts().tolist(), fitted["alphabet"], layer.loss.length)
    if layer.loss.target == "value":
        values = column.values.astype(np.float64).reshape(len(column.values), -1)
        known = np.asarray(~np.isnan(values).any(axis=1))
        return np.nan_to_num((values - fitted["mean"]) / fitted["scale"]).astype(np.float32), known
    numbers, known = class_numbers(column, fitted["labels" if layer.loss.target == "label" else "classes"])
    return (numbers if layer.loss.target != "binary" else numbers.astype(np.float32)[:, None]), known


def _encode_steps(layer: Output, column: Column, fitted: Fitted, steps: Steps) -> tuple[Array, Array]:
    if layer.loss.target == "value":
        values = (column.values.astype(np.float64) - fitted["mean"]) / fitted["scale"]
        shaped = values.reshape(len(values), steps.total, -1)
        return shaped.astype(np.float32), np.asarray(~np.isnan(shaped).all(axis=(1, 2)))
    told = tags(column, steps)
    numbers, known = class_numbers(Column(column.name, "category", told.reshape(-1)), fitted["classes"])
    found = np.where(known, numbers, -1).reshape(told.shape)
    return found, np.asarray((found >= 0).any(axis=1))


def counted(loss: Loss, answer: Array, target: Array) -> tuple[Array, Array]:
    """Return answers and targets; those at each step one below the other, without steps that have no target."""
    least = {"class": 2, "value": 3}.get(loss.target)
    if least is None or target.ndim < least:
        return answer, target
    known = target >= 0 if loss.target == "class" else ~np.isnan(target).any(axis=-1)
    return answer[known], target[known]


def class_numbers(column: Column, classes: Sequence[str]) -> tuple[Array, Array]:
    """Return each row's class number, intp (N,), and which rows have a known class; the others hold 0."""
    present, place = np.unique(column.values, return_inverse=True)
    names = [number_text(value) for value in present] if column.kind == "number" else present.tolist()
    number = {name: position for position, name in enumerate(classes)}
    found = np.array([number.get(name, -1) if name else -1 for name in names], np.intp)
    numbers = found[place.reshape(-1)] if len(found) else np.zeros(0, np.intp)
    return np.maximum(numbers, 0), numbers >= 0


def decode(layer: Output, fitted: Fitted, answer: Array, there: Array | None = None) -> tuple[Answer, ...]:
    """Return what the answers (N, ...) of a network say, in the words and units of the target's column.

    Of answers at each step, `there` (N, steps) says which count: the others are padding.
    """
    if isinstance(layer.loss, OfTexts):
        return tuple(Answer(texts.read(row, fitted["alphabet"])) for row in answer)
    if layer.loss.target in ("value", "label"):
        values = in_unit(fitted, answer).reshape(len(answer), -1)
        return tuple(Answer(", ".join(f"{v:.6g}" for v in row), values=tuple(row)) for row in values.tolist())
    classes = fitted["classes"]
    if answer.ndim == 3 and layer.loss.target == "class":
        some = np.ones(answer.shape[:2], bool) if there is None else there
        return tuple(_tagged(classes, a[t]) for a, t in zip(answer, some, strict=True))
    if layer.loss.target == "binary":
        answer = np.concatenate([1 - answer, answer], axis=-1)
    rows = answer.reshape(len(answer), -1, len(classes)).mean(axis=1).tolist()
    return tuple(Answer(classes[row.index(max(row))], tuple(zip(classes, row, strict=True))) for row in rows)


def _tagged(classes: Sequence[str], answer: Array) -> Answer:
    """Return what the probabilities (steps, classes) of one sample say: a tag for each step, and each one's share."""
    text = " ".join(classes[place] for place in answer.argmax(axis=1))
    shares = answer.mean(axis=0).tolist() if len(answer) else [0.0] * len(classes)
    return Answer(text, tuple(zip(classes, shares, strict=True)))


def as_exported(layer: Output, fitted: Fitted) -> Mapping[str, Any]:
    """Return what `decode` must know of the answers of an exported model, which are in the target's unit already."""
    return {"mean": 0.0, "scale": 1.0} if layer.loss.target == "value" else fitted


def in_unit(fitted: Fitted, values: Array) -> Array:
    """Return standardised values (targets or answers) in the unit of the target's column, float64."""
    return np.asarray(values, np.float64) * fitted.get("scale", 1.0) + fitted.get("mean", 0.0)
