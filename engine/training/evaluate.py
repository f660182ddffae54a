"""How good a trained network is on samples with known targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.data.prepare import Prepared, in_unit
from engine.data.targets import counted
from engine.graph import Graph, NodeId
from engine.layers.output import Output
from engine.plan.predict import Predictor, batch_for
from engine.preprocessor import Fitted
from engine.problems import UserError
from engine.training.history import Scores
from engine.training.scores import Examined, examine, outputs_of, scores


@dataclass(frozen=True)
class ClassScore:
    """How well one class is told from the others; None where it never came up."""

    name: str
    samples: int  # that are of this class
    precision: float | None  # of those that were said to be, the share that is
    recall: float | None  # of those that are, the share that was said to be
    f1: float | None  # harmonic mean of both


@dataclass(frozen=True, eq=False)
class OutputEvaluation:
    """What became of one Output. `classes` and `confusion` are empty but for classes, `residuals` but for numbers.

    `confusion` counts samples: row the true class, column the one that was said. `residuals` are answer minus target in
    the column's unit, (N, ...). `losses` are of each sample, so that the worst can be looked at.
    """

    metrics: Mapping[str, float | None]
    losses: Array
    classes: tuple[ClassScore, ...] = ()
    confusion: Array = field(default_factory=lambda: np.zeros((0, 0), np.intp))
    residuals: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The loss over all Outputs, and each Output by itself; `rows` are the samples, as `losses` has them."""

    loss: float
    outputs: Mapping[NodeId, OutputEvaluation]
    rows: Array

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, without those of single samples."""
        return {
            "samples": len(self.rows),
            "loss": self.loss,
            "outputs": {
                node: {
                    "metrics": dict(output.metrics),
                    "classes": [vars(score) for score in output.classes],
                    "confusion": output.confusion.tolist(),
                }
                for node, output in self.outputs.items()
            },
        }


def evaluate(graph: Graph, parameters: Mapping[str, Array], samples: Prepared, rows: Array | None = None) -> Evaluation:
    """Return how good a network with these parameters is on some samples: the validation part where none are given.

    Raises UserError where there are no samples, or the target of an Output is not in the data.
    """
    rows = samples.validation if rows is None else rows
    missing = [layer.target for node, layer in outputs_of(graph).items() if node not in samples.targets]
    if missing:
        raise UserError(f"The data has no column {missing[0]}, which says what is right. Choose data that has it.")
    if not len(rows):
        raise UserError("There are no samples to evaluate. Keep some back for validation, or choose other data.")
    seen = _examined(Predictor(graph, parameters, batch=batch_for(graph)), samples, rows)
    scored = scores(graph, seen.outputs, seen.targets, samples.fitted, every=True)
    layers = outputs_of(graph)
    return Evaluation(
        seen.loss,
        {node: _output(layers[node], node, seen, scored, samples.fitted[node]) for node in layers},
        rows,
    )


def _examined(predictor: Predictor, samples: Prepared, rows: Array) -> Examined:
    work = examine(predictor, samples, rows)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def _output(layer: Output, node: NodeId, seen: Examined, scored: Scores, fitted: Fitted) -> OutputEvaluation:
    answer, target = counted(layer.loss, layer.loss.answer(seen.outputs[node]), seen.targets[node])
    each = seen.losses[node]
    if layer.loss.target == "value":
        return OutputEvaluation(scored[node], each, residuals=in_unit(fitted, answer) - in_unit(fitted, target))
    if layer.loss.target not in ("class", "binary"):
        return OutputEvaluation(scored[node], each)
    said = answer.argmax(axis=-1) if layer.loss.target == "class" else answer > 0.5
    confusion = confusion_matrix(target, said, len(fitted["classes"]))
    return OutputEvaluation(scored[node], each, class_scores(confusion, fitted["classes"]), confusion)


def confusion_matrix(target: Array, said: Array, classes: int) -> Array:
    """Return counts (classes, classes): row the true class, column the one that was said."""
    pairs = target.reshape(-1).astype(np.intp) * classes + said.reshape(-1).astype(np.intp)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def class_scores(confusion: Array, names: tuple[str, ...] | list[str]) -> tuple[ClassScore, ...]:
    """Return precision, recall and F1 of each class."""
    right, said, there = np.diagonal(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    return tuple(
        ClassScore(
            name,
            int(there[i]),
            _share(right[i], said[i]),
            _share(right[i], there[i]),
            _share(2 * right[i], said[i] + there[i]),
        )
        for i, name in enumerate(names)
    )


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None
