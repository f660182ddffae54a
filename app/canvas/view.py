"""The canvas as a widget: shows a scene, finds the gesture for every press, zooms and pans."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPixmapCache, QResizeEvent, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from app.canvas.gestures.gesture import REACH, Gesture, Pointer
from app.canvas.gestures.move import MoveBoxes
from app.canvas.gestures.pan import Pan
from app.canvas.gestures.select import RubberBand
from app.canvas.gestures.wire import DrawWire
from app.canvas.ground import Ground
from app.canvas.overlays import INSET, Hint, Minimap, ZoomBar
from app.canvas.scene import Scene
from app.document import Document
from app.theme import scaled_font, theme, tokens
from engine.graph import Port

CLOSEST, FARTHEST = 4.0, 0.05
EMPTY = (
    ("An empty network", 17, True, "text", -16),
    ("Drag a layer here from the left, double-click, or press Tab to search for one.", 13, False, "quiet", 12),
)


class View(QGraphicsView):
    """Shows the document's graph. Tells in `said` what it could not do, in `zoomed` how close one looks."""

    said = Signal(str)
    zoomed = Signal(float)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        self.boxes = Scene(document)  # held here: a scene that Python does not hold is collected
        super().__init__(self.boxes, parent)
        self.document = document
        self.gesture: Gesture | None = None
        self.last = QPoint()
        self._space = False
        self._whole = True  # the whole network stays in view until the person looks closer or elsewhere
        self._ground = Ground()
        self._settle()
        QPixmapCache.setCacheLimit(
            max(QPixmapCache.cacheLimit(), 96 * 1024)
        )  # KiB: pictures of the boxes that are seen
        self.hint = Hint(self.viewport())
        self.zoom_bar = ZoomBar(self.viewport())
        self.minimap = Minimap(self.boxes, self.viewport())
        self.zoom_bar.stepped.connect(self.zoom_step)
        self.zoom_bar.reset.connect(self.zoom_reset)
        self.zoom_bar.fit.connect(self.fit)
        self.minimap.went.connect(self._look_at)
        theme().changed.connect(self._restyle)
        document.changed.connect(self._redraw_map)
        document.analysed.connect(self._redraw_map)
        self._restyle()

    def _settle(self) -> None:
        self.setAccessibleName("Network")
        self.setAccessibleDescription("Boxes and wires. The Outline lists the same network as a tree.")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    # What gestures need.

    @property
    def zoom(self) -> float:
        """Pixels for one unit of the scene."""
        return self.transform().m11()

    def tell(self, text: str, at: QPoint | None = None, wrong: bool = False) -> None:
        self.hint.tell(text, at, wrong)

    def pan_by(self, pixels: QPoint) -> None:
        bars = self.horizontalScrollBar(), self.verticalScrollBar()
        bars[0].setValue(bars[0].value() - pixels.x())
        bars[1].setValue(bars[1].value() - pixels.y())
        self._whole = False
        self._seen_changed()

    def _look_at(self, at: QPointF) -> None:
        """Bring a place of the scene to the middle."""
        self._whole = False
        self.centerOn(at)
        self._seen_changed()

    def offer_layers(self, at: QPointF, source: Port | None = None, target: Port | None = None) -> None:
        raise NotImplementedError

    # Zoom.

    def zoom_at(self, factor: float, at: QPointF) -> None:
        """Zoom so that the point of the scene under `at` (a place of the viewport) stays there."""
        zoom = max(FARTHEST, min(CLOSEST, self.zoom * factor))
        before = self.viewportTransform().inverted()[0].map(at)
        self.setTransform(QTransform.fromScale(zoom, zoom))
        after = self.viewportTransform().map(before)
        self.pan_by((at - after).toPoint())
        self.zoomed.emit(zoom)

    def zoom_step(self, steps: int) -> None:
        """Zoom in or out at the middle."""
        self.zoom_at(1.25**steps, QPointF(self.viewport().rect().center()))

    def zoom_reset(self) -> None:
        """Show boxes at their own size."""
        self.zoom_at(1 / self.zoom, QPointF(self.viewport().rect().center()))

    def fit(self) -> None:
        """Show the whole network, or what is selected, no larger than its own size."""
        self._fit([self.boxes.cells.rects[n] for n in self.document.selection if n in self.boxes.cells.rects])

    def fit_all(self) -> None:
        """Show the whole network, whatever is selected."""
        self._fit([])

    def _fit(self, chosen: list[QRectF]) -> None:
        area = QRectF()
        for rect in chosen:
            area = area.united(rect)
        area = (area if len(chosen) > 1 else self.boxes.content()).adjusted(-64, -40, 64, 32)
        room, bar = self.viewport().rect(), self.zoom_bar.height() + INSET
        zoom = max(FARTHEST, min(1.0, room.width() / area.width(), (room.height() - bar) / area.height()))
        self.setTransform(QTransform.fromScale(zoom, zoom))
        self.centerOn(area.center() + QPointF(0, bar / 2 / zoom))
        self._whole = len(chosen) <= 1
        self._seen_changed()
        self.zoomed.emit(zoom)

    def seen(self) -> QRectF:
        """Return the part of the scene that is seen."""
        return self.viewportTransform().inverted()[0].mapRect(QRectF(self.viewport().rect()))

    def box_on_screen(self, node: str) -> QRect:
        """Return where a box lies in the viewport."""
        return self.viewportTransform().mapRect(self.boxes.nodes[node].body()).toRect()

    def _seen_changed(self) -> None:
        self.boxes.look_from(self.zoom)
        self.zoom_bar.show_zoom(self.zoom)
        self.minimap.show_seen(self.seen())

    def _redraw_map(self) -> None:
        self.minimap.forget()
        self.minimap.show_seen(self.seen())

    # The mouse.

    def pointer(self, event: QMouseEvent) -> Pointer:
        held = event.modifiers()
        return Pointer(
            self.viewportTransform().inverted()[0].map(event.position()),
            event.position().toPoint(),
            bool(held & Qt.KeyboardModifier.ShiftModifier),
            bool(held & Qt.KeyboardModifier.ControlModifier),
        )

    def begin(self, gesture: Gesture, at: Pointer) -> None:
        """Let a gesture take place until release; the one before it is cancelled."""
        self.cancel()
        self.gesture = gesture
        gesture.press(at)

    def cancel(self) -> bool:
        """Give up the gesture that takes place; return whether there was one."""
        gesture, self.gesture = self.gesture, None
        if gesture:
            gesture.cancel()
        return gesture is not None

    def _gesture_for(self, event: QMouseEvent, at: Pointer) -> Gesture | None:
        if event.button() == Qt.MouseButton.MiddleButton or (
            self._space and event.button() == Qt.MouseButton.LeftButton
        ):
            return Pan(self)
        if event.button() != Qt.MouseButton.LeftButton:
            return None
        port = self.boxes.port_at(at.scene, REACH / self.zoom)
        if port:
            return self._wire_gesture(*port)
        node = self.boxes.node_at(at.scene)
        return MoveBoxes(self, node) if node is not None else RubberBand(self)

    def _wire_gesture(self, port: Port, is_output: bool) -> Gesture:
        """Draw from a port; from an input that has a wire, take that wire's end."""
        source = None if is_output else self.document.project.graph.wires.get(port)
        if source is not None and source.node in self.boxes.nodes:
            return DrawWire(self, source, True, taken=port)
        return DrawWire(self, port, is_output)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self.pointer(event)
        gesture = self._gesture_for(event, at)
        if gesture:
            self.begin(gesture, at)
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self.pointer(event)
        self.last = at.view
        if self.gesture:
            self.gesture.move(at)
            return
        near = self.boxes.port_at(at.scene, REACH / self.zoom)
        self.boxes.hover(self.boxes.node_at(at.scene))
        self._show_cursor(near is not None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self.gesture = self.gesture, None
        if gesture:
            gesture.release(self.pointer(event))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.gesture is None:
            self.zoom_at(1.0015 ** event.angleDelta().y(), event.position())
        event.accept()

    def hold_space(self, held: bool) -> None:
        """While Space is held a drag pans."""
        self._space = held
        self._show_cursor(False)

    def _show_cursor(self, near_port: bool) -> None:
        shape = Qt.CursorShape.CrossCursor if near_port else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._space else shape)

    # Ground and frame.

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        painter.save()
        painter.resetTransform()
        origin = self.viewportTransform().map(QPointF(0, 0))
        self._ground.paint(painter, self.viewport().rect(), origin, self.zoom, self.devicePixelRatioF())
        painter.restore()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Say on an empty canvas how to begin."""
        if self.boxes.nodes or self.gesture:
            return
        painter.resetTransform()
        middle = QRectF(self.viewport().rect())
        for text, size, bold, ink, dy in EMPTY:
            painter.setFont(scaled_font(size, bold=bold))
            painter.setPen(QColor(getattr(tokens(), ink)))
            painter.drawText(middle.translated(0, dy), Qt.AlignmentFlag.AlignCenter, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.viewport().rect()
        self.zoom_bar.adjustSize()
        self.zoom_bar.move(INSET, room.bottom() - self.zoom_bar.height() - INSET)
        self.minimap.move(room.right() - self.minimap.width() - INSET, room.bottom() - self.minimap.height() - INSET)
        if self._whole and self.boxes.nodes:
            self.fit()
        self._seen_changed()

    def _restyle(self) -> None:
        self.setBackgroundBrush(QColor(tokens().canvas))
        self.minimap.forget()
        self.viewport().update()
