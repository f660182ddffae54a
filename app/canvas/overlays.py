"""What floats over the canvas: the sentence beside the pointer, the zoom bar and the map of the whole graph."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from app.canvas.scene import Scene
from app.icons import icon
from app.theme import family_colour, mix, scaled_font, tokens

INSET = 12


class Hint(QLabel):
    """A sentence beside the pointer."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setWordWrap(True)
        self.setContentsMargins(10, 6, 10, 7)
        self.setFont(scaled_font(12))
        self._edge = QColor()
        self.hide()

    def tell(self, text: str, at: QPoint | None, wrong: bool) -> None:
        """Show a sentence below and right of a place, kept inside the canvas; an empty one hides it."""
        self.setVisible(bool(text))
        if not text or at is None:
            return
        t = tokens()
        self._edge = QColor(t.problem if wrong else t.border)
        self.setStyleSheet(f"color: {t.problem if wrong else t.text}; background: transparent; border: none")
        self.setText(text)
        self.setFixedWidth(min(320, self.fontMetrics().horizontalAdvance(text) + 26))
        self.setFixedHeight(self.heightForWidth(self.width()))
        room = self._room.rect()
        x = min(at.x() + 16, room.right() - self.width() - 8)
        y = at.y() + 20 if at.y() + 28 + self.height() < room.bottom() else at.y() - self.height() - 12
        self.move(x, y)
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_panel(painter, QRectF(self.rect()), self._edge)
        painter.end()
        super().paintEvent(event)


class ZoomBar(QFrame):
    """Minus, the zoom, plus, fit."""

    stepped = Signal(int)
    reset = Signal()
    fit = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(0)
        self.value = self._button("", "Zoom to 100 %", "100 %")
        self.value.setFixedWidth(58)
        out = self._button("zoom-out", "Zoom out")
        closer = self._button("zoom-in", "Zoom in")
        whole = self._button("maximize", "Show the whole network")
        for button in (out, self.value, closer, whole):
            row.addWidget(button)
        out.clicked.connect(lambda: self.stepped.emit(-1))
        closer.clicked.connect(lambda: self.stepped.emit(1))
        self.value.clicked.connect(self.reset)
        whole.clicked.connect(self.fit)

    def show_zoom(self, zoom: float) -> None:
        self.value.setText(f"{zoom * 100:.0f} %")

    def _button(self, name: str, tip: str, text: str = "") -> QToolButton:
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setIconSize(QSize(15, 15))
        if name:
            button.setIcon(icon(name, "quiet"))
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_panel(painter, QRectF(self.rect()), QColor(tokens().border))
        painter.end()


class Minimap(QWidget):
    """The whole graph, small, and the part that is seen; a press goes there."""

    went = Signal(QPointF)

    def __init__(self, scene: Scene, parent: QWidget) -> None:
        super().__init__(parent)
        self._scene, self._seen = scene, QRectF()
        self.setFixedSize(148, 92)
        self.setAccessibleName("Map of the network")

    def show_seen(self, seen: QRectF) -> None:
        """Show which part of the scene is seen; hide where that is all of it."""
        self._seen = seen
        content = self._scene.content()
        self.setVisible(not content.isEmpty() and not seen.contains(content))
        self.update()

    def _frame(self) -> tuple[QRectF, float]:
        """Return the area of the scene that the map covers, and pixels for one unit."""
        area = self._scene.content().united(self._seen & self._scene.content().adjusted(-400, -400, 400, 400))
        area = area.adjusted(-40, -40, 40, 40)
        return area, min((self.width() - 16) / area.width(), (self.height() - 16) / area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_panel(painter, QRectF(self.rect()), QColor(tokens().border))
        area, scale = self._frame()
        painter.setClipRect(self.rect().adjusted(3, 3, -3, -3))
        painter.translate(QRectF(self.rect()).center())
        painter.scale(scale, scale)
        painter.translate(-area.center())
        painter.setPen(Qt.PenStyle.NoPen)
        t = tokens()
        for item in self._scene.nodes.values():
            colour = QColor(t.problem) if item.card.wrong else family_colour(item.card.category)
            body = item.body()
            painter.setBrush(colour)
            painter.drawRoundedRect(body, 10, 10)
        painter.setPen(QPen(QColor(t.accent), 1.4 / scale))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self._seen, 3 / scale, 3 / scale)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        area, scale = self._frame()
        self.went.emit(area.center() + (event.position() - QRectF(self.rect()).center()) / scale)


def paint_panel(painter: QPainter, rect: QRectF, edge: QColor) -> None:
    """Paint the ground of what floats: raised, rounded, with a fine edge."""
    t = tokens()
    ground = QColor(mix(t.panel, t.raised, 0.4))
    ground.setAlpha(244)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(ground)
    painter.setPen(QPen(edge, 1))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
