"""Find every shape in a graph, and say in words what stands in the way of the rest."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError
from itertools import chain

from engine.arrays import Shape
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer, ShapeError
from engine.problems import Change, Fix, Insert, Problem, Remove, Reread, Unwire, Wire
from engine.sharing import sharing_problems


@dataclass(frozen=True)
class Inference:
    """What `infer` found: the shape of one sample at each output port that has one, and all problems.

    `masks` names, for each output port with a padded series, the box whose mask tells its steps from its padding.
    """

    shapes: Mapping[Port, Shape] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    masks: Mapping[Port, NodeId] = field(default_factory=dict)

    def inputs(self, graph: Graph, node: NodeId) -> tuple[Shape, ...]:
        """Return the shapes at the ports of a box; all must be known."""
        return tuple(self.shapes[source] for source in graph.sources(node).values())


@dataclass
class Found:
    """What is known so far while a graph is walked through."""

    shapes: dict[Port, Shape] = field(default_factory=dict)
    masks: dict[Port, NodeId] = field(default_factory=dict)


def infer(graph: Graph) -> Inference:
    """Return the shapes and problems of a graph. Never raises, whatever the graph holds.

    Where wires go round in a circle, the shapes are those of the graph without the wires that close one.
    """
    open_graph, circles = _cut(graph)
    cut = {(problem.node, problem.port) for problem in circles}
    found = Found()
    problems = [*circles, *_strays(graph)]
    for node in open_graph.order:
        problems += [p for p in _visit(open_graph, node, found) if (p.node, p.port) not in cut]
    problems += [*_mixed_twice(open_graph), *sharing_problems(graph, found.shapes)]
    return Inference(found.shapes, tuple(problems), found.masks)


def _cut(graph: Graph) -> tuple[Graph, list[Problem]]:
    """Take a wire out of each circle; return what is left, and a problem for each wire that was taken."""
    problems = []
    while True:
        try:
            graph.order  # noqa: B018  (asked for its error)
        except CycleError as error:
            problems.append(_circle(graph, error.args[1]))
            graph = graph.disconnect(problems[-1].node or "", problems[-1].port or "")
        else:
            return graph, problems


def _circle(graph: Graph, circle: list[NodeId]) -> Problem:
    """Blame the wire that leads back to the first box of a circle; each box feeds the next, the last is the first."""
    port = next(name for name, start in graph.sources(circle[0]).items() if start.node == circle[-2])
    return Problem(
        f"These wires go round in a circle: {' → '.join(circle)}.",
        "Values must flow from inputs to outputs.",
        node=circle[0],
        port=port,
        fixes=(Unwire("Remove the wire that closes it"),),
    )


def _strays(graph: Graph) -> list[Problem]:
    """Return a problem for each wire that ends where there is no input."""
    known = {Port(node, port) for node in graph.nodes for port in graph.sources(node)}
    if len(known) == len(graph.wires):
        return []
    return [_stray(graph, end) for end in graph.wires if end not in known]


def _stray(graph: Graph, end: Port) -> Problem:
    layer = graph.nodes.get(end.node)
    what = f"{type(layer).__name__} does not have" if layer else "is not there, as its box is not"
    return Problem(f"A wire ends at input {end.name}, which {what}.", node=end.node, port=end.name, fixes=(Unwire(),))


def _mixed_twice(graph: Graph) -> Iterator[Problem]:
    """Yield a problem for each end of the graph whose samples have come together by more than one way."""
    mixers = [node for node, layer in graph.nodes.items() if layer.mixes]
    for node in graph.nodes if len(mixers) > 1 else ():
        before = [mixer for mixer in mixers if node in graph.reached(mixer)]
        if len(before) > 1 and not graph.nodes[node].outputs:
            what = f"{' and '.join(before)} lie before it, but its target can be mixed only once."
            yield Problem(what, "Remove one of them.", node=node)


def _visit(graph: Graph, node: NodeId, found: Found) -> list[Problem]:
    """Find the shapes of one box and add them to `found`; return its problems."""
    layer, sources = graph.nodes[node], graph.sources(node)
    problems = [Problem(text, node=node) for text in layer.problems().values()]
    problems += [_unwired(graph, node, port) for port in layer.ports() if port not in sources]
    problems += [p for port, source in sources.items() if (p := _dangling(graph, node, port, source))]
    if not problems and all(source in found.shapes for source in sources.values()):
        problems += _apply(graph, node, tuple(sources.values()), found)
    return problems


def apply(layer: Layer, node: NodeId, sources: Iterable[Port], found: Found) -> None:
    """Add to `found` what leaves a box behind `sources`, of which all is known; raise ShapeError where it takes none."""
    known = [(found.shapes[source], found.masks.get(source)) for source in sources]
    inputs, masks = tuple(shape for shape, _ in known), tuple(mask for _, mask in known)
    shape = layer.shape(*inputs)
    many = (shape,) if len(layer.outputs) == 1 else shape
    found.shapes.update({Port(node, name): shape for name, shape in zip(layer.outputs, many, strict=True)})
    if (any(masks) or not inputs) and (mask := layer.pass_mask(masks, node, *inputs)):
        found.masks.update({Port(node, name): mask for name in layer.outputs})


def _apply(graph: Graph, node: NodeId, sources: tuple[Port, ...], found: Found) -> list[Problem]:
    layer = graph.nodes[node]
    try:
        apply(layer, node, sources, found)
    except ShapeError as error:
        port = error.port or next(iter(layer.ports()), None)
        return [
            Problem(str(error), node=node, port=port, fixes=error.fixes or _unflattened(graph, node, sources, found))
        ]
    except Exception as error:  # a fault in a layer must not take the window down
        return [Problem(f"{type(layer).__name__} could not work out its shape: {error}.", node=node)]
    return []


def _unflattened(graph: Graph, node: NodeId, sources: tuple[Port, ...], found: Found) -> tuple[Fix, ...]:
    """Offer to take the Flatten away that stands before a box, where the box can use what reaches that."""
    flat = sources[0].node
    inner = graph.sources(flat).get("x")
    if len(sources) > 1 or type(graph.nodes[flat]).__name__ != "Flatten" or inner is None:
        return ()
    try:
        graph.nodes[node].shape(found.shapes[inner])
    except Exception:  # it cannot; what is wrong was said already
        return ()
    return (Remove(flat),) if len(graph.readers[Port(flat)]) == 1 else ()


def _unwired(graph: Graph, node: NodeId, port: str) -> Problem:
    """Offer the wire from a box that nothing reads yet and that does not depend on this one.

    The latest of those that were there before it is likeliest to be meant, else the latest of all.
    """
    behind, free = graph.reached(node), graph.unread
    before = bisect_left(free, graph.positions[node], key=graph.positions.__getitem__)
    likely = chain(map(free.__getitem__, range(before - 1, -1, -1)), reversed(free))
    near = next((n for n in likely if n not in behind), None)
    return Problem(f"Input {port} is not wired.", node=node, port=port, fixes=(Wire(near),) if near else ())


def _dangling(graph: Graph, node: NodeId, port: str, source: Port) -> Problem | None:
    layer = graph.nodes.get(source.node)
    if layer is not None and source.name in layer.outputs:
        return None
    what = f"{source.node}, which is not there" if layer is None else f"{source}, an output that it does not have"
    return Problem(f"Input {port} is wired to {what}.", node=node, port=port, fixes=(Unwire(),))


def mend(graph: Graph, problem: Problem, fix: Fix) -> Graph:
    """Return the graph with one of a problem's fixes applied; those of the data leave it as it is."""
    node, port = problem.node or "", problem.port or ""
    match fix:
        case Change(param, value, _, also):
            return graph.add(node, graph.nodes[node].with_(**{param: value, **also}))
        case Unwire():
            return graph.disconnect(node, port)
        case Wire(source):
            return graph.connect(source, node, port)
        case Remove(box):
            return _without(graph, box)
        case Insert():
            return _insert(graph, node, port, fix)
        case Reread():
            return graph


def _without(graph: Graph, node: NodeId) -> Graph:
    sources = list(graph.sources(node).values())
    readers = [end for end, start in graph.wires.items() if start.node == node]
    for end in readers if len(sources) == 1 else ():
        graph = graph.connect(sources[0], end.node, end.name)
    return graph.remove([node])


def _insert(graph: Graph, node: NodeId, port: str, fix: Insert) -> Graph:
    layer = type(graph.nodes[node]).registry[fix.layer](**fix.params)
    name, source = graph.free_name(fix.layer.lower()), graph.wires[Port(node, port)]
    return graph.add(name, layer, source).connect(name, node, port)
