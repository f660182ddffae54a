"""Graphs drawn at random from all layers: chains, branches, shortcuts, joins and composites, at most DEPTH boxes deep."""

from __future__ import annotations

from itertools import product

import numpy as np

from engine.arrays import Shape
from engine.composite import flatten
from engine.graph import Graph, Port
from engine.infer import infer
from engine.layer import Layer, ShapeError, needs
from engine.layers.add import Add
from engine.layers.cast import Cast
from engine.layers.concatenate import Concatenate
from engine.layers.identity import Identity
from engine.layers.input import Input
from engine.layers.output import Output
from tests.engine.networks import Weighted, cases, is_total, is_whole

DEPTH = 12
LAYERS = [
    example.layer for _, example in cases() if not example.integers and (not is_whole(example) or is_total(example))
]
STARTS = sorted({shape for _, example in cases() for shape in example.inputs if not example.integers})


class Drawing:
    """A graph that grows; each port has a shape and a depth, the boxes on the longest way to it."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.graph = rng, Graph()
        self.shapes: dict[Port, Shape] = {}
        self.depth: dict[Port, int] = {}
        for number, index in enumerate(rng.permutation(len(STARTS))[:2]):
            self._add(f"in{number}", Input(size=STARTS[index]), ())

    def _add(self, name: str, layer: Layer, sources: tuple[Port, ...]) -> None:
        self.graph = self.graph.add(name, layer, *sources)
        deep = max((self.depth[port] for port in sources), default=-1) + 1
        shapes = infer(self.graph).shapes
        for output in layer.outputs:
            self.shapes[Port(name, output)], self.depth[Port(name, output)] = shapes[Port(name, output)], deep

    def grow(self, name: str) -> None:
        """Add a box of any kind behind ports that suit it, where there are any; the latest ports are the likeliest."""
        layer = LAYERS[self.rng.integers(len(LAYERS))]
        if layer.mixes and any(other.mixes for other in self.graph.nodes.values()):
            return  # samples can be mixed only once
        if len(layer.ports()) <= 3 and (chosen := self._suitable(layer)):
            self._add(name, layer, chosen)

    def shortcut(self, name: str) -> None:
        """Join two ports of equal shape, or of equal size but for one axis, however far apart they are."""
        layer = Add() if self.rng.random() < 0.5 else Concatenate()
        if chosen := self._suitable(layer, apart=True):
            self._add(name, layer, chosen)

    def _suitable(self, layer: Layer, apart: bool = False) -> tuple[Port, ...] | None:
        open_ports = [port for port, deep in self.depth.items() if deep < DEPTH]
        weights = np.arange(1, len(open_ports) + 1) ** 3.0
        count = min(8, len(open_ports))
        order = self.rng.choice(len(open_ports), count, replace=False, p=weights / weights.sum())
        for chosen in product([open_ports[i] for i in order], repeat=len(layer.ports())):
            if apart and len(set(chosen)) < len(chosen):
                continue
            try:
                layer.shape(*(self.shapes[port] for port in chosen))
            except ShapeError:
                continue
            return chosen
        return None


def draw(seed: int) -> Graph:
    """Return a graph of up to 26 boxes; all that is unread goes to an Output."""
    rng = np.random.default_rng(seed)
    drawing = Drawing(rng)
    for number in range(rng.integers(6, 27)):
        (drawing.shortcut if rng.random() < 0.2 else drawing.grow)(f"box{number}")
    while not drawing.graph.wires:  # nothing suited so far
        drawing.grow("box")
    return _finished(drawing.graph)


def _finished(graph: Graph) -> Graph:
    for node, layer in list(graph.nodes.items()):
        for name in layer.outputs:
            if Port(node, name) not in graph.readers:
                graph = graph.add(f"out_{node}_{name}", Output(loss=Weighted()), Port(node, name))
    return graph


def steady(graph: Graph) -> Graph:
    """Return a graph without composites, without chance and with nothing that PyTorch lacks: those hand values on.

    So does a Cast, which makes of the last bit, in which two programs differ, a whole yes or no.
    """
    flat = flatten(graph)
    inference = infer(flat)

    def stands(node: str, layer: Layer) -> bool:
        if isinstance(layer, Input | Output):
            return True
        if isinstance(layer, Cast):
            return False
        return "rng" not in needs(type(layer), "forward") and bool(layer.torch(*inference.inputs(flat, node)))

    sure = {
        node: layer.with_(dropout=0.0) if hasattr(layer, "dropout") else layer for node, layer in flat.nodes.items()
    }
    return Graph({node: layer if stands(node, layer) else Identity() for node, layer in sure.items()}, flat.wires)


def depth(graph: Graph) -> int:
    """Return how many boxes lie on the longest way through a graph, Inputs and Outputs not counted."""
    deep: dict[str, int] = {}
    for node in graph.order:
        before = max((deep[source.node] for source in graph.sources(node).values()), default=-1)
        deep[node] = before + (not isinstance(graph.nodes[node], Output))
    return max(deep.values())
