"""Lucide's icons, in the colours of the theme; they follow when it is switched."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.theme import disabled, family_colour, on, tokens

FAMILY_ICONS = {
    "Input and output": "log-in",
    "Dense": "network",
    "Activation": "activity",
    "Convolution": "grid-3x3",
    "Pooling": "shrink",
    "Normalisation": "scale-3d",
    "Recurrent": "repeat",
    "Attention": "focus",
    "Merge": "merge",
    "Shape and reduction": "shapes",
    "Regularisation": "shield",
    "Augmentation": "sparkles",
    "Composites": "boxes",
}


def icon(name: str, role: str = "text") -> QIcon:
    """Return a Lucide icon in the colour of a token of the theme: `text`, `quiet`, `on_accent`, `problem`, ..."""
    return QIcon(_Lucide(name, role))


def family_icon(category: str) -> str:
    """Return the name of the icon that stands for a family of layers."""
    return FAMILY_ICONS.get(category, "blocks")


def paint_icon(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Paint an icon as lines, sharp at every scale."""
    _renderer(name, colour.name()).render(painter, rect)


def paint_badge(painter: QPainter, rect: QRectF, category: str) -> None:
    """Paint a family's badge: a rounded square in its colour with its glyph, so that colour is never alone."""
    colour = family_colour(category)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(rect, rect.width() * 0.24, rect.width() * 0.24)
    inset = rect.width() * 0.18
    paint_icon(painter, rect.adjusted(inset, inset, -inset, -inset), family_icon(category), on(colour))
    painter.restore()


def badge(category: str, size: int = 18, ratio: float = 2.0) -> QPixmap:
    """Return a family's badge as a picture."""
    return _picture(size, ratio, lambda painter, rect: paint_badge(painter, rect, category))


def drawing(file: Path, ratio: float = 2.0) -> QPixmap:
    """Return an SVG file as a picture of its own size, in its own colours."""
    renderer = QSvgRenderer(str(file))
    pixmap = QPixmap(renderer.defaultSize() * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(QPoint(0, 0), renderer.defaultSize()))
    painter.end()
    return pixmap


def _picture(size: int, ratio: float, paint: object) -> QPixmap:
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint(painter, QRectF(0, 0, size, size))  # type: ignore[operator]
    painter.end()
    return pixmap


@cache
def _names() -> frozenset[str]:
    return frozenset(file.name.removesuffix(".svg") for file in (files("resources") / "icons").iterdir())


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))


class _Lucide(QIconEngine):
    """Paints one icon in whatever colours the theme has at that moment."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self.name, self.role = name, role
        if name not in _names():  # a mistake to be found here, not when it is first painted
            raise FileNotFoundError(f"there is no icon {name}.svg")

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        paint_icon(painter, QRectF(rect), self.name, self._colour(mode))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        if pixmap.isNull():  # a button squeezed to nothing asks for a picture of no size
            return pixmap
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _Lucide(self.name, self.role)

    def _colour(self, mode: QIcon.Mode) -> QColor:
        if mode == QIcon.Mode.Disabled:
            return QColor(disabled(tokens()))
        return QColor(getattr(tokens(), self.role))
