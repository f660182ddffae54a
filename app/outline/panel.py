"""The outline as a panel: the same selection as the canvas, and a menu that wires boxes without a mouse."""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QWidget

from app.document import Document
from app.edits import delete, refusal, unwire, wire
from app.outline.model import OutlineModel
from engine.graph import NodeId, Port


class OutlinePanel(QTreeView):
    """`went` carries the box that was activated with Enter or a double click."""

    went = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.outline = OutlineModel(document, self)
        self._quiet = False
        self.setModel(self.outline)
        self.setAccessibleName("Outline of the network")
        self.setAccessibleDescription("Boxes in the order of computation, and below each its inputs.")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformRowHeights(True)
        self.setAllColumnsShowFocus(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.customContextMenuRequested.connect(self._open_menu)
        self.activated.connect(lambda index: self.went.emit(self.outline.node_of(index) or ""))
        self.selectionModel().selectionChanged.connect(self._selected_here)
        self.outline.rebuilt.connect(self._select_shown)
        document.selected.connect(self._select_shown)
        self._select_shown()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._delete()
        elif event.key() == Qt.Key.Key_Menu:
            self._open_menu(self.visualRect(self.currentIndex()).bottomLeft())
        else:
            super().keyPressEvent(event)

    def menu_for(self, node: NodeId, port: Port | None = None) -> QMenu:
        """Return the menu of a box, or of one of its inputs: wire, unwire, delete."""
        menu = QMenu(self)
        graph = self.document.project.graph
        if port:
            self._add_sources(menu.addMenu("Wire &from"), port)
            if port in graph.wires:
                menu.addAction("&Remove wire", lambda: self.document.edit("Remove wire", unwire(port)))
        else:
            self._add_targets(menu.addMenu("&Wire to"), node)
            menu.addAction("&Delete", self._delete)
        return menu

    def _add_sources(self, menu: QMenu, port: Port) -> None:
        graph = self.document.project.graph
        for node, layer in graph.nodes.items():
            for name in layer.outputs:
                if refusal(graph, Port(node, name), port) is None:
                    self._add_wire(menu, str(Port(node, name)), Port(node, name), port)
        menu.setEnabled(not menu.isEmpty())

    def _add_targets(self, menu: QMenu, node: NodeId) -> None:
        graph = self.document.project.graph
        ends = [Port(other, port) for other, layer in graph.nodes.items() for port in layer.ports()]
        for name in graph.nodes[node].outputs:
            source = Port(node, name)
            for end in sorted(ends, key=lambda end: end in graph.wires):
                if refusal(graph, source, end) is None:
                    self._add_wire(menu, f"{end.node}, input {end.name}", source, end)
        menu.setEnabled(not menu.isEmpty())

    def _add_wire(self, menu: QMenu, text: str, source: Port, target: Port) -> None:
        menu.addAction(text.replace("&", "&&"), lambda: self.document.edit("Wire", wire(source, target)))

    def _open_menu(self, at: QPoint) -> None:
        index = self.indexAt(at) if self.indexAt(at).isValid() else self.currentIndex()
        node = self.outline.node_of(index)
        if node is not None:
            menu = self.menu_for(node, self.outline.port_of(index))
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.viewport().mapToGlobal(at))

    def _delete(self) -> None:
        chosen = sorted(self.document.selection)
        if chosen:
            what = chosen[0] if len(chosen) == 1 else f"{len(chosen)} boxes"
            self.document.edit(f"Delete {what}", delete(chosen))

    def _selected_here(self) -> None:
        if not self._quiet:
            indexes = self.selectionModel().selectedRows()
            nodes = [self.outline.node_of(index) for index in indexes]
            self._quiet = True
            self.document.select(node for node in nodes if node is not None)
            self._quiet = False

    def _select_shown(self) -> None:
        """Select what the document has selected."""
        if self._quiet:
            return
        self._quiet = True
        chosen = QItemSelection()
        for node in self.document.selection:
            index = self.outline.index_of(node)
            if index.isValid():
                chosen.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(chosen, flags.ClearAndSelect | flags.Rows)
        if len(self.document.selection) == 1 and not chosen.isEmpty():
            self.setCurrentIndex(chosen.indexes()[0])
        self._quiet = False
