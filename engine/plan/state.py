"""What outlives a step: parameters, running statistics and optimizer state, each in one flat vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any
from zlib import crc32

import numpy as np

from engine.arrays import Array, Arrays, aligned
from engine.composite import flatten
from engine.graph import Graph
from engine.infer import infer
from engine.layer import Weight
from engine.normalised import rule_of, with_parts
from engine.plan import layout
from engine.plan.program import Key
from engine.plan.stepping import Stepping
from engine.plan.update import Move, mover, penalties
from engine.sharing import weight_of, weights


class State:
    """The arrays that a network learns. `parameters` and `gradients` are views into flat vectors, by name.

    Names are `box.weight`, as in a PyTorch state dict; `parameters` also holds what is frozen and the running statistics,
    which no optimizer touches. `step` counts the updates so far, `rng` feeds layers that draw random numbers. `vectors`, as
    many and as long as `sizes` says, are where the flat vectors are to lie. Without a `seed` they are taken as they are.
    """

    def __init__(
        self,
        declared: Mapping[str, Weight],
        stepping: Stepping,
        seed: int | None,
        dtype: Any,
        vectors: Mapping[str, Array] | None = None,
    ) -> None:
        held = vectors or {name: aligned(size, dtype) for name, size in sizes(declared, stepping).items()}
        self.vector, self.gradient, self.statistics = held["vector"], held["gradient"], held["statistics"]
        self.declared, self.stepping, self._held = declared, stepping, held
        self.layout = layout.learning(declared)
        views = self.layout.views(self.vector) | layout.statistics(declared).views(self.statistics)
        views |= layout.frozen(declared).views(held["frozen"])
        self.parameters: Arrays = {name: views[name] for name in declared}
        self.gradients = self.layout.views(self.gradient)
        self.step = 0
        self.rng = np.random.default_rng(seed)
        self.slots = {name: held[f"slot/{name}"] for name in stepping.slots}
        for name, array in draw(declared, seed) if seed is not None else ():
            self.parameters[name][...] = array
        for name in stepping.weights if seed is not None else ():
            np.copyto(self.slots[name], self.vector)

    @cached_property
    def answering(self) -> State:
        """The state with the weights that answer in place of the parameters; it shares all that these weights do not change."""
        if not self.stepping.answers:
            return self
        held = {**self._held, "vector": self.slots[self.stepping.answers]}
        return State(self.declared, Stepping(), None, self.vector.dtype, held)

    def penalise(self) -> None:
        """Add the gradient of L1 and L2 to the gradient."""
        if self._penalties:
            self._penalties()

    def update(self, rate: float, squared: float = 0.0) -> None:
        """Let the optimizer move the parameters once; `squared` is the squared length of the gradient."""
        self.step += 1
        self._move(rate, self.step, squared)

    @cached_property
    def _penalties(self) -> Callable[[], None] | None:
        return self.penalties(slice(None), self.gradient)

    @cached_property
    def _move(self) -> Move:
        return self.mover(slice(None), self.gradient)

    def penalties(self, part: slice, gradient: Array) -> Callable[[], None] | None:
        """Return what adds the gradient of L1 and L2 to a part of `gradient`; None where there is nothing to add."""
        return penalties(self.layout, part, self.vector, gradient)

    def mover(self, part: slice, gradient: Array) -> Move:
        """Return what moves a part of the flat vectors by that of `gradient`; see `engine.plan.update`."""
        return mover(self.layout, self.stepping, part, self.vector, gradient, self.slots)

    def part(self, part: slice) -> slice:
        """Return the part of the flat vectors that one of several may update by itself, near `part`."""
        optimizer = self.stepping.optimizer
        whole = bool(optimizer and optimizer.whole) or any(p.weight.learning.max_norm for p in self.layout.pieces)
        return self.layout.whole(part) if whole else part

    def array(self, key: Key) -> Array:
        """Return a weight or the gradient of one."""
        owner = self.gradients if key.kind == "grad_weight" else self.parameters
        return owner[f"{key.node}.{key.name}"]

    def arrays(self) -> Arrays:
        """Return copies of all parameters by name, and of the flat vectors kept with them as `optimizer/slot`."""
        slots = {f"optimizer/{name}": vector for name, vector in self.slots.items()}
        return {name: np.array(array, order="C") for name, array in (self.parameters | slots).items()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Take over what `arrays` returned. Raises KeyError or ValueError where names or shapes differ."""
        for name, array in self.parameters.items():
            np.copyto(array, arrays[name])
        for name, vector in self.slots.items():
            np.copyto(vector, arrays[f"optimizer/{name}"])


def declared_weights(graph: Graph) -> dict[str, Weight]:
    """Return what is kept of the weights of every box of a graph without composites, by `box.weight`; shared ones once."""
    inference = infer(graph)
    return {
        ".".join(weight_of(graph, node, name)): weight
        for node in graph.order
        if not graph.nodes[node].learning.shares
        for name, weight in with_parts(weights(graph, node, inference.inputs(graph, node)))
    }


def draw_parameters(graph: Graph, seed: int) -> Arrays:
    """Return the first values of all weights of a graph that is free of problems, float32, by `box.weight`."""
    declared = declared_weights(flatten(graph))
    drawn = {name: array.astype(np.float32) for name, array in draw(declared, seed)}
    return {name: drawn[name] for name in declared}


def draw(declared: Mapping[str, Weight], seed: int) -> Iterator[tuple[str, Array]]:
    """Yield the first values of all weights. Those of each depend on its name, not on which other boxes there are.

    What else is kept of a normalised weight comes right behind it.
    """
    given: set[str] = set()
    for name, weight in declared.items():
        if name in given:
            continue
        yield name, (first := _draw(name, weight, seed))
        if rule := rule_of(weight):
            parts = rule.start(first, np.random.default_rng([seed, crc32(name.encode()), 1]))
            yield from ((f"{name}_{part}", array) for part, array in parts.items())
            given |= {f"{name}_{part}" for part in parts}


def _draw(name: str, weight: Weight, seed: int) -> Array:
    if weight.initializer is None:
        return np.full(weight.shape, weight.fill)
    rng = np.random.default_rng([seed, crc32(name.encode())])
    drawn: Array = weight.initializer.draw(rng, weight.shape, weight.fan_in, weight.fan_out)
    return drawn


def sizes(declared: Mapping[str, Weight], stepping: Stepping) -> dict[str, int]:
    """Return how many values each flat vector of a `State` has."""
    trained = layout.learning(declared).size
    fixed = {"statistics": layout.statistics(declared).size, "frozen": layout.frozen(declared).size}
    return {"vector": trained, "gradient": trained, **fixed, **{f"slot/{name}": trained for name in stepping.slots}}
