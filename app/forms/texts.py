"""Editors of yes or no, of texts, and of one choice of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QStyle, QStyleOptionComboBox, QWidget

from app.forms.editor import Editor


class BoolEditor(Editor):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        self.box = QCheckBox(self)
        self.box.toggled.connect(self._toggled)
        row.addWidget(self.box)
        row.addStretch()
        self.setFocusProxy(self.box)

    def value(self) -> bool:
        return self.box.isChecked()

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(value)
        self.box.setText("yes" if value else "no")

    def _toggled(self, value: bool) -> None:
        self.box.setText("yes" if value else "no")
        self.changed.emit(value)


class LineEditor(Editor):
    """A line of text that stands for a value: `write` turns the value into text, `read` back; None where it cannot."""

    def __init__(
        self, parent: QWidget, read: Callable[[str], Any] = str, write: Callable[[Any], str] = str, hint: str = ""
    ) -> None:
        super().__init__(parent)
        self._read, self._write = read, write
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = QLineEdit(self, placeholderText=hint)
        self.line.textEdited.connect(self._edited)
        self.line.editingFinished.connect(self._tidy)
        row.addWidget(self.line)
        self.setFocusProxy(self.line)
        self._value: Any = None

    def value(self) -> Any:
        return self._value

    def show_value(self, value: Any) -> None:
        if value != self._value or self.line.text() == "":
            self._value = value
            self.line.setText(self._write(value))
            self._mark(False)
            self._show_beginning()

    def _show_beginning(self) -> None:
        """Show where a long text begins, once nobody writes at its end."""
        if not self.line.hasFocus():
            self.line.setCursorPosition(0)

    def _edited(self, text: str) -> None:
        value = self._read(text)
        self._mark(value is None)
        if value is not None and value != self._value:
            self._value = value
            self.changed.emit(value)

    def _tidy(self) -> None:
        if self._read(self.line.text()) is None:
            self.line.setText(self._write(self._value))
            self._mark(False)
        self._show_beginning()

    def _mark(self, wrong: bool) -> None:
        if wrong != bool(self.line.property("wrong")):
            self.line.setProperty("wrong", wrong)
            self.line.style().polish(self.line)


class QuietCombo(QComboBox):
    """A combo box that the wheel turns only when it has the focus."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        super().wheelEvent(event) if self.hasFocus() else event.ignore()

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:
        """Let a text that has no room end in dots, not in half a letter."""
        super().initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        option.currentText = option.fontMetrics.elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)


class ChoiceEditor(Editor):
    """One of several texts; `labels` are what a person reads in their place."""

    def __init__(self, parent: QWidget, choices: tuple[str, ...], labels: tuple[str, ...] = ()) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box = QuietCombo(self)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for choice, label in zip(choices, labels or choices, strict=True):
            self.box.addItem(label.replace("_", " "), choice)
        self.box.activated.connect(lambda _: self.changed.emit(self.value()))
        row.addWidget(self.box)
        self.setFocusProxy(self.box)

    def value(self) -> str:
        return str(self.box.currentData())

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(value))


class BoxEditor(ChoiceEditor):
    """The name of a box, or none; `offer` says which there are."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, ("",), ("none",))
        self._names: tuple[str, ...] = ("",)

    def offer(self, names: Sequence[str]) -> None:
        """Let these names be chosen, besides none and the one that is."""
        kept = self.value()
        wanted = ("", *names, *([kept] if kept and kept not in names else []))
        if wanted == self._names:
            return
        self._names = wanted
        with QSignalBlocker(self.box):
            self.box.clear()
            for name in wanted:
                self.box.addItem(name or "none", name)
            self.box.setCurrentIndex(self.box.findData(kept))

    def show_value(self, value: Any) -> None:
        if self.box.findData(value) < 0:
            self._names = (*self._names, value)
            self.box.addItem(value, value)
        super().show_value(value)
