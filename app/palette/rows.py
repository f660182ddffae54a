"""The list behind the palette: families and their layers, filtered by what is typed, ready to be dragged."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from engine.catalog import layers_by_category
from engine.layer import Layer

MIME = "application/x-netwright-layer"
NAME = int(Qt.ItemDataRole.UserRole)
CATEGORY = NAME + 1
SEARCH = NAME + 2
FIRST = ("Input and output", "Dense", "Convolution", "Pooling", "Activation")  # what one reaches for first, first
LEFT_OUT = "Missing"  # stands for a layer that this version does not know; nobody adds one


class Layers(QStandardItemModel):
    """Families with their layers below them."""

    def __init__(self) -> None:
        super().__init__()
        for category, kinds in sorted(layers_by_category().items(), key=lambda group: _rank(group[0])):
            if category != LEFT_OUT:
                self.appendRow(_family(category, kinds))

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        names = [name for index in indexes if (name := index.data(NAME))]
        if names:
            mime.setData(MIME, QByteArray(names[0].encode()))
        return mime


class Found(QSortFilterProxyModel):
    """The layers in which every typed word occurs: in the name, the family or the sentence; families of those alone."""

    def __init__(self, rows: Layers) -> None:
        super().__init__()
        self._words: list[str] = []
        self.setSourceModel(rows)

    def look_for(self, text: str) -> None:
        self._words = text.lower().split()
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: QModelIndex | QPersistentModelIndex) -> bool:
        index = self.sourceModel().index(row, 0, parent)
        if index.data(NAME) is None:
            return any(self.filterAcceptsRow(i, index) for i in range(self.sourceModel().rowCount(index)))
        return all(word in index.data(SEARCH) for word in self._words)


def _rank(category: str) -> tuple[int, str]:
    return (FIRST.index(category) if category in FIRST else len(FIRST), category)


def _family(category: str, kinds: list[type[Layer]]) -> QStandardItem:
    family = QStandardItem(category)
    family.setFlags(Qt.ItemFlag.ItemIsEnabled)
    family.setData(category, CATEGORY)
    for kind in kinds:
        family.appendRow(_layer(kind))
    return family


def _layer(kind: type[Layer]) -> QStandardItem:
    item = QStandardItem(kind.__name__)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    item.setData(kind.__name__, NAME)
    item.setData(kind.category, CATEGORY)
    item.setData(f"{kind.__name__} {kind.category} {kind.title()}".lower(), SEARCH)
    item.setToolTip(f"<qt><b>{kind.__name__}</b><br>{kind.title()}</qt>")
    item.setData(f"{kind.__name__}: {kind.title()}", int(Qt.ItemDataRole.AccessibleTextRole))
    return item
