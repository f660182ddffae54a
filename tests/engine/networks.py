"""Small networks around one layer, and the means to look at what it computes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import Array, Arrays
from engine.catalog import FAMILIES
from engine.composite import Composite, flatten
from engine.graph import Graph, Port
from engine.layer import Example, Layer, Workers, needs
from engine.layers.input import Input
from engine.layers.output import Output
from engine.loss import Loss
from engine.lowering import lowered
from engine.plan.compile import compile
from engine.plan.plan import Plan
from engine.spec import Spec


class Weighted(Loss, abstract=True):
    """The sum of x * target: its gradient is the target, whatever the layer before it does."""

    def forward(self, x: Array, target: Array, losses: Array) -> None:
        losses[...] = (x * target).reshape(len(x), -1).sum(axis=1)

    def backward(self, target: Array, scale: float, grad_x: Array) -> None:
        np.multiply(target, scale, out=grad_x)


def every_kind() -> list[tuple[str, type[Spec]]]:
    """Return all members of all families, each with a name for its tests."""
    return [(f"{family}-{name}", kind) for family, base in FAMILIES.items() for name, kind in base.registry.items()]


def computes(kind: type[Layer]) -> bool:
    return kind.forward is not Layer.forward or issubclass(kind, Composite)


def cases() -> list[tuple[str, Example]]:
    """Return every example of every layer that computes something."""
    kinds = sorted(Layer.registry.items())
    return [(f"{name}-{i}", e) for name, kind in kinds if computes(kind) for i, e in enumerate(kind.examples())]


def network(example: Example) -> Graph:
    """Return a graph with the example's layer as `box`, an Input for each port and an Output for each output."""
    layer = example.layer
    graph = Graph()
    for port, shape in zip(layer.ports(), example.inputs, strict=True):
        graph = graph.add(f"in_{port}", Input(size=shape))
    graph = graph.add("box", layer, *(f"in_{port}" for port in layer.ports()))
    for name in layer.outputs:
        graph = graph.add(f"out_{name}", Output(loss=Weighted()), Port("box", name))
    return graph


@dataclass
class Feed:
    """Values for a network's inputs and the weights of its outputs."""

    inputs: Arrays
    targets: Arrays


def feed(plan: Plan, rng: np.random.Generator, integers: int = 0) -> Feed:
    """Draw values for everything that a plan is loaded with, and load them."""

    def draw(array: Array) -> Array:
        return rng.integers(0, integers, array.shape).astype(float) if integers else rng.normal(size=array.shape)

    drawn = Feed(
        {node: draw(array) for node, array in plan.inputs.items()},
        {node: rng.normal(size=array.shape) for node, array in plan.targets.items()},
    )
    plan.load(drawn.inputs, drawn.targets)
    return drawn


def scatter(plan: Plan, rng: np.random.Generator) -> None:
    """Give every weight a value of its own: none may hide behind a start at 0 or 1."""
    for name, array in plan.parameters.items():
        array[...] = (
            rng.normal(scale=0.5, size=array.shape) if name in plan.gradients else rng.uniform(0.5, 2, array.shape)
        )


def ready(example: Example, batch: int, seed: int = 0, **options: Any) -> tuple[Plan, Feed]:
    """Compile an example's network in float64, scatter its weights and load it."""
    options = {"dtype": np.float64, "input_gradients": not example.integers} | options
    plan = compile(network(example), batch, **options)
    rng = np.random.default_rng(seed)
    scatter(plan, rng)
    return plan, feed(plan, rng, example.integers)


def run(plan: Plan) -> float:
    """Do forward and backward, always with the same random numbers."""
    plan.state.rng.bit_generator.state = np.random.default_rng(5).bit_generator.state
    kept = plan.state.statistics.copy()
    loss = plan.run()
    plan.state.statistics[...] = kept
    return loss


def all_gradients(plan: Plan, integers: int = 0) -> Arrays:
    """Return the gradient of every trained weight and, where inputs are not whole numbers, of every input."""
    inputs = {} if integers else plan.input_gradients()
    return {name: np.array(array) for name, array in (plan.gradients | inputs).items()}


def is_whole(example: Example) -> bool:
    """Tell whether the layer itself computes; the others say of what boxes they are made."""
    return not isinstance(example.layer, Composite) and not example.layer.lowers(*example.inputs)


def is_random(example: Example) -> bool:
    """Tell whether the layer, or one that it is made of, draws random numbers while training."""
    return any("rng" in needs(type(layer), "forward") for layer in lowered(flatten(network(example))).nodes.values())


def is_total(example: Example) -> bool:
    """Tell whether the layer has an answer for zeros: one that has not may meet them in a network drawn at random."""
    alone = Alone(example, 1)
    with np.errstate(all="ignore"):
        found = alone.run({port: np.zeros_like(array) for port, array in alone.inputs.items()}, alone.grads)
    return all(np.isfinite(array).all() for array in found.values())


def layouts(array: Array) -> Iterator[tuple[str, Array]]:
    """Yield the same values in other orders of memory."""
    last = np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1) if array.ndim > 2 else array
    yield "channels last", last
    yield "Fortran order", np.asfortranarray(array)
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    yield "every second", wide[..., ::2]
    yield "backwards", np.ascontiguousarray(array[::-1])[::-1]


class Alone:
    """One layer by itself, called as a plan calls it, with arrays that we choose; `like` makes those that it fills."""

    def __init__(self, example: Example, batch: int, like: Callable[[tuple[int, ...]], Array] | None = None) -> None:
        self._like = like or self._like_plan
        self.layer, rng = example.layer, np.random.default_rng(2)
        shapes, layer = example.inputs, example.layer
        self.inputs = {
            p: self._draw(rng, (batch, *s), example.integers) for p, s in zip(layer.ports(), shapes, strict=True)
        }
        outs = layer.shape(*shapes) if len(layer.outputs) > 1 else (layer.shape(*shapes),)
        self.outs = {name: (batch, *shape) for name, shape in zip(layer.outputs, outs, strict=True)}
        self.grads = {name: rng.normal(size=shape) for name, shape in self.outs.items()}
        self.weights = {name: self._weight(rng, weight) for name, weight in layer.weights(*shapes).items()}
        self.integers, self.shapes, self.batch = example.integers, shapes, batch

    @staticmethod
    def _draw(rng: np.random.Generator, shape: tuple[int, ...], integers: int) -> Array:
        return rng.integers(0, integers, shape).astype(float) if integers else rng.normal(size=shape)

    @staticmethod
    def _weight(rng: np.random.Generator, weight: Any) -> Array:
        values = rng.normal(scale=0.5, size=weight.shape) if weight.trained else rng.uniform(0.5, 2, weight.shape)
        order = weight.memory or tuple(range(len(weight.shape)))
        return np.ascontiguousarray(values.transpose(order)).transpose(np.argsort(order)) if order else values

    def run(self, inputs: Mapping[str, Array], grads: Mapping[str, Array], unwanted: str = "") -> Arrays:
        """Call forward and backward; return all that they wrote. Nobody wants the gradient of the `unwanted` port."""
        weights = {name: array.copy(order="K") for name, array in self.weights.items()}
        given = dict(weights)
        for name, s in self.layer.scratch(*self.shapes).items():
            given[name] = np.zeros((self.batch, *s.shape) if s.batched else s.shape, s.dtype or np.float64)
        outs = {name: self._like(shape) for name, shape in self.outs.items()}
        wanted = {} if self.integers else {p: a for p, a in self.inputs.items() if p != unwanted}
        back = {f"grad_{p}": self._like(a.shape) for p, a in wanted.items()}
        back |= {f"grad_{name}": np.zeros_like(array) for name, array in weights.items()}
        given |= dict(inputs) | outs | back | {f"grad_{name}": array for name, array in grads.items()}
        given |= {"training": True, "rng": np.random.default_rng(3), "workers": Workers()}
        for method in ("forward", "backward"):
            names = needs(type(self.layer), method)
            getattr(self.layer, method)(*(a for name in names for a in self._argument(name, given)))
        return outs | back | {f"new {name}": array for name, array in weights.items()}

    def _argument(self, name: str, given: Mapping[str, Any]) -> tuple[Any, ...]:
        variadic = needs(type(self.layer), "shape")[:1]
        bare = name.lstrip("*").removeprefix("grad_")
        if variadic == (f"*{bare}",):
            prefix = "grad_" if "grad_" in name else ""
            many = tuple(given.get(prefix + port) for port in self.layer.ports())
            return many if name.startswith("*") else (many,)
        return (given.get(name),)

    @staticmethod
    def _like_plan(shape: tuple[int, ...]) -> Array:
        if len(shape) not in (4, 5):
            return np.full(shape, np.nan)
        n, c, *sides = shape
        return np.moveaxis(np.full((n, *sides, c), np.nan), -1, 1)
