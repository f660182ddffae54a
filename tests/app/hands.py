"""Mouse, keys and drags as a person would use them on the canvas."""

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication

from app.canvas.gestures.drop import MIME

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
PLAIN = Qt.KeyboardModifier.NoModifier


class Hands:
    def __init__(self, canvas):
        self.canvas = canvas

    def at(self, scene):
        return self.canvas.viewportTransform().map(QPointF(scene))

    def body(self, node):
        return self.at(self.canvas.boxes.nodes[node].body().center())

    def output(self, node, port="y"):
        return self.at(self.canvas.boxes.nodes[node].output_point(port))

    def input(self, node, port="x"):
        return self.at(self.canvas.boxes.nodes[node].input_point(port))

    def _mouse(self, kind, at, button, held, keys):
        viewport = self.canvas.viewport()
        event = QMouseEvent(kind, at, QPointF(viewport.mapToGlobal(at.toPoint())), button, held, keys)
        QApplication.sendEvent(viewport, event)

    def press(self, at, button=LEFT, keys=PLAIN):
        self._mouse(QMouseEvent.Type.MouseButtonPress, at, button, button, keys)

    def move(self, at, button=LEFT, keys=PLAIN):
        self._mouse(QMouseEvent.Type.MouseMove, at, NONE, button, keys)

    def release(self, at, button=LEFT, keys=PLAIN):
        self._mouse(QMouseEvent.Type.MouseButtonRelease, at, button, NONE, keys)

    def double_click(self, at):
        self._mouse(QMouseEvent.Type.MouseButtonDblClick, at, LEFT, LEFT, PLAIN)

    def click(self, at, keys=PLAIN):
        self.press(at, keys=keys)
        self.release(at, keys=keys)

    def carry(self, start, end, button=LEFT, keys=PLAIN, steps=8):
        """Press and move, without release."""
        self.press(start, button, keys)
        for i in range(1, steps + 1):
            self.move(start + (end - start) * i / steps, button, keys)

    def drag(self, start, end, button=LEFT, keys=PLAIN):
        self.carry(start, end, button, keys)
        self.release(end, button, keys)

    def bring(self, name, at, mime=MIME):
        """Drag a layer in from the palette, without dropping it."""
        self.data = QMimeData()
        self.data.setData(mime, name.encode())
        first = QPoint(3, 3)
        self._drag_event(QDragEnterEvent, first)
        self._drag_event(QDragMoveEvent, at.toPoint())

    def _drag_event(self, kind, at):
        event = kind(at, Qt.DropAction.CopyAction, self.data, LEFT, PLAIN)
        QApplication.sendEvent(self.canvas.viewport(), event)
        return event.isAccepted()

    def drop(self, name, at, mime=MIME):
        self.bring(name, at, mime)
        event = QDropEvent(at, Qt.DropAction.CopyAction, self.data, LEFT, PLAIN)
        QApplication.sendEvent(self.canvas.viewport(), event)

    def leave(self):
        QApplication.sendEvent(self.canvas.viewport(), QDragLeaveEvent())
