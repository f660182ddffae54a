"""What the inspector shows when no box is selected, and when several are."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.document import Document
from app.forms.form import Form
from app.inspector.box_page import shape_of
from app.inspector.facts import Facts, heading_label, rule
from app.inspector.numbers import short


class ProjectPage(QWidget):
    """The settings of the whole project: how it is trained, where its data comes from."""

    edited = Signal()

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        head = _title("Project", "Select a box to see its own settings here.", self)
        self.training = Form(document.project.training, self)
        self.data = Form(document.project.data, self)
        self.training.edited.connect(lambda name, value: self._edit("training", name, value))
        self.data.edited.connect(lambda name, value: self._edit("data", name, value))
        self.facts = Facts("Network", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 8, 14)
        column.setSpacing(9)
        column.addWidget(head)
        for heading, part in (("Training", self.training), ("Data", self.data)):
            column.addWidget(rule(self))
            column.addWidget(heading_label(heading, self))
            column.addWidget(part)
        column.addWidget(self.facts)
        column.addStretch()
        self.follow()

    def follow(self) -> None:
        """Show the project as it is now."""
        project, analysis = self._document.project, self._document.analysis
        for form, settings in ((self.training, project.training), (self.data, project.data)):
            form.follow(settings)
            form.show_problems(settings.problems())
        total = "?" if analysis.total is None else f"{analysis.total:,}"
        self.facts.show_lines([("boxes", str(len(project.graph.nodes))), ("parameters", total)])

    def _edit(self, part: str, name: str, value: object) -> None:
        def change(project):  # type: ignore[no-untyped-def]
            return project.with_(**{part: getattr(project, part).with_(**{name: value})})

        self._document.edit(f"Change {name.replace('_', ' ')}", change, f"{part}:{name}")
        self.edited.emit()


class SeveralPage(QWidget):
    """Several selected boxes: what they have in common, and how large they are together."""

    edited = Signal()

    def __init__(self, document: Document, parent: QWidget) -> None:
        super().__init__(parent)
        self._document = document
        self._title = QLabel(self)
        self._title.setProperty("title", True)
        self.facts = Facts("These boxes", self)
        self._together = Facts("Together", self)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 8, 14)
        column.addWidget(self._title)
        column.addWidget(self.facts)
        column.addWidget(self._together)
        column.addStretch()
        self.follow()

    def follow(self) -> None:
        """Show the boxes that are selected now."""
        analysis, chosen = self._document.analysis, self._document.selection
        nodes = [node for node in analysis.graph.nodes if node in chosen]
        self._title.setText(f"{len(nodes)} boxes")
        self.facts.show_lines([(node, shape_of(analysis, node)) for node in nodes[:24]])
        counts = [analysis.parameters(node) for node in nodes]
        known = [count for count in counts if count is not None]
        total = short(sum(known)) if len(known) == len(counts) else "?"
        self._together.show_lines([("parameters", total)])


def _title(text: str, sentence: str, parent: QWidget) -> QWidget:
    box = QWidget(parent)
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    title, below = QLabel(text, box), QLabel(sentence, box)
    title.setProperty("title", True)
    below.setProperty("quiet", True)
    below.setWordWrap(True)
    column.addWidget(title)
    column.addWidget(below)
    return box
