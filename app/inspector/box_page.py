"""One selected box: its name, the form of its layer, and what is known about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app import edits
from app.analysis import Analysis
from app.document import Document
from app.forms.form import LABEL_WIDTH, Form
from app.icons import badge
from app.inspector.facts import Facts
from app.inspector.numbers import short
from app.theme import theme
from engine.arrays import describe
from engine.graph import NodeId, Port
from engine.layer import Layer
from engine.problems import UserError


class BoxPage(QWidget):
    """Follows one box of the document until it is gone."""

    edited = Signal()

    def __init__(self, document: Document, node: NodeId, parent: QWidget) -> None:
        super().__init__(parent)
        self._document, self.node = document, node
        layer = self.layer
        self.kind = type(layer)
        self._badge = QLabel(self)
        self.name = QLineEdit(node, self)
        self.name.setAccessibleName("Name of the box")
        self.name.editingFinished.connect(self._rename)
        self.name.textEdited.connect(lambda _: self._refuse(""))
        self._refusal = QLabel(self)
        self._refusal.setWordWrap(True)
        self._refusal.setProperty("problem", True)
        self.form = Form(layer, self)
        self.form.edited.connect(self._edit)
        self.facts = Facts("This box", self)
        self._arrange()
        self._refuse("")
        self._paint_badge()
        theme().changed.connect(self._paint_badge)
        self.follow()

    @property
    def layer(self) -> Layer:
        """The layer as the document has it now."""
        return self._document.project.graph.nodes[self.node]

    def follow(self) -> None:
        """Show the box as the document has it now."""
        graph = self._document.project.graph
        self.form.offer_boxes([n for n, other in graph.nodes.items() if type(other) is self.kind and n != self.node])
        self.form.follow(self.layer)
        self.form.show_problems(self.layer.problems())
        self.facts.show_lines(facts(self._document.analysis, self.node))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 8, 14)
        column.setSpacing(9)
        head = QHBoxLayout()
        title = QLabel(self.kind.__name__, self)
        title.setProperty("title", True)
        head.addWidget(self._badge)
        head.addWidget(title)
        head.addStretch()
        column.addLayout(head)
        sentence = QLabel(self.kind.title(), self)
        sentence.setWordWrap(True)
        sentence.setProperty("quiet", True)
        column.addWidget(sentence)
        column.addLayout(self._name_row())
        column.addWidget(self._refusal)
        column.addWidget(self.form)
        column.addWidget(self.facts)
        column.addStretch()

    def _name_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        label = QLabel("Name", self)
        label.setProperty("quiet", True)
        label.setFixedWidth(LABEL_WIDTH)
        label.setBuddy(self.name)
        row.addWidget(label)
        row.addWidget(self.name, 1)
        row.addSpacing(26)
        return row

    def _paint_badge(self) -> None:
        picture: QPixmap = badge(self.kind.category, 20, self.devicePixelRatioF() * 2)
        self._badge.setPixmap(picture)

    def _edit(self, name: str, value: object) -> None:
        text = f"Change {name.replace('_', ' ')} of {self.node}"
        self._document.edit(text, edits.set_param(self.node, name, value), f"param:{self.node}:{name}")
        self.edited.emit()

    def _rename(self) -> None:
        new = self.name.text().strip()
        if new == self.node:
            return
        try:
            change = edits.rename(self.node, new)
            change(self._document.project)
        except UserError as error:
            self._refuse(str(error))
            return
        self.node = new
        self._document.edit(f"Rename to {new}", change)
        self._document.select([new])

    def _refuse(self, sentence: str) -> None:
        self._refusal.setText(sentence)
        self._refusal.setVisible(bool(sentence))
        self.name.setProperty("wrong", bool(sentence))
        self.name.style().polish(self.name)


def facts(analysis: Analysis, node: NodeId) -> list[tuple[str, str]]:
    """Return what is known about a box: shapes, trained numbers, multiply-adds."""
    layer = analysis.graph.nodes[node]
    sources = analysis.graph.sources(node)
    lines = [
        (
            "in" if len(layer.ports()) == 1 else f"in {port}",
            analysis.shape_text(sources[port]) if port in sources else "–",
        )
        for port in layer.ports()
    ]
    lines += [
        ("out" if len(layer.outputs) == 1 else f"out {name}", analysis.shape_text(Port(node, name)))
        for name in layer.outputs
    ]
    count = analysis.parameters(node)
    whose = f" of {layer.learning.shares}" if layer.learning.shares else ""
    lines.append(("parameters", "?" if count is None else f"{count:,}{whose}"))
    return lines + _work(analysis, node, layer)


def _work(analysis: Analysis, node: NodeId, layer: Layer) -> list[tuple[str, str]]:
    inputs = analysis.inputs(node)
    if inputs is None or analysis.parameters(node) is None:
        return []
    try:
        work = layer.multiply_adds(*inputs)
    except Exception:  # a fault in a layer must not take the window down
        return []
    return [("multiply-adds", short(work))] if work else []


def total_text(analysis: Analysis) -> str:
    """Return how large the whole network is."""
    boxes = len(analysis.graph.nodes)
    count = "?" if analysis.total is None else short(analysis.total)
    return f"{boxes} {'box' if boxes == 1 else 'boxes'} · {count} parameters"


def shape_of(analysis: Analysis, node: NodeId) -> str:
    """Return the shape that leaves a box by its first output; "" where nothing leaves."""
    layer = analysis.graph.nodes[node]
    found = analysis.shape(Port(node, layer.outputs[0])) if layer.outputs else None
    return describe(found) if found is not None else ""
