"""What a box shows, as a value, and how it is painted at every zoom and in both themes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from app.analysis import Analysis
from app.icons import badge
from app.sizes import WIDTH, height
from app.theme import Tokens, family_colour, mix, scaled_font, tokens
from engine.graph import NodeId
from engine.layer import Layer
from engine.learning import Learning
from engine.missing import Missing

RADIUS = 8.0
STRIP = 4.0
DETAIL = 0.5  # below this zoom a box shows its name only
TITLE, NOTE, FAR_TITLE = 13, 11, 27


@dataclass(frozen=True)
class Card:
    """All that is written on a box; it is painted again only where this differs."""

    node: NodeId
    kind: str
    category: str
    note: str
    count: str
    tall: float
    wrong: bool
    missing: bool
    hinted: bool
    inputs: tuple[tuple[str, bool], ...]  # port, whether it is wired
    outputs: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Mood:
    """How a box stands just now; none of it belongs to the document."""

    selected: bool = False
    hovered: bool = False
    dragged: bool = False
    draft: bool = False


def card_of(node: NodeId, layer: Layer, analysis: Analysis) -> Card:
    """Return what a box shows."""
    graph = analysis.graph
    wired = graph.sources(node)
    return Card(
        node,
        type(layer).__name__,
        layer.category,
        note_of(layer),
        "" if layer.learning.shares else count_text(analysis.parameters(node)),
        height(layer),
        node in analysis.at,
        isinstance(layer, Missing),
        node in analysis.hinted,
        tuple((port, port in wired) for port in layer.ports()),
        tuple((port, (node, port) in graph.readers) for port in layer.outputs),
    )


def draft_card(layer: Layer) -> Card:
    """Return what a box shows that is not on the canvas yet."""
    kind = type(layer).__name__
    ports = tuple((port, False) for port in layer.ports())
    outputs = tuple((port, False) for port in layer.outputs)
    return Card(
        kind.lower(), kind, layer.category, note_of(layer), "", height(layer), False, False, False, ports, outputs
    )


def note_of(layer: Layer) -> str:
    """Return a layer's telling parameters; nothing where its values are so wrong that it cannot say them."""
    try:
        return " · ".join(filter(None, [*_learning(layer.learning), layer.summary()]))
    except Exception:  # a fault in a layer must not take the window down
        return ""


def _learning(learning: Learning) -> list[str]:
    """Return in a word or two what is unusual about how weights learn."""
    if learning.shares:
        return [f"weights of {learning.shares}"]
    return ["frozen"] if learning.frozen else []


def count_text(count: int | None) -> str:
    """Return a number of parameters in at most six characters; nothing for none."""
    if not count:
        return ""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if count >= limit:
            return f"{count / (1e3 if unit == 'k' else limit):.3g} {unit}"
    return f"{count:,}"


def paint_card(painter: QPainter, card: Card, mood: Mood, zoom: float) -> None:
    """Paint a box with its top left corner at the origin."""
    rect = QRectF(0, 0, WIDTH, card.tall)
    if zoom < DETAIL:
        _paint_far(painter, rect, card, mood, zoom)
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if mood.draft:
        painter.setOpacity(0.72)
    _paint_shadow(painter, rect, mood)
    _paint_body(painter, rect, card, mood)
    _paint_text(painter, rect, card, zoom)
    _paint_ports(painter, card, mood)


def _edge(card: Card, mood: Mood, t: Tokens) -> tuple[QColor, float]:
    if card.wrong:
        return QColor(t.problem), 2.0 if mood.selected else 1.4
    if mood.selected:
        return QColor(t.accent), 2.0
    if card.hinted:
        return QColor(t.warning), 1.2
    return QColor(mixed(t.border, t.quiet, 0.6 if mood.hovered else 0.0)), 1.0


def _paint_far(painter: QPainter, rect: QRectF, card: Card, mood: Mood, zoom: float) -> None:
    """Paint a box that is too small for details: its name on its family's colour."""
    t = tokens()
    colour, _ = _edge(card, mood, t)
    body = QColor(mixed(t.panel, family_colour(card.category).name(), 0.36))
    painter.setPen(QPen(colour, 2.0 / zoom) if card.wrong or mood.selected else Qt.PenStyle.NoPen)
    painter.setBrush(body)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    _write(painter, rect.adjusted(10, 0, -8, 0), card.node, FAR_TITLE, True, t.text)


def _paint_shadow(painter: QPainter, rect: QRectF, mood: Mood) -> None:
    """Paint the halo of a selected box, and the soft shadow that lifts every box off the canvas."""
    t = tokens()
    painter.setPen(Qt.PenStyle.NoPen)
    lift = 2.2 if mood.dragged else 1.0
    shade = QColor(0, 0, 0, 34 if t.dark else 10)
    for step in (1, 2, 3):
        painter.setBrush(shade)
        painter.drawRoundedRect(rect.adjusted(-step, 1, step, step * 1.6 * lift), RADIUS + step, RADIUS + step)
    if mood.selected:
        halo = QColor(t.accent)
        halo.setAlpha(56)
        painter.setBrush(halo)
        painter.drawRoundedRect(rect.adjusted(-4, -4, 4, 4), RADIUS + 4, RADIUS + 4)


def _paint_body(painter: QPainter, rect: QRectF, card: Card, mood: Mood) -> None:
    t = tokens()
    fill = QColor(mixed(t.panel, t.raised, 0.7) if mood.hovered or mood.dragged else t.panel)
    painter.setBrush(fill)
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    painter.setBrush(QColor(t.quiet) if card.missing else family_colour(card.category))
    painter.drawPath(_strip(card.tall))
    colour, width = _edge(card, mood, t)
    pen = QPen(colour, width)
    pen.setStyle(Qt.PenStyle.DashLine if card.missing or mood.draft else Qt.PenStyle.SolidLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_outline(rect))


@lru_cache(maxsize=64)
def _strip(tall: float) -> QPainterPath:
    """Return the left edge of a box: a path, as files of drawings know no clipping that all readers respect."""
    whole, strip = QPainterPath(), QPainterPath()
    whole.addRoundedRect(QRectF(0, 0, WIDTH, tall), RADIUS, RADIUS)
    strip.addRect(QRectF(0, 0, STRIP, tall))
    return whole.intersected(strip)


def _outline(rect: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
    return path


def _paint_text(painter: QPainter, rect: QRectF, card: Card, zoom: float) -> None:
    t, left, right = tokens(), STRIP + 10, WIDTH - 12
    middle = rect.height() / 2
    ratio = max(1.0, min(6.0, round(zoom * painter.device().devicePixelRatioF() * 2) / 2))
    painter.drawPixmap(QRectF(right - 18, middle - 21, 18, 18), *_badge(card.category, ratio, t.dark))
    count = _width(card.count, NOTE) + 8 if card.count else 0.0
    _write(painter, QRectF(left, middle - 22, right - left - 24 - count, 20), card.node, TITLE, True, t.text)
    if card.count:
        _write(
            painter, QRectF(right - 24 - count, middle - 22, count, 20), card.count, NOTE, False, t.quiet, right=True
        )
    kind = card.kind if card.kind.lower() != card.node.lower() or not card.note else ""
    note = " · ".join(filter(None, (kind, card.note)))
    _write(painter, QRectF(left, middle + 2, right - left, 18), note, NOTE, False, t.quiet)


def _write(
    painter: QPainter, rect: QRectF, text: str, size: int, bold: bool, colour: str, *, right: bool = False
) -> None:
    painter.setFont(_font(size, bold))
    painter.setPen(QColor(colour))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(rect, side | Qt.AlignmentFlag.AlignVCenter, elided(text, size, bold, rect.width()))


def _paint_ports(painter: QPainter, card: Card, mood: Mood) -> None:
    t = tokens()
    sides = ((card.inputs, 0.0), (card.outputs, WIDTH))
    for ports, x in sides:
        first = card.tall / 2 - 8 * (len(ports) - 1)
        for i, (_, wired) in enumerate(ports):
            open_input = card.wrong and not wired and x == 0.0
            painter.setPen(QPen(QColor(t.problem if open_input else t.wire), 1.6))
            painter.setBrush(QColor(t.wire if wired else t.canvas))
            painter.drawEllipse(QPointF(x, first + 16 * i), 4.2, 4.2)


mixed = lru_cache(maxsize=256)(mix)
_font = lru_cache(maxsize=16)(lambda size, bold: scaled_font(size, bold=bold))


@lru_cache(maxsize=4096)
def elided(text: str, size: int, bold: bool, width: float) -> str:
    """Return a text that fits into a width, with an ellipsis where it had to be cut."""
    return QFontMetricsF(_font(size, bold)).elidedText(text, Qt.TextElideMode.ElideRight, width)


@lru_cache(maxsize=4096)
def _width(text: str, size: int) -> float:
    return QFontMetricsF(_font(size, False)).horizontalAdvance(text)


@lru_cache(maxsize=256)
def _badge(category: str, ratio: float, dark: bool) -> tuple[QPixmap, QRectF]:
    picture = badge(category, 18, ratio)
    return picture, QRectF(0, 0, picture.width(), picture.height())


def forget_fonts() -> None:
    """Measure and draw again after the program's font or theme has changed."""
    for cached in (_font, elided, _width, _badge):
        cached.cache_clear()
