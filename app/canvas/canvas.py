"""The canvas that the window shows: the view, what floats over it, keys, drops, and every command that it offers."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QTransform,
)
from PySide6.QtWidgets import QWidget

from app.canvas import arrange, clipboard
from app.canvas.advice import Advice
from app.canvas.card import DETAIL
from app.canvas.geometry import box_rect
from app.canvas.gestures.drop import DropLayer, layer_in
from app.canvas.gestures.gesture import REACH, Pointer
from app.canvas.glide import Glide
from app.canvas.landing import Landing
from app.canvas.quick_add import QuickAdd, fitting, giving
from app.canvas.view import View
from app.document import Document
from app.edits import apply_fix, beside, delete, move, place_of, unwire, wish
from app.sizes import STEP, WIDTH, height
from app.theme import theme
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer
from engine.problems import Fix, Problem, UserError

ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Canvas(View):
    """Every command of the canvas is a method without arguments, so that a menu, a key and a test can call it.

    `asked` wants a menu at a place of the screen: for the wire that ends at a port, else for what is selected.
    """

    asked = Signal(QPoint, object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self._landing = Landing(QPointF())  # of what is chosen in quick-add
        self.adder = QuickAdd(self.viewport())
        self.adder.chosen.connect(self._add_chosen)
        self.adder.closed.connect(lambda: self.setFocus(Qt.FocusReason.OtherFocusReason))
        self.advice = Advice(self.viewport())
        self.advice.mended.connect(self.mend)
        self.glide = Glide(self.boxes)
        document.changed.connect(self._settle_change)
        document.analysed.connect(self._advise)
        document.selected.connect(self._advise)
        document.opened.connect(self.fit)
        theme().changed.connect(self.advice.restyle)
        self.zoomed.connect(self._advise)

    # Commands.

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
            self._advise()

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

    # Keys, drops, double clicks.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            if not self.cancel():
                self.document.select(())
        elif key in ARROWS and self.document.selection:
            step = 4 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.nudge(*(step * way for way in ARROWS[key]))
        elif key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.hold_space(True)
        elif not self._command(event):
            super().keyPressEvent(event)

    def _command(self, event: QKeyEvent) -> bool:
        """Do what a single key says; keys that menus also have come through their actions first."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        commands = {
            Qt.Key.Key_Delete: self.delete_selected,
            Qt.Key.Key_Backspace: self.delete_selected,
            Qt.Key.Key_F: self.fit,
            Qt.Key.Key_Tab: self.quick_add,
        }
        command = commands.get(Qt.Key(event.key())) if plain else None
        if command:
            command()
        return command is not None

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.hold_space(False)
        super().keyReleaseEvent(event)

    def event(self, event: QEvent) -> bool:
        """Take Tab as quick-add, before Qt takes it as a step to the next widget."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Tab:
            self.keyPressEvent(event)
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.adder.dismiss()
        self.document.end_merge()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        before = self.boxes.hovered
        super().mouseMoveEvent(event)
        if before is not None and self.boxes.hovered is None and self._on_the_way(before, self.last):
            self.boxes.hover(before)
        if self.boxes.hovered != before or self.gesture:
            self._advise()

    def _on_the_way(self, node: NodeId, at: QPoint) -> bool:
        """Tell whether the pointer is between a box and its advice, on the way to a button."""
        shown = self.advice.isVisible() and node in self.boxes.nodes
        return shown and self.box_on_screen(node).united(self.advice.geometry()).contains(at)

    def leaveEvent(self, event: QEvent) -> None:
        self.boxes.hover(None)
        self._advise()
        super().leaveEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Zoom where two fingers pinch."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_at(1 + event.value(), event.position())
            return True
        return super().viewportEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self._advise()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = self.pointer(event)
        if event.button() == Qt.MouseButton.LeftButton and self.boxes.node_at(at.scene) is None:
            self.cancel()
            wire = self.boxes.wire_at(at.scene, REACH / self.zoom)
            if wire and wire.target:
                self.offer_into(wire.target)
            else:
                self.offer_layers(at.scene)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Select what lies under the pointer, and ask for its menu; the menu key asks for that of the selection."""
        self.cancel()
        self.adder.dismiss()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            boxes = [self.box_on_screen(n) for n in self.document.selection if n in self.boxes.nodes]
            self.asked.emit(self.viewport().mapToGlobal(boxes[0].center() if boxes else event.pos()), None)
            return
        self.last = event.pos()
        at = self._under_pointer()
        node = self.boxes.node_at(at)
        wire = self.boxes.wire_at(at, REACH / self.zoom) if node is None else None
        if node is None:
            self.document.select(())
        elif node not in self.document.selection:
            self.document.select({node})
        self.asked.emit(event.globalPos(), wire.target if wire else None)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        layer = layer_in(event.mimeData())
        if layer is None:
            event.ignore()
            return
        self.begin(DropLayer(self, layer), self._drag_pointer(event))
        event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self.gesture, DropLayer):
            self.gesture.move(self._drag_pointer(event))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.cancel()

    def dropEvent(self, event: QDropEvent) -> None:
        gesture, self.gesture = self.gesture, None
        if isinstance(gesture, DropLayer):
            gesture.release(self._drag_pointer(event))
            event.acceptProposedAction()
            self.setFocus(Qt.FocusReason.MouseFocusReason)

    def _drag_pointer(self, event: QDropEvent) -> Pointer:
        at = event.position()
        return Pointer(self.viewportTransform().inverted()[0].map(at), at.toPoint())

    def _settle_change(self) -> None:
        """Give up what was in progress when the document changed under it."""
        self.cancel()
        self.glide.stop()

    def _advise(self) -> None:
        """Show the problems of the box that is pointed at, or else of the one that is selected; else their hints."""
        analysis, chosen = self.document.analysis, self.document.selection
        wanted = (self.boxes.hovered, next(iter(chosen)) if len(chosen) == 1 else None)
        said = (
            (n, at[n]) for at in (analysis.at, analysis.hinted) for n in wanted if n in at and n in self.boxes.nodes
        )
        node, problems = next(said, (None, ())) if self.gesture is None else (None, ())
        self.advice.show_problems(problems)
        if node is not None:
            self.advice.place(self.box_on_screen(node))

    def pan_by(self, pixels: QPoint) -> None:
        super().pan_by(pixels)
        self._advise()
