"""Editors of pairs such as a kernel's height and width, and of lists of any length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.forms.editor import Editor
from app.forms.texts import LineEditor
from engine.spec import Param


class FixedEditor(Editor):
    """Several values side by side, each with its own editor: `3 × 3`."""

    def __init__(self, parent: QWidget, parts: Sequence[Callable[[QWidget], Editor]]) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        self.parts: list[Editor] = []
        for make in parts:
            if self.parts:
                row.addWidget(QLabel("×", self))
            part = make(self)
            self.parts.append(part)
            row.addWidget(part, 1)
            part.changed.connect(lambda _: self.changed.emit(self.value()))
        self.setFocusProxy(self.parts[0])

    def value(self) -> tuple[Any, ...]:
        return tuple(part.value() for part in self.parts)

    def show_value(self, value: Any) -> None:
        for part, item in zip(self.parts, value, strict=True):
            part.show_value(item)


def list_editor(kind: type, rule: Param, parent: QWidget) -> LineEditor:
    """Return the editor of a list of texts or numbers of any length: one line, with commas or × between."""
    if kind is str:
        return LineEditor(parent, _texts, ", ".join, "names, with commas between")
    between = " × " if kind is int else ", "
    write = lambda value: between.join(f"{v:g}" for v in value)  # noqa: E731
    return LineEditor(parent, _numbers(kind, rule), write, "numbers, with commas")


def _texts(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _numbers(kind: type, rule: Param) -> Callable[[str], tuple[Any, ...] | None]:
    def read(text: str) -> tuple[Any, ...] | None:
        words = text.replace("×", " ").replace("x", " ").replace(",", " ").replace(";", " ").split()
        try:
            value = tuple(kind(word) for word in words)
        except ValueError:
            return None
        return None if rule.problem(value) else value

    return read
