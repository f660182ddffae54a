"""How the network is trained: the settings, beside the curves, whatever box is selected."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from app.document import Document
from app.forms.form import Form
from engine.project.project import Project

PAUSE = 900  # milliseconds without an edit after which the next one is an undo step of its own


class TrainingForm(QScrollArea):
    """Edits the training settings of the project; what is wrong with one of them stands below it."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Training settings")
        page = QWidget(self.viewport())
        self.form = Form(document.project.training, page)
        self.form.edited.connect(self._edit)
        column = QVBoxLayout(page)
        column.setContentsMargins(14, 12, 8, 14)
        column.addWidget(self.form)
        column.addStretch()
        self.setWidget(page)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(document.end_merge)
        document.changed.connect(lambda _before, after: self._follow(after))
        self._follow(document.project)

    def _follow(self, project: Project) -> None:
        self.form.follow(project.training)
        self.form.show_problems(project.training.problems())

    def _edit(self, name: str, value: object) -> None:
        def change(project: Project) -> Project:
            return project.with_(training=project.training.with_(**{name: value}))

        self._document.edit(f"Change {name.replace('_', ' ')}", change, f"training:{name}")
        self._pause.start()
