"""What can be done on the canvas: every command as a method, so that a menu, a key and a test can call it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QTransform
from PySide6.QtWidgets import QWidget

from app.canvas import arrange, clipboard
from app.canvas.card import DETAIL
from app.canvas.geometry import box_rect
from app.canvas.glide import Glide
from app.canvas.landing import Landing
from app.canvas.quick_add import QuickAdd, fitting, giving
from app.canvas.view import View
from app.document import Document
from app.edits import apply_fix, beside, delete, move, place_of, unwire, wish
from app.sizes import STEP, WIDTH, height
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer
from engine.problems import Fix, Problem, UserError


class Commands(View):
    """The view with everything that changes what it shows; those that a menu has take no arguments."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._landing = Landing(QPointF())  # of what is chosen in quick-add
        self.adder = QuickAdd(self.viewport())
        self.adder.chosen.connect(self._add_chosen)
        self.adder.closed.connect(lambda: self.setFocus(Qt.FocusReason.OtherFocusReason))
        self.glide = Glide(self.boxes)

    def copy(self) -> None:
        """Put the selected boxes and the wires between them on the clipboard, as text."""
        if self.document.selection:
            text = clipboard.to_text(self.document.project, self.document.selection)
            QGuiApplication.clipboard().setText(text)

    def cut(self) -> None:
        """Copy the selected boxes, then delete them."""
        self.copy()
        self._delete("Cut")

    def paste(self) -> None:
        """Add the boxes of the clipboard where the pointer is; tell in `said` why where it holds none."""
        self._paste_text("Paste", QGuiApplication.clipboard().text(), self._under_pointer())

    def duplicate(self) -> None:
        """Put copies of the selected boxes below them; the clipboard keeps what it has."""
        if self.document.selection:
            text = clipboard.to_text(self.document.project, self.document.selection)
            self._paste_text("Duplicate", text, None)

    def delete_selected(self) -> None:
        """Delete the selected boxes; wires close over a box that had one input and one output."""
        self._delete("Delete")

    def select_all(self) -> None:
        """Select every box."""
        self.document.select(self.document.project.graph.nodes)

    def select_next(self) -> None:
        """Select the box that reads what the selected one gives; the first of all where none is selected."""
        self._select_one(lambda graph, n: [end.node for end, start in graph.wires.items() if start.node == n])

    def select_previous(self) -> None:
        """Select the box that feeds the selected one; the first of all where none is selected."""
        self._select_one(lambda graph, n: [source.node for source in graph.sources(n).values()])

    def _select_one(self, beyond: Callable[[Graph, NodeId], list[NodeId]]) -> None:
        graph, chosen = self.document.project.graph, sorted(self.document.selection)
        found = beyond(graph, chosen[0]) if chosen else list(graph.nodes)
        if found:
            self.document.select({found[0]})
            self._look_for(found[0])

    def arrange(self) -> None:
        """Lay out the selected boxes, or all of them, from left to right."""
        chosen = self.document.selection if len(self.document.selection) > 1 else frozenset()
        before = {n: place_of(self.document.project, n) for n in self.document.project.graph.nodes}
        if self.document.edit("Arrange", arrange.arrange(chosen)) and not chosen:
            self.fit()
        self.glide.start(before)

    def align(self, side: str) -> None:
        """Bring the selected boxes to one line: left, centre, right, top, middle or bottom."""
        self.document.edit(f"Align {side}", arrange.align(self.document.selection, side))

    def distribute(self, axis: int) -> None:
        """Give the selected boxes equal steps, along x (axis 0) or y (axis 1)."""
        self.document.edit("Distribute", arrange.distribute(self.document.selection, axis))

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selected boxes by so many steps of the grid; a row of nudges is one undo step."""
        places = {n: place_of(self.document.project, n) for n in self.document.selection}
        moved = {n: (x + dx * STEP, y + dy * STEP) for n, (x, y) in places.items()}
        self.document.edit("Move", move(moved), merge=f"nudge {sorted(places)}")

    def quick_add(self) -> None:
        """Open the search for a layer that comes behind the selected box, or at the pointer where none is selected."""
        leader = self._leader()
        if leader is None:
            self.offer_layers(self._under_pointer())
            return
        self._look_for(leader)
        self.offer_layers(QPointF(*beside(self.document.project, leader, Layer.registry["Dense"]())))
        self.adder.offer_behind(leader)
        self._landing = Landing(self._landing.at, leader=leader)

    def show_node(self, node: NodeId) -> None:
        """Select a box and bring it into view."""
        if node in self.boxes.nodes:
            self.document.select({node})
            self._look_at(self.boxes.nodes[node].body().center())

    def mend(self, problem: Problem, fix: Fix) -> None:
        """Apply one fix of a problem, as one undo step."""
        self.document.edit(fix.label, apply_fix(problem, fix))

    def add_layer(self, name: str) -> None:
        """Add a layer by its class name behind the selected box, or in the middle of what is seen."""
        layer, leader = Layer.registry[name](), self._leader()
        self._add(layer, Landing(self._free_spot(layer), leader=leader))

    # Quick-add.

    def offer_layers(self, at: QPointF, source: Port | None = None, target: Port | None = None) -> None:
        self._landing = Landing(at, source, target)
        kinds = fitting(self.document.analysis.shape(source)) if source else list(Layer.registry.values())
        if target:
            kinds = [kind for kind in kinds if kind in giving()]
        self.adder.offer(kinds, self.viewportTransform().map(at).toPoint())

    def offer_into(self, target: Port) -> None:
        """Open the search for a layer that comes into the wire that ends at `target`."""
        source = self.document.project.graph.wires[target]
        self.offer_layers(self._under_pointer(), source, target)

    def remove_wire(self, target: Port) -> None:
        """Take away the wire that ends at a port."""
        self.document.edit("Remove wire", unwire(target))

    def _add_chosen(self, kind: type[Layer]) -> None:
        self._add(kind(), self._landing)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self, layer: Layer, landing: Landing) -> None:
        node = self.document.project.graph.free_name(wish(layer))
        self.document.edit(f"Add {type(layer).__name__}", landing.edit(layer, node))
        self.document.select({node})
        if landing.leader is not None:
            self._look_for(node)

    def _leader(self) -> NodeId | None:
        """Return the selected box if it is one alone and something can follow it."""
        chosen, graph = self.document.selection, self.document.project.graph
        return next((n for n in chosen if graph.nodes[n].outputs), None) if len(chosen) == 1 else None

    def _look_for(self, node: NodeId) -> None:
        """Bring a box into view, if it is not: with the whole network, as long as that can be read."""
        body, before, whole = self.boxes.nodes[node].body(), self.zoom, self._whole
        if self.seen().contains(body):
            return
        if whole:
            self.fit_all()
        if not whole or self.zoom < DETAIL:
            self.setTransform(QTransform.fromScale(before, before))
            self._look_at(body.center())

    def _free_spot(self, layer: Layer) -> QPointF:
        """Return a place near the middle of what is seen around which no box lies."""
        spot = self.seen().center()
        while any(self.boxes.cells.touching(box_rect(layer, spot.x() - WIDTH / 2, spot.y() - height(layer) / 2))):
            spot += QPointF(0, height(layer) + 3 * STEP)
        return spot

    def _delete(self, word: str) -> None:
        chosen = sorted(self.document.selection)
        what = chosen[0] if len(chosen) == 1 else f"{len(chosen)} boxes"
        self.document.edit(f"{word} {what}", delete(chosen))

    def _paste_text(self, word: str, text: str, at: QPointF | None) -> None:
        try:
            boxes = clipboard.from_text(text)
        except UserError as error:
            self.said.emit(str(error))
            return
        names = clipboard.new_names(self.document.project.graph, boxes.graph)
        place = None if at is None else (at.x(), at.y())
        self.document.edit(word, clipboard.paste(boxes, names, place))
        self.document.select(names.values())

    def _under_pointer(self) -> QPointF:
        room = self.viewport().rect()
        spot = self.last if room.contains(self.last) and self.last != QPoint() else room.center()
        return self.viewportTransform().inverted()[0].map(QPointF(spot))
