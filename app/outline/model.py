"""The document's graph as a Qt model: boxes in the order of computation, below each its inputs."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.analysis import Analysis
from app.document import Document
from app.icons import badge
from engine.graph import NodeId, Port

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Box", "Layer", "Shape", "Parameters")
Outline = tuple[tuple[NodeId, tuple[str, ...]], ...]


class OutlineModel(QAbstractItemModel):
    """An index of a box carries 0; one of an input carries the row of its box plus 1. `rebuilt` follows every reset."""

    rebuilt = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.rows: Outline = _rows(document.analysis)
        self._row = {node: i for i, (node, _) in enumerate(self.rows)}
        document.analysed.connect(self._analyse)

    def _analyse(self, analysis: Analysis) -> None:
        rows = _rows(analysis)
        if rows == self.rows:
            last = self.index(len(rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.rows, self._row = rows, {node: i for i, (node, _) in enumerate(rows)}
        self.endResetModel()
        self.rebuilt.emit()

    def index_of(self, node: NodeId) -> QModelIndex:
        """Return the index of a box; an invalid one where it is not there."""
        return self.index(self._row[node], 0) if node in self._row else QModelIndex()

    def node_of(self, index: Index) -> NodeId | None:
        """Return the box of an index, also of one of its inputs."""
        if not index.isValid():
            return None
        row = index.internalId() - 1 if index.internalId() else index.row()
        return self.rows[row][0]

    def port_of(self, index: Index) -> Port | None:
        """Return the input that an index stands for, or None where it stands for a box."""
        if not index.isValid() or not index.internalId():
            return None
        node, ports = self.rows[index.internalId() - 1]
        return Port(node, ports[index.row()])

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        inside = parent.row() + 1 if parent.isValid() and not parent.internalId() else 0
        if not 0 <= row < self.rowCount(parent) or not 0 <= column < len(COLUMNS):
            return QModelIndex()
        return self.createIndex(row, column, inside)

    def parent(self, index: Index = QModelIndex()) -> Any:  # noqa: B008
        above = index.internalId() if index.isValid() else 0
        return self.createIndex(above - 1, 0, 0) if above else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self.rows)
        return 0 if parent.internalId() or parent.column() else len(self.rows[parent.row()][1])

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shown = role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal
        return COLUMNS[section] if shown else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self.node_of(index)
        if node is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            port = self.port_of(index)
            return self._input_text(port, index.column()) if port else self._box_text(node, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(index, node)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0 and not index.internalId():
            return badge(self.document.analysis.graph.nodes[node].category, 16)
        return None

    def _box_text(self, node: NodeId, column: int) -> str:
        analysis = self.document.analysis
        layer = analysis.graph.nodes[node]
        if column < 2:
            return (node, type(layer).__name__)[column]
        if column == 2:
            return ", ".join(analysis.shape_text(Port(node, name)) for name in layer.outputs)
        count = analysis.parameters(node)
        return f"{count:,}" if count else ""

    def _input_text(self, port: Port, column: int) -> str:
        analysis = self.document.analysis
        source = analysis.graph.wires.get(port)
        if column == 0:
            return f"{port.name} ← {source}" if source else f"{port.name} is not wired"
        return analysis.shape_text(source) if column == 2 and source else ""

    def _spoken(self, index: Index, node: NodeId) -> str:
        """Return what a screen reader says of a row: with its problem, where it has one."""
        if index.column():
            return str(self.data(index))
        if index.internalId():
            return str(self.data(index)).replace("←", "from")
        problems = " ".join(p.what for p in self.document.analysis.at.get(node, ()))
        return ". ".join(filter(None, (f"{node}, {self._box_text(node, 1)}", problems)))


def _rows(analysis: Analysis) -> Outline:
    graph = analysis.graph
    try:
        order = graph.order
    except ValueError:  # CycleError: wires go round
        order = tuple(graph.nodes)
    return tuple((node, graph.nodes[node].ports()) for node in order)
