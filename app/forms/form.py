"""The form of a Spec: one row for each parameter that a person may see, built from what it says about itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.forms.editor import Editor
from app.forms.numbers import NumberEditor
from app.forms.specs import FamilyEditor, GroupEditor, OptionalEditor, SeveralEditor, visible_params
from app.forms.texts import BoolEditor, BoxEditor, ChoiceEditor, LineEditor
from app.forms.tuples import FixedEditor, list_editor
from app.icons import icon
from engine.spec import Param, Spec, is_group

LABEL_WIDTH = 92


class Form(QWidget):
    """Edits a Spec. `edited(name, value)` is emitted for what a person does; `follow` shows what the document says.

    Parameters that are edited elsewhere are named in `without`.
    """

    edited = Signal(str, object)

    def __init__(self, spec: Spec, parent: QWidget | None = None, *, without: Collection[str] = ()) -> None:
        super().__init__(parent)
        self._kind = type(spec)
        self.rows: dict[str, _Row | Group] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        self._folded = QWidget()
        self._add_rows(spec, column, without)
        self.follow(spec)

    def follow(self, spec: Spec) -> None:
        """Show the values of another Spec of the same class, without saying so."""
        for name, row in self.rows.items():
            row.show_value(getattr(spec, name))

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show a sentence below each parameter that has a problem; the others show none."""
        for name, row in self.rows.items():
            if isinstance(row, Group):
                start = f"{name}."
                row.show_problems({n.removeprefix(start): text for n, text in problems.items() if n.startswith(start)})
            else:
                row.show_problem(problems.get(name, ""))

    def editor(self, name: str) -> Editor:
        """Return the editor of a parameter."""
        return self.rows[name].editor

    def offer_boxes(self, names: Sequence[str]) -> None:
        """Let these names be chosen where the name of a box is wanted."""
        for editor in self.findChildren(BoxEditor):
            editor.offer(names)

    def _add_rows(self, spec: Spec, column: QVBoxLayout, without: Collection[str]) -> None:
        defaults, inner = self._kind(), QVBoxLayout(self._folded)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(7)
        names = [name for name in visible_params(self._kind) if name not in without]
        for name in names:
            rule, wanted = self._kind.params()[name], self._kind.types()[name]
            kind = Group if is_group(wanted) else _Row
            row = self.rows[name] = kind(name, rule, wanted, getattr(defaults, name))
            row.edited.connect(self.edited.emit)
            if kind is _Row:
                (inner if rule.advanced else column).addWidget(row)
        if inner.count():
            column.addWidget(_Fold("Advanced", "Show or hide what most people never change", self._folded))
            column.addWidget(self._folded)
        for group in [row for row in self.rows.values() if isinstance(row, Group)]:
            column.addWidget(group)


class _Fold(QToolButton):
    """A line that shows and hides what is below it."""

    def __init__(self, text: str, tip: str, content: QWidget) -> None:
        super().__init__()
        self.setText(text)
        self.setCheckable(True)
        self._content = content
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(tip)
        self.toggled.connect(self._show)
        self._show(False)

    def _show(self, shown: bool) -> None:
        self._content.setVisible(shown)
        self.setIcon(icon("chevron-down" if shown else "chevron-right", "quiet"))


class Group(QWidget):
    """Parameters that belong together, below a line that folds them away; open where something is not at its default."""

    edited = Signal(str, object)

    def __init__(self, name: str, rule: Param, wanted: type[Spec], default: Any) -> None:
        super().__init__()
        self._default = default
        self.editor = GroupEditor(wanted, Form)
        self.editor.changed.connect(lambda value: self.edited.emit(name, value))
        self.editor.name_for_readers(label_of(name), rule.doc)
        self.setToolTip(describe_param(rule, default))
        self.label = self._fold = _Fold(label_of(name), rule.doc, self.editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._fold)
        column.addWidget(self.editor)

    def show_value(self, value: Any) -> None:
        if value != self._default and value != self.editor.value():
            self._fold.setChecked(True)
        self.editor.show_value(value)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show a sentence below each parameter of the group that has a problem."""
        self.editor.form.show_problems(problems)


class _Row(QWidget):
    """A label, an editor, and a button that goes back to the default, seen when there is something to go back from."""

    edited = Signal(str, object)

    def __init__(self, name: str, rule: Param, wanted: Any, default: Any) -> None:
        super().__init__()
        self._name, self._default = name, default
        self.editor = build_editor(wanted, rule, default)
        self.editor.changed.connect(self._changed)
        self.label = QLabel(label_of(name))
        self.label.setProperty("quiet", True)
        self.label.setBuddy(self.editor)
        self._reset = self._reset_button()
        self._problem = QLabel(wordWrap=True)
        self._problem.hide()
        self._problem.setProperty("problem", True)
        self._arrange(rule)

    def show_value(self, value: Any) -> None:
        self.editor.show_value(value)
        self._reset.setVisible(value != self._default)

    def show_problem(self, text: str) -> None:
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def _arrange(self, rule: Param) -> None:
        tip = describe_param(rule, self._default)
        self.setToolTip(tip)
        self.editor.name_for_readers(self.label.text(), rule.doc)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.label)
        line.addWidget(self.editor, 1)
        line.addWidget(self._reset)
        column.addLayout(line)
        if self.editor.below is not None:
            column.addWidget(self.editor.below)
        column.addWidget(self._problem)

    def _reset_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("rotate-ccw", "quiet"))
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.setFixedSize(22, 22)
        text = f"Back to {plain(self._default)}"
        button.setToolTip(text)
        button.setAccessibleName(f"{label_of(self._name)}: {text}")
        button.clicked.connect(lambda: self._changed(self._default, show=True))
        return button

    def _changed(self, value: Any, *, show: bool = False) -> None:
        if show:
            self.editor.show_value(value)
        self._reset.setVisible(value != self._default)
        self.edited.emit(self._name, value)


def build_editor(wanted: Any, rule: Param, default: Any) -> Editor:
    """Return the editor for a type of value; every type that a Spec may declare has one.

    Raises TypeError for a type that nobody has met yet.
    """
    if isinstance(wanted, UnionType):
        return _optional(wanted, rule, default)
    if get_origin(wanted) is tuple:
        return _several(get_args(wanted), rule)
    if isinstance(wanted, type) and issubclass(wanted, Spec):
        return FamilyEditor(wanted, Form)
    if wanted in _SIMPLE:
        return _SIMPLE[wanted](rule)
    raise TypeError(f"There is no editor for {wanted}.")


_SIMPLE: dict[Any, Callable[[Param], Editor]] = {
    bool: lambda rule: BoolEditor(),
    int: lambda rule: NumberEditor(rule, whole=True),
    float: lambda rule: NumberEditor(rule, whole=False),
    str: lambda rule: ChoiceEditor(rule.choices) if rule.choices else BoxEditor() if rule.box else LineEditor(),
}


def _optional(wanted: Any, rule: Param, default: Any) -> Editor:
    inner = [part for part in get_args(wanted) if part is not NoneType]
    if len(inner) > 1:  # int | float and the like: the widest of them
        return build_editor(float if float in inner else inner[0], rule, default)
    if isinstance(inner[0], type) and issubclass(inner[0], Spec):
        return FamilyEditor(inner[0], Form, optional=True)
    start = default if default is not None else _first(inner[0], rule)
    return OptionalEditor(build_editor(inner[0], rule, start), start)


def _first(wanted: Any, rule: Param) -> Any:
    """Return a value to begin with where the default is none."""
    if get_origin(wanted) is tuple:
        parts = get_args(wanted)
        return () if parts[-1] is Ellipsis else tuple(_first(part, rule) for part in parts)
    if wanted is str:
        return rule.choices[0] if rule.choices else ""
    return wanted(max(rule.min or 0, 0 if wanted is float else 1) if wanted is not bool else False)


def _several(parts: tuple[Any, ...], rule: Param) -> Editor:
    if parts[-1] is not Ellipsis:
        return FixedEditor([build_editor(part, rule, None) for part in parts])
    if isinstance(parts[0], type) and issubclass(parts[0], Spec):
        return SeveralEditor(parts[0], Form)
    return list_editor(parts[0], rule)


def label_of(name: str) -> str:
    """Return what a form calls a parameter: `use_bias` is `Use bias`."""
    return name.replace("_", " ").capitalize()


def plain(value: Any) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Spec):
        return type(value).__name__
    if isinstance(value, tuple):
        return " × ".join(map(plain, value)) or "nothing"
    if isinstance(value, float):
        return f"{value:g}"
    return "nothing" if value in (None, "") else str(value)


def describe_param(rule: Param, default: Any) -> str:
    """Return the tool tip of a parameter: what it does, its bounds, its default."""
    low, high = rule.min, rule.max
    bounds = ""
    if low is not None and high is not None:
        bounds = f" From {low:g} to {high:g}{_unit(rule)}."
    elif low is not None:
        bounds = f" At least {low:g}{_unit(rule)}."
    return f"<qt>{rule.doc}{bounds} Default: {plain(default)}.</qt>"


def _unit(rule: Param) -> str:
    return f" {rule.unit.strip()}" if rule.unit else ""
