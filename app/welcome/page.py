"""The welcome page: new, from data, open, what was open lately, and examples that learn while one watches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.actions import Action
from app.icons import drawing, icon
from app.inspector.facts import heading_label
from app.welcome.examples import Example, examples


class WelcomePage(QScrollArea):
    """`example(path)` and `recent(path)` ask to open a file."""

    example = Signal(object)
    recent = Signal(object)

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setAccessibleName("Welcome")
        body = QWidget()
        body.setMaximumWidth(760)
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(32, 44, 32, 32)
        self._column.setSpacing(12)
        self._add_head(actions)
        self.tiles = [self._tile(one) for one in examples()]
        if self.tiles:
            self._add_examples()
        self._recent_heading = heading_label("Recent", self)
        self._column.addSpacing(14)
        self._column.addWidget(self._recent_heading)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(0)
        self._column.addLayout(self._recent)
        self._column.addStretch()
        self.setWidget(_centred(body))

    def show_recent(self, paths: Sequence[str]) -> None:
        """List recent files; those that are not there any more are grey."""
        while (item := self._recent.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for text in paths[:6]:
            self._recent.addWidget(self._recent_line(Path(text)))
        self._recent_heading.setVisible(bool(paths))

    def _add_head(self, actions: Sequence[Action]) -> None:
        title = QLabel("Netwright")
        title.setStyleSheet("font-size: 28px; font-weight: 600;")
        sentence = QLabel("Draw a neural network, train it on your own data, take it away as ONNX.")
        sentence.setProperty("quiet", True)
        row = QHBoxLayout()
        for action in actions:
            button, primary = QPushButton(action.text()), action is actions[0]
            button.setIcon(icon(action.icon_name, "on_accent" if primary else "text"))
            button.setProperty("primary", primary)
            button.setMinimumHeight(34)
            button.setToolTip(action.toolTip())
            button.clicked.connect(action.trigger)
            row.addWidget(button)
        row.addStretch()
        self._column.addWidget(title)
        self._column.addWidget(sentence)
        self._column.addSpacing(8)
        self._column.addLayout(row)

    def _add_examples(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(12)
        for index, tile in enumerate(self.tiles):
            grid.addWidget(tile, index // 3, index % 3)
        self._column.addSpacing(18)
        self._column.addWidget(heading_label("Examples: open one, press Train", self))
        self._column.addLayout(grid)

    def _tile(self, one: Example) -> QPushButton:
        tile = QPushButton()
        tile.setProperty("tile", True)
        tile.setMinimumSize(200, 156)
        tile.setAccessibleName(f"Open the example {one.title}")
        tile.setToolTip(one.sentence)
        tile.setCursor(Qt.CursorShape.PointingHandCursor)
        tile.clicked.connect(lambda: self.example.emit(one.path))
        title, sentence = heading_label(one.title, tile), QLabel(one.sentence, tile)
        sentence.setWordWrap(True)
        sentence.setProperty("quiet", True)
        column = QVBoxLayout(tile)
        column.setContentsMargins(14, 12, 14, 12)
        column.addWidget(_picture(one))
        column.addWidget(title)
        column.addWidget(sentence)
        column.addStretch()
        return tile

    def _recent_line(self, path: Path) -> QPushButton:
        there = path.exists()
        line = QPushButton(f"{path.stem}      {path.parent}")
        line.setProperty("link", True)
        line.setEnabled(there)
        line.setToolTip(str(path) if there else f"{path} is not there any more.")
        line.clicked.connect(lambda: self.recent.emit(path))
        return line


def _centred(body: QWidget) -> QWidget:
    outer = QWidget()
    row = QHBoxLayout(outer)
    row.setContentsMargins(0, 0, 0, 0)
    row.addStretch(1)
    row.addWidget(body, 8)
    row.addStretch(1)
    return outer


def _picture(one: Example) -> QLabel:
    """Return the drawing beside the example's file, where there is one, else an icon."""
    label, file = QLabel(), one.path.with_suffix(".svg")
    label.setPixmap(drawing(file) if file.exists() else icon("network", "accent").pixmap(QSize(26, 26)))
    return label
