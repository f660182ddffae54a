"""What floats over the canvas: the sentence beside the pointer, the zoom bar and the map of the whole graph."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
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
        self._scene, self._seen, self._picture = scene, QRectF(), QPixmap()
        self.setFixedSize(148, 92)
        self.setAccessibleName("Map of the network")

    def show_seen(self, seen: QRectF) -> None:
        """Show which part of the scene is seen; hide where that is all of it."""
        self._seen = seen
        content = self._scene.content()
        self.setVisible(not content.isEmpty() and not seen.contains(content))
        self.update()

    def forget(self) -> None:
        """Draw the boxes anew, once, when the map is next seen."""
        self._picture = QPixmap()
        self.update()

    def _frame(self) -> tuple[QRectF, float]:
        """Return the area of the scene that the map covers, and pixels for one unit."""
        area = self._scene.content().adjusted(-300, -200, 300, 200)
        return area, min((self.width() - 12) / area.width(), (self.height() - 12) / area.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture.isNull():
            self._draw()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._picture)
        painter.setClipRect(self.rect().adjusted(2, 2, -2, -2))
        scale = self._project(painter)
        painter.setPen(QPen(QColor(tokens().accent), 1.4 / scale))
        painter.drawRoundedRect(self._seen, 3 / scale, 3 / scale)
        painter.end()

    def _project(self, painter: QPainter) -> float:
        area, scale = self._frame()
        painter.translate(QRectF(self.rect()).center())
        painter.scale(scale, scale)
        painter.translate(-area.center())
        return scale

    def _draw(self) -> None:
        self._picture = QPixmap(self.size() * self.devicePixelRatioF())
        self._picture.setDevicePixelRatio(self.devicePixelRatioF())
        self._picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._picture)
        paint_panel(painter, QRectF(self.rect()), QColor(tokens().border))
        self._project(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        for item in self._scene.nodes.values():
            painter.setBrush(QColor(tokens().problem) if item.card.wrong else family_colour(item.card.category))
            painter.drawRect(item.body())
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
