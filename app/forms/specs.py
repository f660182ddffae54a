"""Editors of values that are Specs themselves: a member of a family with its own form, one of them or none, several."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.forms.editor import Editor
from app.forms.focus import reach_after
from app.forms.texts import QuietCombo
from app.icons import icon
from engine.spec import Spec

FormMaker = Callable[[Spec, QWidget], Any]
_NONE = "none"


class FamilyEditor(Editor):
    """Chooses a member of a family, and edits the parameters of the one that is chosen."""

    def __init__(self, parent: QWidget, family: type[Spec], make_form: FormMaker, *, optional: bool = False) -> None:
        super().__init__(parent)
        self._family, self._make_form = family, make_form
        self._value: Any = None
        self._form: Any = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box = QuietCombo(self)
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.below = QFrame(parent)
        self.below.setProperty("nested", True)
        self._column = QVBoxLayout(self.below)
        self._column.setContentsMargins(10, 0, 0, 0)
        for name in members(family, optional=optional):
            self.box.addItem(words(name), name)
        self.box.activated.connect(self._chosen)
        row.addWidget(self.box)
        self.setFocusProxy(self.box)

    def value(self) -> Any:
        return self._value

    def show_value(self, value: Any) -> None:
        same = type(value) is type(self._value) and self._form is not None
        self._value = value
        with QSignalBlocker(self.box):
            self.box.setCurrentIndex(self.box.findData(_NONE if value is None else type(value).__name__))
        if same:
            self._form.follow(value)
        else:
            self._show_form()

    def _chosen(self) -> None:
        name = self.box.currentData()
        if name == (_NONE if self._value is None else type(self._value).__name__):
            return
        self._value = None if name == _NONE else _member(self._family, name)()
        self._show_form()
        self.changed.emit(self._value)

    def _show_form(self) -> None:
        assert self.below is not None
        if self._form is not None:
            self._form.hide()
            self._form.deleteLater()
            self._form = None
        if self._value is not None and visible_params(type(self._value)):
            self._form = self._make_form(self._value, self.below)
            self._form.edited.connect(self._edited)
            self._column.addWidget(self._form)
            reach_after(self.box, self._form)
        self.below.setVisible(self._form is not None)

    def _edited(self, name: str, value: Any) -> None:
        self._value = self._value.with_(**{name: value})
        self._form.follow(self._value)
        self.changed.emit(self._value)


class GroupEditor(Editor):
    """Edits a value that is one certain Spec: its form, with nothing to choose before it."""

    def __init__(self, parent: QWidget, value: Spec, make_form: FormMaker) -> None:
        super().__init__(parent)
        self._value: Any = value
        self.form = make_form(value, self)
        self.form.edited.connect(self._edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form)

    def value(self) -> Any:
        return self._value

    def show_value(self, value: Any) -> None:
        self._value = value
        self.form.follow(value)

    def _edited(self, name: str, value: Any) -> None:
        self._value = self._value.with_(**{name: value})
        self.changed.emit(self._value)


class OptionalEditor(Editor):
    """A value or none: a tick before the editor of the value."""

    def __init__(self, parent: QWidget, make: Callable[[QWidget], Editor], start: Any) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.tick = QCheckBox(self)
        self.tick.toggled.connect(self._toggled)
        self._inner = inner = make(self)
        inner.changed.connect(self.changed.emit)
        inner.show_value(start)
        row.addWidget(self.tick)
        row.addWidget(inner, 1)
        self.setFocusProxy(self.tick)

    def value(self) -> Any:
        return self._inner.value() if self.tick.isChecked() else None

    def show_value(self, value: Any) -> None:
        with QSignalBlocker(self.tick):
            self.tick.setChecked(value is not None)
        self._inner.setEnabled(value is not None)
        if value is not None:
            self._inner.show_value(value)

    def _toggled(self, on: bool) -> None:
        self._inner.setEnabled(on)
        self.changed.emit(self.value())


class SeveralEditor(Editor):
    """A list of members of a family: each with its form and a button that takes it away, and one that adds."""

    def __init__(self, parent: QWidget, family: type[Spec], make_form: FormMaker) -> None:
        super().__init__(parent)
        self._family, self._make_form = family, make_form
        self._rows: list[tuple[QWidget, FamilyEditor]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.more = QToolButton(self)
        self.more.setIcon(icon("plus"))
        self.more.setToolTip("Add another one")
        self.more.clicked.connect(self._add)
        column.addWidget(self.more)

    def value(self) -> tuple[Any, ...]:
        return tuple(editor.value() for _, editor in self._rows)

    def show_value(self, value: Any) -> None:
        if value == self.value():
            return
        while self._rows:
            self._drop(self._rows[-1][0])
        for item in value:
            self._append(item)

    def _append(self, item: Any) -> None:
        line, row = QWidget(self), QHBoxLayout()
        both = QVBoxLayout(line)
        both.setContentsMargins(0, 0, 0, 0)
        both.addLayout(row)
        editor = FamilyEditor(line, self._family, self._make_form)
        both.addWidget(editor.below or QWidget(line))
        editor.show_value(item)
        editor.changed.connect(lambda _: self.changed.emit(self.value()))
        away = QToolButton(line)
        away.setIcon(icon("x"))
        away.setToolTip("Take it away")
        away.setAccessibleName("Take it away")
        away.clicked.connect(lambda: self._remove(line))
        row.addWidget(editor, 1)
        row.addWidget(away)
        self._rows.append((line, editor))
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(column.count() - 1, line)

    def _add(self) -> None:
        self._append(_member(self._family, members(self._family)[0])())
        self.changed.emit(self.value())

    def _remove(self, line: QWidget) -> None:
        self._drop(line)
        self.changed.emit(self.value())

    def _drop(self, line: QWidget) -> None:
        self._rows = [row for row in self._rows if row[0] is not line]
        line.hide()
        line.deleteLater()


def members(family: type[Spec], *, optional: bool = False) -> list[str]:
    """Return the names that can be chosen: the family's own, or the one class where it is no family."""
    own = family.registry is not Spec.registry and "registry" in vars(family)
    names = sorted(family.registry) if own else [family.__name__]
    return ([_NONE] if optional else []) + names


def _member(family: type[Spec], name: str) -> type[Spec]:
    return family.registry.get(name, family) if "registry" in vars(family) else family


def visible_params(kind: type[Spec]) -> list[str]:
    """Return the names of the parameters that a person may see."""
    return [name for name, rule in kind.params().items() if not rule.hidden]


def words(name: str) -> str:
    """Return a class name as words: `CrossEntropy` is `Cross entropy`; names in capitals stay."""
    first, *rest = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).split()
    return " ".join([first, *(word if word.isupper() else word.lower() for word in rest)])
