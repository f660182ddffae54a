"""The canvas that the window shows: its commands, keys, mouse and drops, and the advice that floats over it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
)
from PySide6.QtWidgets import QWidget

from app.canvas.advice import Advice
from app.canvas.commands import Commands
from app.canvas.gestures.drop import DropLayer, layer_in
from app.canvas.gestures.gesture import REACH, Pointer
from app.document import Document
from app.theme import theme
from engine.graph import NodeId

ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class Canvas(Commands):
    """`asked` wants a menu at a place of the screen: for the wire that ends at a port, else for what is selected."""

    asked = Signal(QPoint, object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        self.advice = Advice(self.viewport())
        self.advice.mended.connect(self.mend)
        document.changed.connect(self._settle_change)
        document.analysed.connect(self._advise)
        document.selected.connect(self._advise)
        document.opened.connect(self.fit)
        theme().changed.connect(self.advice.restyle)
        self.zoomed.connect(self._advise)

    def show_node(self, node: NodeId) -> None:
        super().show_node(node)
        self._advise()

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
