"""Shows a document as items: when the project changes it draws the difference. It never changes the document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from app.analysis import Analysis, touched
from app.canvas.card import Card, Mood, card_of, forget_fonts
from app.canvas.cells import Cells
from app.canvas.far_item import FAR, FarItem
from app.canvas.geometry import CLEAR, route
from app.canvas.node_item import NodeItem
from app.canvas.wire_item import ShapeItem, WireItem
from app.document import Document
from app.edits import place_of
from app.theme import theme
from engine.graph import NodeId, Port
from engine.project.project import Place, Project

ROOM = 20_000.0


class Scene(QGraphicsScene):
    """The items by what they show: `nodes` by box, `wires` by the input port where they end, `shapes` by output port."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.setSceneRect(-ROOM, -ROOM, 2 * ROOM, 2 * ROOM)
        self.document = document
        self.nodes: dict[NodeId, NodeItem] = {}
        self.wires: dict[Port, WireItem] = {}
        self.shapes: dict[Port, ShapeItem] = {}
        self.cells = Cells()
        self.hovered: NodeId | None = None
        self._previewed: set[NodeId] = set()
        self._selected: frozenset[NodeId] = frozenset()
        self._wrong: set[Port] = set()
        self._marked: Port | None = None
        self._analysis = Analysis()
        self._far = FarItem(self.nodes, self.wires)
        document.changed.connect(self._change)
        document.analysed.connect(self._analyse)
        document.selected.connect(self._select)
        theme().changed.connect(self._restyle)
        self._change(Project(), document.project)
        self._analyse(document.analysis)
        self._select(document.selection)

    def preview(self, places: Mapping[NodeId, Place]) -> None:
        """Show boxes at other places, until `end_preview`; the document does not know."""
        self._previewed |= places.keys()
        for node in places:
            self.nodes[node].show_mood(self._mood(node))
        self._put(places)
        self._route(port for port, item in self.wires.items() if port.node in places or item.source.node in places)

    def end_preview(self) -> None:
        """Show boxes where the document says."""
        project, moved = self.document.project, self._previewed & self.nodes.keys()
        self._previewed = set()
        dirty = self._put({node: place_of(project, node) for node in moved})
        self._route_near(dirty, moved)
        for node in moved:
            self.nodes[node].show_mood(self._mood(node))

    def hover(self, node: NodeId | None) -> None:
        """Let one box look touched."""
        if node != self.hovered:
            before, self.hovered = self.hovered, node
            self._show_moods(n for n in (before, node) if n is not None)

    def mark_wire(self, port: Port | None) -> None:
        """Show which wire a box would be put into: the one that ends at `port`, or none."""
        if port != self._marked:
            self._marked = port
            self._show_wire_moods()

    def node_at(self, at: QPointF) -> NodeId | None:
        """Return the topmost box at a place."""
        under = [n for n, rect in self.cells.rects.items() if rect.contains(at)]
        return max(under, key=lambda n: self.nodes[n].zValue(), default=None)

    def port_at(self, at: QPointF, reach: float) -> tuple[Port, bool] | None:
        """Return the nearest port within reach, and whether it is an output."""
        area = QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach)
        near = (n for n, rect in self.cells.rects.items() if rect.adjusted(-1, -1, 1, 1).intersects(area))
        return next(filter(None, (self.nodes[n].port_at(at, reach) for n in near)), None)

    def wire_at(self, at: QPointF, reach: float) -> WireItem | None:
        """Return a wire that passes near a place."""
        return next((item for item in self.wires.values() if item.near(at, reach)), None)

    def content(self) -> QRectF:
        """Return the area that all boxes take together."""
        return self.cells.content()

    def look_from(self, zoom: float) -> None:
        """Draw all boxes and wires as one item where they are too small to tell apart."""
        far = zoom < FAR
        if far != self._is_far():
            (self.addItem if far else self.removeItem)(self._far)
            for items in (self.nodes, self.wires, self.shapes):
                for item in items.values():
                    item.setVisible(not far)
            self._far.stale()

    def _is_far(self) -> bool:
        return self._far.scene() is not None

    def _show_item(self, item: QGraphicsItem) -> None:
        self.addItem(item)
        item.setVisible(not self._is_far())

    def _change(self, before: Project, after: Project) -> None:
        if after.graph is not before.graph:
            self._remove_gone(after)
            self._add_new(before, after)
        moved = self._moved(before, after)
        dirty = self._put(moved)
        fresh = self._sync_wires(before, after) if after.graph is not before.graph else set()
        self._route_near(dirty, moved.keys())
        self._route(fresh)
        self._grow()

    def _remove_gone(self, after: Project) -> None:
        for node in [n for n in self.nodes if n not in after.graph.nodes]:
            self.removeItem(self.nodes.pop(node))
            self.cells.take(node)
            self.hovered = None if self.hovered == node else self.hovered
        for port in [p for p in self.shapes if p.node not in self.nodes or p.name not in self._outputs(after, p.node)]:
            self.removeItem(self.shapes.pop(port))

    def _outputs(self, project: Project, node: NodeId) -> tuple[str, ...]:
        return project.graph.nodes[node].outputs

    def _add_new(self, before: Project, after: Project) -> None:
        analysis, old = self.document.analysis, before.graph.nodes
        for node, layer in after.graph.nodes.items():
            if node not in self.nodes:
                item = self.nodes[node] = NodeItem(card_of(node, layer, analysis), layer)
                self._show_item(item)
                self._show_place(node, place_of(after, node))
            elif old.get(node) is not layer:
                self.nodes[node].show_layer(card_of(node, layer, analysis), layer)
                self._show_place(node, place_of(after, node))
            else:
                continue
            for name in layer.outputs:
                self._add_shape(Port(node, name))

    def _add_shape(self, port: Port) -> None:
        if port not in self.shapes:
            item = self.shapes[port] = ShapeItem()
            self._show_item(item)
            item.setPos(self.nodes[port.node].output_point(port.name))

    def _moved(self, before: Project, after: Project) -> dict[NodeId, Place]:
        changed = {node for node, _ in before.places.items() ^ after.places.items()}
        return {n: place_of(after, n) for n in changed & self.nodes.keys() if self._place(n) != place_of(after, n)}

    def _sync_wires(self, before: Project, after: Project) -> set[Port]:
        """Add and take away wires; return the ports whose wire is new or has a new start or a changed box."""
        wires = after.graph.wires
        for port in [p for p, item in self.wires.items() if wires.get(p) != item.source]:
            self.removeItem(self.wires.pop(port))
        fresh = {port for port in wires if port not in self.wires}
        for port in fresh.copy():
            if wires[port].node in self.nodes and port.node in self.nodes:
                self.wires[port] = WireItem(wires[port], port)
                self._show_item(self.wires[port])
        old = before.graph.nodes
        other = {n for n, layer in after.graph.nodes.items() if old.get(n) is not layer}
        fresh |= {p for p, s in wires.items() if p.node in other or s.node in other} if other else set()
        return fresh & self.wires.keys()

    def _ends(self, port: Port, item: WireItem) -> tuple[QPointF, QPointF]:
        start = self.nodes[item.source.node].output_point(item.source.name)
        return start, self.nodes[port.node].input_point(port.name)

    def _place(self, node: NodeId) -> Place:
        at = self.nodes[node].pos()
        return at.x(), at.y()

    def _put(self, places: Mapping[NodeId, Place]) -> list[QRectF]:
        """Move boxes; return the areas that they left and those that they take now."""
        dirty = []
        for node, place in places.items():
            dirty.append(QRectF(self.cells.rects[node]))
            self._show_place(node, place)
            dirty.append(QRectF(self.cells.rects[node]))
        return dirty

    def _show_place(self, node: NodeId, place: Place) -> None:
        item = self.nodes[node]
        item.setPos(*place)
        self.cells.put(node, item.body())
        for name, at in item.outputs.items():
            shape = self.shapes.get(Port(node, name))
            if shape:
                shape.setPos(item.pos() + at)

    def _route(self, ports: Iterable[Port]) -> None:
        for port in ports:
            item = self.wires[port]
            item.show_path(route(*self._ends(port, item), self.cells.touching))
            self._show_side(item.source)
        self._far.stale()

    def _show_side(self, source: Port) -> None:
        """Write a shape where its wires leave room: below them if one rises and none falls."""
        ends = self.document.project.graph.readers.get(source, ())
        slopes = [self.wires[end].slope() for end in ends if end in self.wires]
        self.shapes[source].show_side(min(slopes, default=0) < -2 and max(slopes) <= 2)

    def _route_near(self, dirty: list[QRectF], moved: Iterable[NodeId]) -> None:
        """Lay the wires anew that hang on moved boxes, and those that pass where a box was or is."""
        boxes, several = set(moved), len(dirty) > 400
        areas = [QRectF(area).adjusted(-CLEAR, -CLEAR, CLEAR, CLEAR) for area in dirty]

        def touched(port: Port, item: WireItem) -> bool:
            if several or port.node in boxes or item.source.node in boxes:
                return True
            box = item.boundingRect()
            return any(area.intersects(box) for area in areas)

        self._route([port for port, item in self.wires.items() if dirty and touched(port, item)])

    def _grow(self) -> None:
        """Leave room around the boxes, so that one can always scroll past them."""
        content, half = self.content(), ROOM / 2
        if not self.sceneRect().contains(content.adjusted(-half, -half, half, half)):
            self.setSceneRect(content.adjusted(-ROOM, -ROOM, ROOM, ROOM))

    def _analyse(self, analysis: Analysis) -> None:
        before, self._analysis = self._analysis, analysis
        for node in touched(before, analysis):
            layer, item = analysis.graph.nodes[node], self.nodes[node]
            card = card_of(node, layer, analysis)
            if card != item.card:
                item.show_layer(card, layer)
            for name in layer.outputs:
                self.shapes[Port(node, name)].show_text(self._shape_text(Port(node, name), analysis))
        self._wrong = {Port(p.node, p.port) for p in analysis.problems if p.node and p.port}
        self._show_wire_moods()
        self._far.stale()

    def _shape_text(self, port: Port, analysis: Analysis) -> str:
        known = analysis.shape(port) is not None
        return analysis.shape_text(port) if known or port in analysis.graph.readers else ""

    def _select(self, nodes: frozenset[NodeId]) -> None:
        before, self._selected = self._selected, nodes
        self._show_moods(before ^ nodes)
        self._show_wire_moods()

    def _show_wire_moods(self) -> None:
        for port, item in self.wires.items():
            item.show_mood(self._wire_mood(port, item))

    def _wire_mood(self, port: Port, item: WireItem) -> str:
        touches = item.source.node in self._selected or port.node in self._selected
        if port in self._wrong:
            return "wrong"
        return "hot" if port == self._marked or (touches and len(self._selected) == 1) else ""

    def _show_moods(self, nodes: Iterable[NodeId]) -> None:
        for node in nodes:
            if node in self.nodes:
                self.nodes[node].show_mood(self._mood(node))
        self._far.stale()

    def _mood(self, node: NodeId) -> Mood:
        return Mood(node in self._selected, node == self.hovered, node in self._previewed)

    def _restyle(self) -> None:
        forget_fonts()
        self._far.stale()
        for item in self.items():  # each keeps a picture of itself, which the scene's own update leaves alone
            item.update()
        self.update()

    def shown(self) -> Iterator[tuple[NodeId, Card, Place]]:
        """Yield every box as it is drawn: for tests, and for pictures of the graph."""
        for node, item in self.nodes.items():
            yield node, item.card, self._place(node)
