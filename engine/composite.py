"""Layers that are best said as a graph: they expand, and need no forward, backward or export of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from engine.arrays import Shape
from engine.graph import Graph, NodeId, Port
from engine.infer import Found, apply, infer
from engine.layer import Layer, ShapeError, needs
from engine.learning import USUAL, Learning


@dataclass(frozen=True)
class Wire:
    """A value inside a composite that is being written: where it comes from and its shape."""

    source: Port
    shape: Shape


class Wiring:
    """A graph that grows box by box, each one's shape known at once."""

    def __init__(self) -> None:
        self.graph = Graph()
        self.inputs: dict[NodeId, tuple[Shape, ...]] = {}

    def add(self, name: str, layer: Layer, *inputs: Wire) -> Wire:
        """Add a box behind `inputs` and return its output; raise ShapeError where they do not fit."""
        self.inputs[name] = tuple(wire.shape for wire in inputs)
        shape = layer.shape(*self.inputs[name])
        self.graph = self.graph.add(name, layer, *(wire.source for wire in inputs))
        return Wire(Port(name), shape)


class Composite(Layer, abstract=True):
    """A layer made of other layers. Its input ports are the parameters of `expand` after the first."""

    def expand(self, *args: Any, **kwargs: Any) -> Wire:
        """Write the inner graph into the `Wiring` given first, from the wires at the ports; return the one that leaves."""
        raise NotImplementedError

    def ports(self) -> tuple[str, ...]:
        return needs(type(self), "expand")[1:]

    @classmethod
    def has_weights(cls) -> bool:
        return True

    def shape(self, *inputs: Shape) -> Shape:
        return _expanded(self, inputs)[1].shape

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        if not any(masks):
            return None
        wiring, leaving = _expanded(self, inputs)
        graph = wiring.graph
        ends = [Port("", port) for port in self.ports()]
        found = Found(dict(zip(ends, inputs, strict=True)), {e: m for e, m in zip(ends, masks, strict=True) if m})
        try:
            for node in graph.order:
                apply(graph.nodes[node], node, graph.sources(node).values(), found)
        except ShapeError as error:
            port = next(port for port, mask in zip(self.ports(), masks, strict=True) if mask)
            raise ShapeError(str(error), *error.fixes, port=port) from None
        mask = found.masks.get(leaving.source)
        return f"{own}/{mask}" if mask in graph.nodes else mask

    def weight_shapes(self, *inputs: Shape) -> dict[str, Shape]:
        wiring, _ = _expanded(self, inputs)
        inner = wiring.graph.nodes.items()
        return {
            f"{node}/{name}": shape
            for node, box in inner
            for name, shape in box.weight_shapes(*wiring.inputs[node]).items()
        }


@lru_cache(maxsize=1024)
def _expanded(layer: Composite, inputs: tuple[Shape, ...]) -> tuple[Wiring, Wire]:
    """Return the inner boxes and the wire that leaves them; wires from outside start at the box named ""."""
    wiring = Wiring()
    ends = (Wire(Port("", port), shape) for port, shape in zip(layer.ports(), inputs, strict=True))
    leaving = layer.expand(wiring, *ends)
    return wiring, leaving


def flatten(graph: Graph) -> Graph:
    """Return the graph with every composite replaced by what it is made of; inner boxes are named `box/inner`.

    The graph must be free of problems.
    """
    while composites := [n for n, layer in graph.nodes.items() if isinstance(layer, Composite)]:
        inference = infer(graph)
        inputs = {
            node: inference.inputs(graph, node) for node in composites
        }  # before any box that feeds one is replaced
        for node in composites:
            graph = _replace(graph, node, inputs[node])
    return graph


def _replace(graph: Graph, node: NodeId, inputs: tuple[Shape, ...]) -> Graph:
    layer, sources = graph.nodes[node], graph.sources(node)
    assert isinstance(layer, Composite)
    wiring, leaving = _expanded(layer, inputs)
    inner = wiring.graph

    def outside(port: Port) -> Port:
        return Port(f"{node}/{port.node}", port.name) if port.node else sources[port.name]

    readers = graph.readers.get(Port(node), ())
    nodes = {n: box for n, box in graph.nodes.items() if n != node} | {
        f"{node}/{n}": _as_said(layer.learning, n, box) for n, box in inner.nodes.items()
    }
    wires = {end: start for end, start in graph.wires.items() if end.node != node}
    wires |= {Port(f"{node}/{end.node}", end.name): outside(start) for end, start in inner.wires.items()}
    wires |= dict.fromkeys(readers, outside(leaving.source))
    return Graph(nodes, wires)


def _as_said(learning: Learning, node: NodeId, layer: Layer) -> Layer:
    """Return a box of a composite whose weights learn as the composite's are to."""
    if learning == USUAL or not layer.has_weights():
        return layer
    return layer.with_(learning=learning.with_(shares=learning.shares and f"{learning.shares}/{node}"))
