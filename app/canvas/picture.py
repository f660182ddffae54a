"""The whole network as a picture: PNG for a slide, SVG or PDF for print."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QStyleOptionGraphicsItem

from app.canvas.card import Mood, paint_card
from app.canvas.scene import Scene
from app.theme import tokens

EDGE = 32.0  # around the boxes
SHARP = 2.0  # pixels for one unit, where there are not too many
LARGEST = 16_000  # pixels of a side
POINTS = 0.75  # of a page, for one unit
SUFFIXES = (".png", ".svg", ".pdf")


def picture(scene: Scene, suffix: str) -> bytes:
    """Return a file of one of `SUFFIXES` with all boxes and wires, in the colours of the theme."""
    area = _area(scene)
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    {".svg": _svg, ".pdf": _pdf}.get(suffix, _png)(scene, area, buffer)
    return bytes(buffer.data().data())


def _area(scene: Scene) -> QRectF:
    area = scene.content()
    for wire in scene.wires.values():
        area = area.united(wire.path.boundingRect())
    for shape in scene.shapes.values():
        area = area.united(shape.sceneBoundingRect())
    return area.adjusted(-EDGE, -EDGE, EDGE, EDGE)


def _png(scene: Scene, area: QRectF, out: QIODevice) -> None:
    scale = min(SHARP, LARGEST / max(area.width(), area.height()))
    image = QImage((area.size() * scale).toSize(), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    painter = QPainter(image)
    _paint(scene, area, painter)
    painter.end()
    image.save(out, "PNG")  # type: ignore[call-overload]  # PySide's stub knows bytes only


def _svg(scene: Scene, area: QRectF, out: QIODevice) -> None:
    drawing = QSvgGenerator()
    drawing.setOutputDevice(out)
    drawing.setTitle("A network drawn with Netwright")
    drawing.setSize(QSize(round(area.width()), round(area.height())))
    drawing.setViewBox(QRectF(0, 0, area.width(), area.height()))
    painter = QPainter(drawing)
    _paint(scene, area, painter)
    painter.end()


def _pdf(scene: Scene, area: QRectF, out: QIODevice) -> None:
    page = QPdfWriter(out)
    page.setPageSize(QPageSize(QSizeF(area.width() * POINTS, area.height() * POINTS), QPageSize.Unit.Point))
    page.setPageMargins(QMarginsF())
    painter = QPainter(page)
    painter.scale(page.width() / area.width(), page.height() / area.height())
    _paint(scene, area, painter)
    painter.end()


def _paint(scene: Scene, area: QRectF, painter: QPainter) -> None:
    """Paint everything as it looks from near, nothing of it selected."""
    option = QStyleOptionGraphicsItem()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.fillRect(QRectF(0, 0, area.width(), area.height()), QColor(tokens().canvas))
    painter.translate(-area.topLeft())
    painter.setPen(Qt.PenStyle.SolidLine)
    for item in (*scene.wires.values(), *scene.shapes.values()):
        painter.save()
        painter.translate(item.pos())
        item.paint(painter, option)
        painter.restore()
    for node in scene.nodes.values():
        painter.save()
        painter.translate(node.pos())
        paint_card(painter, node.card, Mood(), 1.0)
        painter.restore()
