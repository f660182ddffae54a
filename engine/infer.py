"""Find every shape in a graph, and say in words what stands in the way of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError

from engine.arrays import Shape
from engine.graph import Graph, NodeId, Port
from engine.layer import ShapeError
from engine.problems import Change, Insert, Problem, Unwire, Wire


@dataclass(frozen=True)
class Inference:
    """What `infer` found: the shape of one sample at each output port that has one, and all problems."""

    shapes: Mapping[Port, Shape] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def inputs(self, graph: Graph, node: NodeId) -> tuple[Shape, ...]:
        """Return the shapes at the ports of a box; all must be known."""
        return tuple(self.shapes[source] for source in graph.sources(node).values())


def infer(graph: Graph) -> Inference:
    """Return the shapes and problems of a graph. Never raises, whatever the graph holds."""
    try:
        order = graph.order
    except CycleError as error:
        return Inference({}, (_circle(graph, error.args[1]),))
    shapes: dict[Port, Shape] = {}
    problems: list[Problem] = []
    for node in order:
        problems += _visit(graph, node, shapes)
    return Inference(shapes, tuple(problems))


def _circle(graph: Graph, circle: list[NodeId]) -> Problem:
    path = " → ".join(reversed(circle))
    port = next((p for p, s in graph.wires.items() if p.node == circle[0] and s.node in circle), None)
    return Problem(
        f"These wires go round in a circle: {path}.",
        "Values must flow from inputs to outputs.",
        node=circle[0],
        port=port.name if port else None,
        fixes=(Unwire("Remove the wire that closes it"),),
    )


def _visit(graph: Graph, node: NodeId, shapes: dict[Port, Shape]) -> list[Problem]:
    """Find the shapes of one box and add them to `shapes`; return its problems."""
    layer, sources = graph.nodes[node], graph.sources(node)
    problems = [Problem(text, node=node) for text in layer.problems().values()]
    problems += [_unwired(graph, node, port) for port in layer.ports() if port not in sources]
    problems += [_dangling(node, port, s) for port, s in sources.items() if s.node not in graph.nodes]
    if not problems and all(source in shapes for source in sources.values()):
        problems += _apply(graph, node, tuple(shapes[s] for s in sources.values()), shapes)
    return problems


def _apply(graph: Graph, node: NodeId, inputs: tuple[Shape, ...], shapes: dict[Port, Shape]) -> list[Problem]:
    layer = graph.nodes[node]
    try:
        found = layer.shape(*inputs)
    except ShapeError as error:
        port = error.port or next(iter(layer.ports()), None)
        return [Problem(str(error), node=node, port=port, fixes=error.fixes)]
    except Exception as error:  # a fault in a layer must not take the window down
        return [Problem(f"{type(layer).__name__} could not work out its shape: {error}.", node=node)]
    many = (found,) if len(layer.outputs) == 1 else found
    shapes.update({Port(node, name): shape for name, shape in zip(layer.outputs, many, strict=True)})
    return []


def _unwired(graph: Graph, node: NodeId, port: str) -> Problem:
    unread = (n for n in reversed(graph.nodes) if graph.nodes[n].outputs and Port(n) not in graph.readers)
    near = next((n for n in unread if not graph.feeds(node, n)), None)
    fixes = (Wire(near),) if near is not None else ()
    return Problem(f"Input {port} is not wired.", node=node, port=port, fixes=fixes)


def _dangling(node: NodeId, port: str, source: Port) -> Problem:
    return Problem(
        f"Input {port} is wired to {source.node}, which is not there.", node=node, port=port, fixes=(Unwire(),)
    )


def mend(graph: Graph, problem: Problem, fix: Change | Insert | Unwire | Wire) -> Graph:
    """Return the graph with one of a problem's fixes applied."""
    node, port = problem.node or "", problem.port or ""
    match fix:
        case Change(param, value):
            return graph.add(node, graph.nodes[node].with_(**{param: value}))
        case Unwire():
            return graph.disconnect(node, port)
        case Wire(source):
            return graph.connect(source, node, port)
        case Insert():
            return _insert(graph, node, port, fix)


def _insert(graph: Graph, node: NodeId, port: str, fix: Insert) -> Graph:
    layer = type(graph.nodes[node]).registry[fix.layer](**fix.params)
    name, source = graph.free_name(fix.layer.lower()), graph.wires[Port(node, port)]
    return graph.add(name, layer, source).connect(name, node, port)
