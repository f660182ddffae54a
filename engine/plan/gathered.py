"""Gradients of large weights where several workers train: each computes a part of them, from the samples of all.

Usually each worker computes the whole gradient from its own samples, and then all add up what they have. Where a weight is
large beside the values that it is multiplied with, it is less work to read those of the others: nothing is added up, and
nobody writes more than is needed. A layer that can do so has a method `gradient_part`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from engine.arrays import Array
from engine.calls import Run, ready
from engine.graph import Graph, NodeId
from engine.infer import Inference
from engine.layer import Layer
from engine.normalised import rule_of
from engine.plan.layout import Layout, Piece
from engine.plan.program import Call, Key, Program
from engine.sharing import weight_of, weights

NAME = "weight"
LARGE = 1.0  # values of a weight for each value that comes in or goes out: from here on it pays


def gathered(graph: Graph, inference: Inference, samples: int) -> set[NodeId]:
    """Return the boxes whose weight's gradient is to be computed so in steps of so many samples in all."""
    used = [weight_of(graph, node, NAME) for node in graph.nodes]
    return {
        node
        for node, layer in graph.nodes.items()
        if type(layer).gradient_part is not Layer.gradient_part
        and used.count(weight_of(graph, node, NAME)) == 1
        and _pays(graph, inference, node, samples)
    }


def _pays(graph: Graph, inference: Inference, node: NodeId, samples: int) -> bool:
    inputs = inference.inputs(graph, node)
    weight = weights(graph, node, inputs).get(NAME)
    if weight is None or not weight.learns or rule_of(weight):
        return False
    values = samples * sum(prod(shape) for shape in (*inputs, graph.nodes[node].shape(*inputs)))
    return prod(weight.shape) >= LARGE * values


class Parts:
    """One worker's part of the gradients. Those of some weights it computes; in the places `added` it adds up what all have."""

    def __init__(
        self, program: Program, layout: Layout, part: slice, gradient: Array, whole: Mapping[Key, Array]
    ) -> None:
        own = {f"{key.node}.{key.name}": call for call in program.gathered for key in call.writes}
        self._calls: list[Run] = []
        self.added: list[slice] = []
        placed = {f"{key.node}.{key.name}" for key in program.placed}
        for piece, at in layout.overlap(part):
            place = slice(part.start + at.start, part.start + at.stop)
            if call := own.get(piece.name):
                self._calls.append(_bound(call, piece, place, gradient, whole))
            elif piece.name in placed:
                continue
            elif self.added and self.added[-1].stop == place.start:
                self.added[-1] = slice(self.added[-1].start, place.stop)
            else:
                self.added.append(place)

    def compute(self) -> None:
        """Compute what is not added up; all workers must have done their calls."""
        for call in self._calls:
            call()


def _bound(call: Call, piece: Piece, place: slice, gradient: Array, whole: Mapping[Key, Array]) -> Run:
    values = (whole[key] for key in call.named())
    return ready(call.function, *values, slice(place.start - piece.start, place.stop - piece.start), gradient[place])
