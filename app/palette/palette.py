"""The palette: a search field above the layers by family. Drag a layer out, or press Enter to add it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLabel,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon, paint_badge, paint_icon
from app.palette.rows import CATEGORY, NAME, Found, Layers
from app.theme import scaled_font, theme, tokens

_Index = QModelIndex | QPersistentModelIndex


class LayerPalette(QWidget):
    """`chosen(name)` asks to add a layer; `pointed(name)` says which one the keyboard or mouse is on ("" for none)."""

    chosen = Signal(str)
    pointed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = Layers()
        self.found = Found(self._rows)
        self.search = self._search_field()
        self.view = self._tree()
        self._nothing = QLabel("No layer has this in its name or its description.")
        self._nothing.setWordWrap(True)
        self._nothing.setProperty("quiet", True)
        self._nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 6, 4)
        column.setSpacing(6)
        for part in (self.search, self._nothing, self.view):
            column.addWidget(part)
        theme().changed.connect(self.view.viewport().update)

    def pointed_layer(self) -> str:
        """Return the layer that is marked in the list; "" where none is."""
        return self.view.currentIndex().data(NAME) or ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys and Enter in the search field act on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self.view.setFocus()
                self._mark_first()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._mark_first()
                self._choose(self.view.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _search_field(self) -> QLineEdit:
        field = QLineEdit(placeholderText="Search layers…", clearButtonEnabled=True)
        field.setAccessibleName("Search layers")
        field.addAction(icon("search", "quiet"), QLineEdit.ActionPosition.LeadingPosition)
        field.textChanged.connect(self._look_for)
        field.installEventFilter(self)
        return field

    def _tree(self) -> QTreeView:
        view = _Tree()
        view.setModel(self.found)
        view.expandAll()
        view.chosen.connect(self._choose)
        view.selectionModel().currentChanged.connect(lambda now, _: self.pointed.emit(now.data(NAME) or ""))
        return view

    def _look_for(self, text: str) -> None:
        self.found.look_for(text)
        self.view.expandAll()
        self._nothing.setVisible(self.found.rowCount() == 0)
        if text:
            self._mark_first()

    def _mark_first(self) -> None:
        if self.found.rowCount() and (not self.pointed_layer() or not self.view.currentIndex().isValid()):
            self.view.setCurrentIndex(self.found.index(0, 0, self.found.index(0, 0)))

    def _choose(self, index: _Index) -> None:
        if name := index.data(NAME):
            self.chosen.emit(name)


class _Tree(QTreeView):
    chosen = Signal(QModelIndex)

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(_Row(self))
        self.setAccessibleName("Layers")
        self.setExpandsOnDoubleClick(False)
        self.doubleClicked.connect(self.chosen)
        self.clicked.connect(self._fold)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _fold(self, index: QModelIndex) -> None:
        if index.data(NAME) is None:
            self.setExpanded(index, not self.isExpanded(index))


class _Row(QStyledItemDelegate):
    """Paints a family as a heading with a chevron, a layer as its badge and its name."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(80, 28 if index.data(NAME) else 34)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if index.data(NAME):
            self._paint_layer(painter, rect, option.state, index)
        else:
            self._paint_family(painter, rect, index)
        painter.restore()

    def _paint_layer(self, painter: QPainter, rect: QRect, state: Any, index: _Index) -> None:
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens().selected if selected else tokens().raised))
            painter.drawRoundedRect(QRectF(rect).adjusted(0, 1, -4, -1), 6, 6)
        paint_badge(painter, QRectF(rect.left() + 8, rect.center().y() - 8.5, 18, 18), index.data(CATEGORY))
        painter.setPen(QColor(tokens().text))
        painter.drawText(rect.adjusted(36, 0, -6, 0), _LEFT, index.data())

    def _paint_family(self, painter: QPainter, rect: QRect, index: _Index) -> None:
        painter.setFont(scaled_font(12, bold=True))
        painter.setPen(QColor(tokens().quiet))
        painter.drawText(rect.adjusted(2, 6, -24, 0), _LEFT, index.data())
        tree = self.parent()
        open_now = isinstance(tree, QTreeView) and tree.isExpanded(index)
        mark = QRectF(rect.right() - 20, rect.center().y() - 3, 13, 13)
        paint_icon(painter, mark, "chevron-down" if open_now else "chevron-right", QColor(tokens().quiet))


_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
