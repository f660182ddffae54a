"""The columns of a data set in figures: kind, what is missing, range, and how often each class occurs."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.theme import scaled_font, tokens
from engine.columns import date_text
from engine.data.summary import ColumnSummary, Summary

Index = QModelIndex | QPersistentModelIndex
LINE, BAR, SHOWN = 18, 17, 12  # heights in pixels; how many classes are drawn
NAME, FIGURE = 96, 44  # widths in pixels, at most
_ROLE = Qt.ItemDataRole.UserRole


class ColumnList(QListWidget):
    """One entry for each column; `chosen(name)` when one is clicked."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Columns of the data")
        self.setItemDelegate(_ColumnDelegate(self))
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.itemClicked.connect(lambda item: self.chosen.emit(item.data(_ROLE)[0].name))

    def show_summary(self, summary: Summary | None) -> None:
        """Show the figures of another data set; the likely target comes first."""
        self.clear()
        target = summary.target if summary else ""
        for column in sorted(summary.columns, key=lambda c: c.name != target) if summary else ():
            item = QListWidgetItem(f"{column.name}, {facts(column)}", self)
            item.setToolTip(facts(column))
            item.setData(_ROLE, (column, column.name == target))


def facts(column: ColumnSummary) -> str:
    """Return a column's figures in one line."""
    parts = [column.kind, column.shape, f"{column.missing:,} missing" if column.missing else ""]
    if column.smallest is not None and column.largest is not None and not column.shape:
        low, high = column.smallest, column.largest
        dates = column.kind == "date"
        parts.append(f"{date_text(low)} to {date_text(high)}" if dates else f"{low:.4g} to {high:.4g}")
    if column.mean is not None and not column.counts:
        parts.append(f"mean {column.mean:.4g}")
    if column.kind in ("category", "text") or column.counts:
        parts.append(f"{column.distinct:,} different")
    return " · ".join(filter(None, parts))


def _bars(column: ColumnSummary) -> tuple[tuple[str, int], ...]:
    return column.counts[:SHOWN] if column.kind != "text" else ()


class _ColumnDelegate(QStyledItemDelegate):
    """Draws a column's name, its figures, and a bar for each of its classes."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        column, _ = index.data(_ROLE)
        return QSize(220, 2 * LINE + BAR * len(_bars(column)) + 16)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        column, target = index.data(_ROLE)
        t, area = tokens(), option.rect.adjusted(12, 7, -12, -7)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver
        if option.state & lit:
            painter.fillRect(option.rect, QColor(t.raised))
        painter.setFont(scaled_font(13, bold=True))
        painter.setPen(QColor(t.text))
        _line(painter, area, 0, column.name + ("   likely target" if target else ""))
        painter.setFont(scaled_font(12))
        painter.setPen(QColor(t.problem if column.missing == column.rows else t.quiet))
        _line(painter, area, LINE, facts(column))
        largest = max((count for _, count in _bars(column)), default=1)
        for place, (label, count) in enumerate(_bars(column)):
            row = QRect(area.left(), area.top() + 2 * LINE + 2 + place * BAR, area.width(), BAR)
            _bar(painter, row, label, count, largest)
        painter.restore()


def _line(painter: QPainter, area: QRect, top: int, text: str) -> None:
    short = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, area.width())
    painter.drawText(QRect(area.left(), area.top() + top, area.width(), LINE), Qt.AlignmentFlag.AlignVCenter, short)


def _bar(painter: QPainter, row: QRect, label: str, count: int, largest: int) -> None:
    """Draw one class: its name, a bar as long as it is frequent, its count."""
    t, middle, name, figure = tokens(), Qt.AlignmentFlag.AlignVCenter, min(NAME, row.width() * 2 // 5), FIGURE
    painter.setPen(QColor(t.text))
    short = painter.fontMetrics().elidedText(label or "—", Qt.TextElideMode.ElideRight, name - 8)
    painter.drawText(QRect(row.left(), row.top(), name - 8, row.height()), middle, short)
    length = round((row.width() - name - figure) * count / largest)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(t.accent))
    painter.drawRoundedRect(QRect(row.left() + name, row.top() + 4, max(length, 2), row.height() - 8), 3, 3)
    painter.setPen(QColor(t.quiet))
    right = QRect(row.right() - figure, row.top(), figure, row.height())
    painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, f"{count:,}")
