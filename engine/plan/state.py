"""What outlives a step: parameters, running statistics and optimizer state, each in one flat vector."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import prod
from typing import Any
from zlib import crc32

import numpy as np

from engine.arrays import Array, Arrays
from engine.composite import flatten
from engine.graph import Graph
from engine.infer import infer
from engine.layer import Weight, needs
from engine.optimizer import Optimizer


class State:
    """The arrays that a network learns. `parameters` and `gradients` are views into flat vectors, by name.

    Names are `box.weight`, as in a PyTorch state dict; `parameters` also holds the running statistics, which no optimizer
    touches. `step` counts the updates so far, `rng` feeds layers that draw random numbers.
    """

    def __init__(self, declared: Mapping[str, Weight], optimizer: Optimizer | None, seed: int, dtype: Any) -> None:
        trained = {name: weight for name, weight in declared.items() if weight.trained}
        fixed = {name: weight for name, weight in declared.items() if not weight.trained}
        self.vector, learnt = _flat(trained, dtype)
        self.gradient, self.gradients = _flat(trained, dtype)
        self.statistics, kept = _flat(fixed, dtype)
        self.parameters: Arrays = {name: (learnt | kept)[name] for name in declared}
        self.step = 0
        self.rng = np.random.default_rng(seed)
        self.slots = {name: np.zeros_like(self.vector) for name in optimizer.slots} if optimizer else {}
        self._update = self._bind(optimizer) if optimizer else None
        for name, weight in declared.items():
            self.parameters[name][...] = draw(name, weight, seed)

    def _bind(self, optimizer: Optimizer) -> Any:
        """Return the optimizer's update with every vector in its place; the rate and the step are still open."""
        held = {"parameter": self.vector, "grad": self.gradient, **self.slots}
        held |= {name: np.zeros_like(self.vector) for name in optimizer.scratch}
        names = needs(type(optimizer), "update")
        self._asked = [name for name in ("rate", "step") if name in names]
        return partial(optimizer.update, **{name: held[name] for name in names if name in held})

    def update(self, rate: float) -> None:
        """Let the optimizer move the parameters once."""
        if self._update is None:
            raise RuntimeError("This plan was compiled without an optimizer.")
        self.step += 1
        now = {"rate": rate, "step": self.step}
        self._update(**{name: now[name] for name in self._asked})

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
        f"{node}.{name}": weight
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


def _flat(weights: Mapping[str, Weight], dtype: Any) -> tuple[Array, Arrays]:
    """Return one vector of zeros and a view into it for each weight."""
    vector = np.zeros(sum(prod(weight.shape) for weight in weights.values()), dtype)
    views, start = {}, 0
    for name, weight in weights.items():
        end = start + prod(weight.shape)
        views[name] = _view(vector[start:end], weight)
        start = end
    return vector, views


def _view(part: Array, weight: Weight) -> Array:
    order = weight.memory or tuple(range(len(weight.shape)))
    stored = part.reshape([weight.shape[axis] for axis in order])
    return stored.transpose(np.argsort(order)) if order else stored
