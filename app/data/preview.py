"""Some rows of a data set: a table, with pictures where a column holds images."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from engine.arrays import Array
from engine.data.dataset import Dataset
from engine.data.summary import cell_text

Index = QModelIndex | QPersistentModelIndex
THUMBNAIL = 44  # pixels
NARROW, WIDE, LOOKED = 56, 300, 40  # widths of columns in pixels; how many rows say how wide one is


class Preview(QTableView):
    """Shows a whole data set; only the rows in sight are ever turned into texts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = _Rows(Dataset(()))
        self.setAccessibleName("Rows of the data")
        self.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setAlternatingRowColors(True)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(False)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setModel(self.rows)

    def show_dataset(self, dataset: Dataset | None) -> None:
        """Show another data set, or nothing."""
        dataset = dataset or Dataset(())
        pictures = any(column.kind == "image" for column in dataset.columns)
        self.verticalHeader().setDefaultSectionSize(THUMBNAIL + 8 if pictures else 24)
        self.rows = _Rows(dataset)
        self.setModel(self.rows)
        for place in range(min(self.rows.columnCount(), 200)):
            self.setColumnWidth(place, self._width(place))

    def _width(self, place: int) -> int:
        """Return how wide a column must be for its name and its first rows."""
        column, measure = self.rows.dataset.columns[place], self.fontMetrics().horizontalAdvance
        if column.kind == "image":
            return max(THUMBNAIL + 16, measure(column.name) + 24)
        texts = (cell_text(column, row) for row in range(min(len(self.rows.dataset), LOOKED)))
        return min(max(NARROW, measure(column.name) + 24, *(measure(text) + 20 for text in texts)), WIDE)

    def show_column(self, name: str) -> None:
        """Bring a column into sight."""
        place = [column.name for column in self.rows.dataset.columns].index(name)
        self.scrollTo(self.rows.index(max(self.rowAt(0), 0), place))
        self.selectColumn(place)


class _Rows(QAbstractTableModel):
    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self.dataset = dataset
        self._thumbnail = lru_cache(maxsize=512)(self._make_thumbnail)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.dataset)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.dataset.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        column = self.dataset.columns[index.column()]
        if column.kind == "image":
            return self._thumbnail(index.row(), index.column()) if role == Qt.ItemDataRole.DecorationRole else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cell_text(column, index.row()) or "—"
        if role == Qt.ItemDataRole.TextAlignmentRole and column.kind == "number":
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        across = orientation == Qt.Orientation.Horizontal
        if role == Qt.ItemDataRole.TextAlignmentRole and across and self.dataset.columns[section].kind == "number":
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole or (across and role == Qt.ItemDataRole.ToolTipRole):
            return self.dataset.columns[section].name if across else section + 1
        return None

    def _make_thumbnail(self, row: int, column: int) -> QPixmap:
        image = to_image(self.dataset.columns[column].values[row])
        return QPixmap.fromImage(image).scaled(THUMBNAIL, THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio)


def to_image(pixels: Array) -> QImage:
    """Return a picture for pixels (channels, height, width), uint8."""
    planes = pixels if len(pixels) == 3 else np.repeat(pixels[:1], 3, axis=0)
    rows = np.ascontiguousarray(planes.transpose(1, 2, 0))  # (3, H, W) -> (H, W, 3)
    height, width, _ = rows.shape
    return QImage(rows.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
