"""Lines of a name and a value below each other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QVBoxLayout, QWidget


class Facts(QWidget):
    """A heading below a rule, then lines: the name on the left, the value on the right."""

    def __init__(self, heading: str, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 10, 6, 0)
        column.setSpacing(8)
        column.addWidget(rule(self))
        column.addWidget(heading_label(heading, self))
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self._lines: list[tuple[QLabel, QLabel]] = []

    def show_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show these lines in place of the old ones; labels are used again."""
        while len(self._lines) < len(lines):
            self._lines.append(self._line(len(self._lines)))
        for index, labels in enumerate(self._lines):
            shown = index < len(lines)
            for label, text in zip(labels, lines[index] if shown else ("", ""), strict=True):
                label.setText(text)
                label.setVisible(shown)

    def texts(self) -> dict[str, str]:
        """Return what is shown."""
        return {name.text(): value.text() for name, value in self._lines if name.text()}

    def _line(self, row: int) -> tuple[QLabel, QLabel]:
        name, value = QLabel(self), QLabel(self)
        name.setProperty("quiet", True)
        value.setProperty("heading", True)
        value.setAlignment(Qt.AlignmentFlag.AlignRight)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(value, row, 1)
        return name, value


def rule(parent: QWidget) -> QFrame:
    """Return a thin line."""
    line = QFrame(parent)
    line.setProperty("rule", True)
    return line


def heading_label(text: str, parent: QWidget) -> QLabel:
    """Return a small heading."""
    label = QLabel(text, parent)
    label.setProperty("heading", True)
    return label
