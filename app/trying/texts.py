"""Texts that a network reads: one line for each of its inputs that takes one."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from app.theme import scaled_font
from app.trying.strangers import reach
from app.trying.trial import Trial


class Texts(QWidget):
    """Shows texts and lets them be typed; `edited` comes with each letter."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: dict[str, QLineEdit] = {}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)

    def texts(self) -> dict[str, str]:
        """Return what stands in each line."""
        return {node: line.text() for node, line in self.lines.items()}

    def show_texts(self, trial: Trial, texts: Mapping[str, str]) -> None:
        """Show the texts of a sample."""
        if self.lines.keys() != texts.keys():
            self._rebuild(trial, list(texts))
        for node, text in texts.items():
            self.lines[node].setText(text.replace("\n", " "))
            self.lines[node].setCursorPosition(0)

    def _rebuild(self, trial: Trial, nodes: list[str]) -> None:
        for widget in self.findChildren(QWidget):
            widget.hide()
            widget.deleteLater()
        self.lines = {}
        for node in nodes:
            name = ", ".join(trial.inputs[node].columns) or node
            known = reach(trial, node)
            label, line = QLabel(f"Type a {name} of your own{f' ({known})' if known else ''}:", self), QLineEdit(self)
            label.setWordWrap(True)
            label.setProperty("quiet", True)
            label.setBuddy(line)
            line.setAccessibleName(name)
            line.setFont(scaled_font(16))
            line.setMinimumWidth(340)
            line.textEdited.connect(lambda _: self.edited.emit())
            self.lines[node] = line
            self.column.addWidget(label)
            self.column.addWidget(line)
