"""What outlives a step: parameters, running statistics and optimizer state, each in one flat vector."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from math import prod
from typing import Any
from zlib import crc32

import numpy as np

from engine.arrays import Array, Arrays
from engine.composite import flatten
from engine.graph import Graph, weight_name
from engine.infer import infer
from engine.layer import Weight, needs
from engine.optimizer import Optimizer, Update


class State:
    """The arrays that a network learns. `parameters` and `gradients` are views into flat vectors, by name.

    Names are `box.weight`, as in a PyTorch state dict; `parameters` also holds the running statistics, which no optimizer
    touches. `step` counts the updates so far, `rng` feeds layers that draw random numbers. `vectors`, as many and as long as
    `sizes` says, are where the flat vectors are to lie. Without a `seed` they are taken as they are.
    """

    def __init__(
        self,
        declared: Mapping[str, Weight],
        optimizer: Optimizer | None,
        seed: int | None,
        dtype: Any,
        vectors: Mapping[str, Array] | None = None,
    ) -> None:
        held = vectors or {name: np.zeros(size, dtype) for name, size in sizes(declared, optimizer).items()}
        self.vector, self.gradient, self.statistics = held["vector"], held["gradient"], held["statistics"]
        trained, fixed = ({n: w for n, w in declared.items() if w.trained is wanted} for wanted in (True, False))
        views = _views(self.vector, trained) | _views(self.statistics, fixed)
        self.parameters: Arrays = {name: views[name] for name in declared}
        self.gradients = _views(self.gradient, trained)
        self.step = 0
        self.rng = np.random.default_rng(seed)
        self.optimizer = optimizer
        self.slots = {name: held[f"slot/{name}"] for name in (optimizer.slots if optimizer else ())}
        for name, weight in declared.items() if seed is not None else ():
            self.parameters[name][...] = draw(name, weight, seed)  # type: ignore[arg-type]

    def update(self, rate: float) -> None:
        """Let the optimizer move the parameters once."""
        self.step += 1
        self._update(rate, self.step)

    @cached_property
    def _update(self) -> Update:
        return self.updater(slice(None), self.gradient)

    def updater(self, part: slice, gradient: Array) -> Update:
        """Return what updates a part of the flat vectors by that of `gradient`, given the rate and the step's number."""
        if self.optimizer is None:
            raise RuntimeError("This plan was compiled without an optimizer.")
        held = {"parameter": self.vector[part], "grad": gradient[part]}
        held |= {name: vector[part] for name, vector in self.slots.items()}
        held |= {name: np.zeros_like(held["parameter"]) for name in self.optimizer.scratch}
        names = needs(type(self.optimizer), "update")
        return self.optimizer.prepare(**{name: held[name] for name in names if name in held})

    def arrays(self) -> Arrays:
        """Return copies of all parameters by name, and of the optimizer's flat vectors as `optimizer/slot`."""
        slots = {f"optimizer/{name}": vector for name, vector in self.slots.items()}
        return {name: np.array(array, order="C") for name, array in (self.parameters | slots).items()}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Take over what `arrays` returned. Raises KeyError or ValueError where names or shapes differ."""
        for name, array in self.parameters.items():
            np.copyto(array, arrays[name])
        for name, vector in self.slots.items():
            np.copyto(vector, arrays[f"optimizer/{name}"])


def declared_weights(graph: Graph) -> dict[str, Weight]:
    """Return the weights of every box of a graph without composites, by `box.weight`."""
    inference = infer(graph)
    return {
        weight_name(node, name): weight
        for node in graph.order
        for name, weight in graph.nodes[node].weights(*inference.inputs(graph, node)).items()
    }


def draw_parameters(graph: Graph, seed: int) -> Arrays:
    """Return the first values of all weights of a graph that is free of problems, float32, by `box.weight`."""
    declared = declared_weights(flatten(graph))
    return {name: draw(name, weight, seed).astype(np.float32) for name, weight in declared.items()}


def draw(name: str, weight: Weight, seed: int) -> Array:
    """Return a weight's first values. They depend on its name, not on which other boxes there are."""
    if weight.initializer is None:
        return np.full(weight.shape, weight.fill)
    rng = np.random.default_rng([seed, crc32(name.encode())])
    drawn: Array = weight.initializer.draw(rng, weight.shape, weight.fan_in, weight.fan_out)
    return drawn


def sizes(declared: Mapping[str, Weight], optimizer: Optimizer | None) -> dict[str, int]:
    """Return how many values each flat vector of a `State` has."""
    trained = sum(prod(weight.shape) for weight in declared.values() if weight.trained)
    fixed = sum(prod(weight.shape) for weight in declared.values() if not weight.trained)
    slots = {f"slot/{name}": trained for name in (optimizer.slots if optimizer else ())}
    return {"vector": trained, "gradient": trained, "statistics": fixed, **slots}


def _views(vector: Array, weights: Mapping[str, Weight]) -> Arrays:
    """Return a view into a flat vector for each weight."""
    views, start = {}, 0
    for name, weight in weights.items():
        end = start + prod(weight.shape)
        views[name] = _view(vector[start:end], weight)
        start = end
    return views


def _view(part: Array, weight: Weight) -> Array:
    order = weight.memory or tuple(range(len(weight.shape)))
    stored = part.reshape([weight.shape[axis] for axis in order])
    return stored.transpose(np.argsort(order)) if order else stored
