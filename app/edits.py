"""The edits of a project: plain functions that return a change, `Project -> Project`. They are tested without Qt."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from app.sizes import GAP, ROW_GAP, STEP, WIDTH, height, snap
from engine.graph import Graph, NodeId, Port
from engine.infer import mend
from engine.layer import Layer
from engine.problems import Fix, Problem, Reread, UserError
from engine.project.names import name_problem
from engine.project.project import Place, Project

Edit = Callable[[Project], Project]


def wish(layer: Layer) -> NodeId:
    """Return the name that a new box of this kind would like: `Conv2D` gives `conv2d`."""
    return type(layer).__name__.lower()


def add(layer: Layer, at: Place, name: NodeId | None = None) -> Edit:
    """Put a new box at a place, under `name` or the first free name of its kind."""

    def change(project: Project) -> Project:
        node = project.graph.free_name(name or wish(layer))
        return _placed(project, project.graph.add(node, layer), {node: at})

    return change


def behind(node: NodeId, layer: Layer, name: NodeId) -> Edit:
    """Put a new box behind another, wired to it; where exactly one box follows, the new one comes between them."""

    def change(project: Project) -> Project:
        placed = add(layer, beside(project, node, layer), name)(project)
        source = free_output(project.graph, node) if node in project.graph.nodes else None
        readers = project.graph.readers.get(source, ()) if source else ()
        if len(readers) == 1 and layer.ports() and layer.outputs:
            placed = insert(name, readers[0])(placed)
        elif source and layer.ports():
            placed = wire(source, Port(name, layer.ports()[0]))(placed)
        others = placed.with_(graph=placed.graph.remove([name]))
        return move({name: free_place(others, layer, place_of(placed, name))})(placed)

    return change


def free_output(graph: Graph, node: NodeId) -> Port | None:
    """Return the first output of a box that nothing reads, else its first one, if it has any."""
    ports = [Port(node, name) for name in graph.nodes[node].outputs]
    return next((port for port in ports if not graph.readers.get(port)), ports[0] if ports else None)


def beside(project: Project, node: NodeId, layer: Layer) -> Place:
    """Return the place right of a box for another one, middle at middle."""
    x, y = place_of(project, node)
    other = project.graph.nodes.get(node, layer)
    return x + WIDTH + GAP, snap(y + (height(other) - height(layer)) / 2)


def free_place(project: Project, layer: Layer, at: Place) -> Place:
    """Return a place, or the next one below it where the box of a layer lies on no other."""
    x, y = at
    while not lies_free(project, layer, (x, y), ROW_GAP / 2 if y > at[1] else 0):
        y += STEP
    return x, y


def lies_free(project: Project, layer: Layer, at: Place, clear: float = 0) -> bool:
    """Tell whether the box of a layer would lie on no other, and at least `clear` above or below it."""
    (x, y), tall = at, height(layer) + clear
    others = ((place_of(project, n), height(other) + clear) for n, other in project.graph.nodes.items())
    return not any(abs(x - left) < WIDTH and top - tall < y < top + under for (left, top), under in others)


def wire(source: Port, target: Port) -> Edit:
    """Wire an output port to an input port, in place of what was wired there."""
    return lambda project: project.with_(graph=project.graph.connect(source, target.node, target.name))


def unwire(target: Port) -> Edit:
    """Take away the wire that ends at an input port."""
    return lambda project: project.with_(graph=project.graph.disconnect(target.node, target.name))


def refusal(graph: Graph, source: Port, target: Port) -> str | None:
    """Return why a wire cannot be made at all, in a sentence, or None.

    Only what no fix could mend is refused: a missing port, a circle. A wire whose shapes do not fit is made, and becomes
    a problem with fixes: the way to a Flatten before a Dense leads through that wire.
    """
    start, end = graph.nodes.get(source.node), graph.nodes.get(target.node)
    if start is None or source.name not in start.outputs:
        return f"{source.node} has no output {source.name}."
    if end is None or target.name not in end.ports():
        return f"{target.node} has no input {target.name}."
    if source.node == target.node:
        return "A box cannot feed itself."
    if graph.feeds(target.node, source.node):
        return f"This would close a circle: {target.node} already feeds {source.node}."
    return None


def move(places: Mapping[NodeId, Place]) -> Edit:
    """Put boxes at other places."""
    return lambda project: project.with_(places={**project.places, **places})


def set_param(node: NodeId, param: str, value: Any) -> Edit:
    """Give one parameter of a box another value; wires to ports that it no longer has go away."""

    def change(project: Project) -> Project:
        layer = project.graph.nodes[node].with_(**{param: value})
        return project.with_(graph=_only_real_ports(project.graph.add(node, layer), node))

    return change


def rename(node: NodeId, new: NodeId) -> Edit:
    """Give a box another name. Raises UserError where a box cannot have it."""

    def change(project: Project) -> Project:
        name = new.strip()
        if name == node:
            return project
        problem = name_problem(project.graph, name, node)
        if problem:
            raise UserError(problem)
        places = {name if n == node else n: place for n, place in project.places.items()}
        return project.with_(graph=project.graph.rename(node, name), places=places)

    return change


def delete(nodes: Iterable[NodeId], heal: bool = True) -> Edit:
    """Take boxes away; where a box had one input and one output wired, `heal` joins what it lay between."""
    gone = tuple(nodes)

    def change(project: Project) -> Project:
        graph = project.graph
        for node in gone:
            graph = _bridged(graph, node) if heal else graph
        places = {n: place for n, place in project.places.items() if n not in gone}
        return project.with_(graph=graph.remove(gone), places=places)

    return change


def insert(node: NodeId, target: Port) -> Edit:
    """Put a box that is on the canvas into the wire that ends at `target`, and make room for it."""

    def change(project: Project) -> Project:
        graph = project.graph
        source, layer = graph.wires[target], graph.nodes[node]
        graph = graph.connect(source, node, layer.ports()[0]).connect(
            Port(node, layer.outputs[0]), target.node, target.name
        )
        return _with_room(_clear_of(project.with_(graph=graph), node, source.node), node)

    return change


def apply_fix(problem: Problem, fix: Fix) -> Edit:
    """Mend a problem; a box that this adds is put before the box in trouble, and what follows makes room."""

    def change(project: Project) -> Project:
        if isinstance(fix, Reread):
            return reread(project, fix)
        graph = mend(project.graph, problem, fix)
        mended = project.with_(graph=graph)
        gone = project.graph.nodes.keys() - graph.nodes.keys()
        mended = mended.with_(places={n: place for n, place in mended.places.items() if n not in gone})
        for node in graph.nodes.keys() - project.graph.nodes.keys():
            mended = _with_room(_placed(mended, graph, {node: _before(mended, node)}), node)
        return mended

    return change


def reread(project: Project, fix: Reread) -> Project:
    """Return the project with the source of its data read in another way."""
    source = project.data.source
    if source is None or fix.param not in source.params():
        return project
    return project.with_(data=project.data.with_(source=source.with_(**{fix.param: fix.value})))


def chain(*edits: Edit) -> Edit:
    """Return the edit that does one after the other."""

    def change(project: Project) -> Project:
        for edit in edits:
            project = edit(project)
        return project

    return change


def accepts(graph: Graph, node: NodeId) -> bool:
    """Tell whether a box can be put into a wire: it has an input and an output and neither is wired yet."""
    layer = graph.nodes[node]
    touched = any(p.node == node for p in graph.wires) or any(s.node == node for s in graph.wires.values())
    return len(layer.ports()) >= 1 and len(layer.outputs) >= 1 and not touched


def place_of(project: Project, node: NodeId) -> Place:
    """Return where a box lies; one that was never placed lies at the origin."""
    return project.places.get(node, (0.0, 0.0))


def _placed(project: Project, graph: Graph, places: Mapping[NodeId, Place]) -> Project:
    return replace(project, graph=graph, places={**project.places, **places})


def _only_real_ports(graph: Graph, node: NodeId) -> Graph:
    ports = graph.nodes[node].ports()
    kept = {end: start for end, start in graph.wires.items() if end.node != node or end.name in ports}
    return replace(graph, wires=kept) if len(kept) < len(graph.wires) else graph


def _bridged(graph: Graph, node: NodeId) -> Graph:
    """Join the one source of a box to the one reader of it, where there are exactly these."""
    sources = list(graph.sources(node).values())
    readers = [end for end, start in graph.wires.items() if start.node == node]
    if len(sources) != 1 or len(readers) != 1 or sources[0].node == node:
        return graph
    return graph.connect(sources[0], readers[0].node, readers[0].name)


def _before(project: Project, node: NodeId) -> Place:
    """Return the place between a new box's source and its reader."""
    graph = project.graph
    source = next(iter(graph.sources(node).values()))
    x, y = place_of(project, source.node)
    middle = y + height(graph.nodes[source.node]) / 2
    return x + WIDTH + GAP, snap(middle - height(graph.nodes[node]) / 2)


def _clear_of(project: Project, node: NodeId, source: NodeId) -> Project:
    """Push a box to the right until it no longer lies on the one that feeds it."""
    x, y = place_of(project, node)
    left = place_of(project, source)[0] + WIDTH + GAP
    if x >= left or not _same_row(project, node, source):
        return project
    return move({node: (left, y)})(project)


def _with_room(project: Project, node: NodeId) -> Project:
    """Push everything that a box feeds to the right until the next box no longer lies on it."""
    after = _downstream(project.graph, node)
    readers = {end.node for end, start in project.graph.wires.items() if start.node == node}
    need = place_of(project, node)[0] + WIDTH + GAP
    push = max((need - place_of(project, n)[0] for n in readers if _same_row(project, node, n)), default=0.0)
    if push <= 0:
        return project
    return move({n: (x + push, y) for n in after for x, y in [place_of(project, n)]})(project)


def _same_row(project: Project, node: NodeId, other: NodeId) -> bool:
    return abs(place_of(project, node)[1] - place_of(project, other)[1]) < ROW_GAP * 2


def _downstream(graph: Graph, node: NodeId) -> Collection[NodeId]:
    waiting, seen = [node], {node}
    ahead: dict[NodeId, list[NodeId]] = {}
    for end, start in graph.wires.items():
        ahead.setdefault(start.node, []).append(end.node)
    while waiting:
        fresh = [n for n in ahead.get(waiting.pop(), ()) if n not in seen]
        seen.update(fresh)
        waiting += fresh
    return seen - {node}
