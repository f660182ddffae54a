"""How good answers are: the loss and the metrics of samples, and of a network over many of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import numpy as np

import engine.metrics  # noqa: F401  (declares them)
from engine.arrays import Array, Arrays
from engine.data.prepare import Prepared, in_unit
from engine.data.targets import counted
from engine.graph import Graph, NodeId
from engine.layers.output import Output
from engine.loss import Loss
from engine.metric import Metric
from engine.plan.predict import Predictor
from engine.preprocessor import Fitted
from engine.training.ahead import ahead, is_deferred
from engine.training.events import Validating
from engine.training.history import Scores

CHUNK = 1024  # samples that are answered before anybody is told how far it is
COMPARED = 64  # samples that a loss of whole batches compares with each other outside of training


@dataclass(frozen=True, eq=False)
class Examined:
    """What a network made of some samples, for each Output.

    `outputs` (N, ...) are what reached it, before `loss.answer`; `losses` (N,) of each sample; `loss` over all Outputs.
    """

    outputs: Mapping[NodeId, Array]
    targets: Mapping[NodeId, Array]
    losses: Mapping[NodeId, Array]
    loss: float


def outputs_of(graph: Graph) -> dict[NodeId, Output]:
    """Return the Outputs of a graph by name."""
    return {node: layer for node, layer in graph.nodes.items() if isinstance(layer, Output)}


def examine(predictor: Predictor, samples: Prepared, rows: Array) -> Generator[Validating, None, Examined]:
    """Answer these rows and return what came of it; yield now and then how many are done."""
    graph = predictor.graph
    outputs: dict[NodeId, list[Array]] = {node: [] for node in outputs_of(graph)}
    done, size = 0, predictor.batch if is_deferred(samples) else CHUNK
    with closing(ahead(samples, (rows[start : start + size] for start in range(0, len(rows), size)))) as batches:
        for batch in batches:
            for node, array in predictor.outputs(batch.inputs).items():
                outputs[node].append(array)
            done += len(batch.samples)
            yield Validating(done, len(rows))
    whole = {node: np.concatenate(parts) for node, parts in outputs.items()}
    targets = {node: samples.targets[node][rows] for node in whole}
    layers = outputs_of(graph)
    each = {node: losses(layers[node].loss, x, targets[node]) for node, x in whole.items()}
    loss = sum(layers[node].weight * float(found.mean()) for node, found in each.items())
    return Examined(whole, targets, each, loss)


def losses(loss: Loss, x: Array, target: Array) -> Array:
    """Return each sample's loss (N,) for what reached an Output (N, ...) and its target."""
    found = np.empty(len(x), x.dtype)
    size = COMPARED if loss.whole_batch else CHUNK
    for start in range(0, len(x), size):
        part = slice(start, start + size)
        _forward(loss, x[part], target[part], found[part])
    return found


def _forward(loss: Loss, x: Array, target: Array, found: Array) -> None:
    arrays: dict[str, Any] = {"x": x, "target": target, "losses": found, "mask": np.ones(x.shape[:2], x.dtype)}
    for name, scratch in loss.scratch(x.shape[1:]).items():
        shape = (len(x), *scratch.shape) if scratch.batched else scratch.shape
        arrays[name] = np.zeros(shape, scratch.dtype or x.dtype)
    loss.forward(*(arrays.get(name) for name in loss.asks("forward")))


def scores(
    graph: Graph,
    outputs: Mapping[NodeId, Array],
    targets: Mapping[NodeId, Array],
    fitted: Mapping[NodeId, Fitted],
    *,
    every: bool = False,
    learnt: bool = False,
) -> Scores:
    """Return the metrics that suit each Output, in the unit of its column; None where one is not defined.

    Only those that are watched while training, unless `every` one is wanted; fewer of samples that are `learnt` from.
    """
    layers = outputs_of(graph)
    watched = None if every else learnt
    return {
        node: _scores(layers[node].loss, x, targets[node], fitted.get(node, {}), watched) for node, x in outputs.items()
    }


def _scores(loss: Loss, x: Array, target: Array, fitted: Fitted, learnt: bool | None) -> dict[str, float | None]:
    answer, target = counted(loss, loss.answer(x), target)
    if loss.target == "value":
        answer, target = in_unit(fitted, answer), in_unit(fitted, target)
    metrics = [metric for metric in metrics_for(loss) if learnt is None or metric.watched(answer, learnt=learnt)]
    found = {type(metric).__name__: metric.score(answer, target) for metric in metrics}
    return {name: float(value) if isfinite(value) else None for name, value in found.items()}


def metrics_for(loss: Loss) -> list[Metric]:
    """Return the metrics, with their defaults, that suit the targets of a loss."""
    return [kind() for kind in Metric.registry.values() if loss.target in kind.targets]


class Gathered:
    """What reached each Output while the steps of an epoch ran, so that its metrics cost nothing more.

    Where that is very much, only the first samples of the epoch are kept: at most `limit` numbers for each Output.
    """

    def __init__(self, graph: Graph, samples: int, limit: int = 4_000_000) -> None:
        self.graph, self.samples, self.limit = graph, samples, limit
        self.arrays: Arrays = {}

    def add(self, start: int, outputs: Mapping[NodeId, Array]) -> None:
        """Keep the outputs of the samples from `start` on (in the epoch's order)."""
        for node, x in outputs.items():
            kept = self.arrays.get(node)
            if kept is None:
                kept = self.arrays[node] = self._room(x)
            part = kept[start : start + len(x)]
            part[...] = x[: len(part)]

    def _room(self, x: Array) -> Array:
        size = max(1, x[0].size)
        return np.full((min(self.samples, max(len(x), self.limit // size)), *x.shape[1:]), nan, x.dtype)

    def scores(self, samples: Prepared, rows: Array) -> Scores:
        """Return the metrics of the epoch, whose samples were `rows` in this order."""
        targets = {node: samples.targets[node][rows[: len(kept)]] for node, kept in self.arrays.items()}
        return scores(self.graph, self.arrays, targets, samples.fitted, learnt=True)
