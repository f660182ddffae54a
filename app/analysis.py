"""What a project's graph means: shapes, problems and parameter counts, found once for each change and shared by all views."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import prod

from engine.arrays import Shape, describe
from engine.composite import Composite, flatten
from engine.graph import Graph, NodeId, Port
from engine.hints import find_hints
from engine.infer import Inference, infer
from engine.layer import Layer
from engine.normalised import with_parts
from engine.problems import Problem


@dataclass(frozen=True)
class Analysis:
    """`extra` are problems that the graph alone does not show, such as columns that the data lacks."""

    graph: Graph = field(default_factory=Graph)
    inference: Inference = field(default_factory=Inference)
    extra: tuple[Problem, ...] = ()

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """All problems: of the graph, then those of the data."""
        return self.inference.problems + self.extra

    @cached_property
    def hints(self) -> tuple[Problem, ...]:
        """What stops nobody, but should be known."""
        return find_hints(self.graph)

    @cached_property
    def hinted(self) -> Mapping[NodeId, tuple[Problem, ...]]:
        """The hints of each box that has any."""
        return _by_box(self.hints)

    @cached_property
    def at(self) -> Mapping[NodeId, tuple[Problem, ...]]:
        """The problems of each box that has any."""
        return _by_box(self.problems)

    def shape(self, port: Port) -> Shape | None:
        """Return the shape of one sample at an output port, where it is known."""
        return self.inference.shapes.get(port)

    def shape_text(self, port: Port) -> str:
        """Return the shape at an output port as a person reads it; "?" where it is not known."""
        shape = self.shape(port)
        return "?" if shape is None else describe(shape)

    def inputs(self, node: NodeId) -> tuple[Shape, ...] | None:
        """Return the shapes at all ports of a box, or None where one is not known."""
        sources = self.graph.sources(node)
        shapes = tuple(self.inference.shapes.get(source, None) for source in sources.values())
        known = tuple(shape for shape in shapes if shape is not None)
        return known if len(known) == len(self.graph.nodes[node].ports()) else None

    def parameters(self, node: NodeId) -> int | None:
        """Return how many trained numbers a box has, or None where its shapes are not known."""
        inputs = self.inputs(node)
        if inputs is None or node in self._wrong:
            return None
        try:
            return count_parameters(self.graph.nodes[node], inputs)
        except TypeError:  # a value of a wrong type, such as a list, has no hash
            return None

    @cached_property
    def _wrong(self) -> frozenset[NodeId]:
        return frozenset(p.node for p in self.inference.problems if p.node is not None)

    @cached_property
    def total(self) -> int | None:
        """How many trained numbers the network has, shared ones once; None while a box does not know its shapes."""
        counts = [self.parameters(node) for node, layer in self.graph.nodes.items() if not layer.learning.shares]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None


def _by_box(problems: Iterable[Problem]) -> dict[NodeId, tuple[Problem, ...]]:
    found: dict[NodeId, tuple[Problem, ...]] = {}
    for problem in problems:
        if problem.node is not None:
            found[problem.node] = (*found.get(problem.node, ()), problem)
    return found


def touched(before: Analysis, after: Analysis) -> set[NodeId]:
    """Return the boxes of `after` of which anything is different: layer, wires, shapes at its ports, problems."""
    old, new = before.graph, after.graph
    found = {node for node, layer in new.nodes.items() if old.nodes.get(node) is not layer}
    for end, start in old.wires.items() ^ new.wires.items():
        found |= {end.node, start.node}
    was, now = before.inference.shapes, after.inference.shapes
    for port in {port for port, _ in was.items() ^ now.items()}:
        found |= {port.node, *(end.node for end in new.readers.get(port, ()))}
    for was_at, now_at in ((before.at, after.at), (before.hinted, after.hinted)):
        found |= {n for n in was_at.keys() | now_at.keys() if was_at.get(n) != now_at.get(n)}
    return found & new.nodes.keys()


def analyse(graph: Graph, extra: tuple[Problem, ...] = ()) -> Analysis:
    """Return what a graph means; never raises."""
    return Analysis(graph, infer(graph), extra)


@lru_cache(maxsize=8192)
def count_parameters(layer: Layer, inputs: tuple[Shape, ...]) -> int | None:
    """Return how many trained numbers a layer has behind inputs of these shapes; None where it cannot say."""
    try:
        if isinstance(layer, Composite):
            return _inside(layer, inputs)
        return sum(prod(weight.shape) for _, weight in with_parts(layer.own_weights(*inputs)) if weight.trained)
    except Exception:  # a fault in a layer must not take the window down
        return None


def _inside(layer: Composite, inputs: tuple[Shape, ...]) -> int:
    reader = Layer.registry["Input"]
    graph = Graph({f"in{i}": reader(size=shape) for i, shape in enumerate(inputs)})
    inner = flatten(graph.add("box", layer, *graph.nodes))
    inference = infer(inner)
    counts = (count_parameters(inner.nodes[node], inference.inputs(inner, node)) for node in inner.nodes)
    return sum(count or 0 for count in counts)
