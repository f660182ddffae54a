"""Run a network forward only: answers for any number of samples, or every value inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Any

import numpy as np

from engine.arrays import Array, Arrays, Shape
from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layers.input import Input, PaddedInput
from engine.layers.output import Output
from engine.lowering import lowered
from engine.plan.answering import Folded, answering
from engine.plan.bind import bind
from engine.plan.checked import checked
from engine.plan.passes import passed
from engine.plan.program import Key
from engine.plan.state import State, declared_weights
from engine.plan.stepping import Stepping
from engine.plan.write import Options, write

MOST = 256  # samples that are answered at a time
FEW = 16  # samples with which most of a layer's own work is paid off
CACHED = (
    1 << 21
)  # bytes of the largest value of more samples than that: what one box writes the next finds in the cache
ROOM = 1 << 26  # bytes of the largest value of all of them


class Predictor:
    """A graph with parameters, ready to answer.

    `parameters` are arrays by name, which are copied, or the `State` of a plan in training, which is shared: then answers
    follow what it learns. With `keep_values` every box can be looked at, also those that no Output sees.
    """

    def __init__(
        self,
        graph: Graph,
        parameters: Mapping[str, Array] | State,
        *,
        batch: int = 64,
        dtype: Any = np.float32,
        keep_values: bool = False,
    ) -> None:
        flat, self.batch = checked(graph), batch
        state = parameters if isinstance(parameters, State) else _copied(flat, parameters, dtype)
        self.graph, folded = lowered(flat), dict[NodeId, Folded]()
        if not keep_values:
            graph, folded = answering(self.graph)
            self.graph = passed(graph)
        dtype = state.vector.dtype.name
        options = Options(batch, dtype, training=False, keep_values=keep_values, rng=state.rng, folded=folded)
        self._bound = bind(write(self.graph, infer(self.graph), options), state)
        outputs = [node for node, layer in self.graph.nodes.items() if isinstance(layer, Output)]
        self._ends = {node: Key("value", *self.graph.sources(node)["x"]) for node in outputs}

    def answers(self, inputs: Mapping[NodeId, Array]) -> dict[NodeId, Array]:
        """Return each Output's answer (N, ...) for inputs (N, ...): probabilities or values."""
        raw = self.outputs(inputs)
        return {node: self.graph.nodes[node].loss.answer(x) for node, x in raw.items()}  # type: ignore[attr-defined]

    def outputs(self, inputs: Mapping[NodeId, Array]) -> dict[NodeId, Array]:
        """Return what reaches each Output (N, ...), before `loss.answer`."""
        return self._run(inputs, self._ends)

    def values(self, inputs: Mapping[NodeId, Array]) -> dict[Port, Array]:
        """Return the value at each output port of each box (N, ...); the predictor must keep values."""
        keys = {Port(k.node, k.name): k for k in self._bound.arrays if k.kind == "value"}
        return self._run(inputs, keys)

    def shapes(self) -> dict[NodeId, Shape]:
        """Return the shape of one sample for each Input that is read, and of what reaches each Output."""
        arrays = self._bound.arrays
        inputs = {node: Key("value", node, "y") for node, layer in self.graph.nodes.items() if isinstance(layer, Input)}
        return {node: arrays[key].shape[1:] for node, key in (inputs | self._ends).items() if key in arrays}

    def _run(self, inputs: Mapping[NodeId, Array], wanted: Mapping[Any, Key]) -> dict[Any, Array]:
        count = min(len(array) for array in inputs.values())
        values = {name: self._bound.arrays[key] for name, key in wanted.items()}
        found = {name: np.empty((count, *value.shape[1:]), value.dtype) for name, value in values.items()}
        self._bound.prepare()
        for start, run in self._chunks(inputs, count):
            run()
            part = slice(start, min(start + self.batch, count))
            for name, value in values.items():
                found[name][part] = value[: part.stop - start]
        return found

    def _chunks(self, inputs: Mapping[NodeId, Array], count: int) -> Iterator[tuple[int, Callable[[], None]]]:
        """Yield each chunk's first row, with its samples in place; the last one is filled up with zeros."""
        feeds: Arrays = {
            node: self._bound.arrays[Key("value", node, "y")]
            for node, layer in self.graph.nodes.items()
            if isinstance(layer, Input) and Key("value", node, "y") in self._bound.arrays
        }
        for start in range(0, count, self.batch):
            for node, array in feeds.items():
                rows = inputs[node][start : start + self.batch]
                np.copyto(array[: len(rows)], rows, casting="same_kind")
                array[len(rows) :] = 0
                layer = self.graph.nodes[node]
                if isinstance(layer, PaddedInput):
                    layer.load(array, self._bound.arrays[Key("value", node, "mask")])
            yield start, self._bound.run


def batch_for(graph: Graph) -> int:
    """Return how many samples to answer at a time: as many as the cache holds values of."""
    largest = 4 * max((prod(shape) for shape in infer(checked(graph)).shapes.values()), default=1) or 1
    return max(1, min(MOST, ROOM // largest, max(FEW, CACHED // largest)))


def _copied(graph: Graph, parameters: Mapping[str, Array], dtype: Any) -> State:
    state = State(declared_weights(graph), Stepping(), None, dtype)
    state.restore(parameters)
    return state
