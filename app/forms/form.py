"""The form of a Spec: one row for each parameter that a person may see, built from what it says about itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.forms.editor import Editor
from app.forms.focus import reach_after
from app.forms.fold import Fold
from app.forms.numbers import NumberEditor
from app.forms.specs import FamilyEditor, GroupEditor, OptionalEditor, SeveralEditor, visible_params
from app.forms.texts import BoolEditor, BoxEditor, ChoiceEditor, LineEditor
from app.forms.tuples import FixedEditor, list_editor
from app.icons import icon
from engine.spec import Param, Spec, is_group

LABEL_WIDTH = 92
BUTTON, GAP = 22, 4  # pixels


class Form(QWidget):
    """Edits a Spec. `edited(name, value)` is emitted for what a person does; `follow` shows what the document says.

    Parameters that are edited elsewhere are named in `without`. What is folded away is made when it is first opened, or
    asked for by `editor`; `rows` are those that are made, `names` all parameters that a person may see.
    """

    edited = Signal(str, object)

    def __init__(self, spec: Spec, parent: QWidget | None = None, *, without: Collection[str] = ()) -> None:
        super().__init__(parent)
        self._kind, self._spec, self._defaults = type(spec), spec, type(spec)()
        self._problems: Mapping[str, str] = {}
        self._boxes: Sequence[str] = ()
        self.names = [name for name in visible_params(self._kind) if name not in without]
        self.rows: dict[str, _Row | Group] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        self._add_rows(column)

    def follow(self, spec: Spec) -> None:
        """Show the values of another Spec of the same class, without saying so."""
        self._spec = spec
        for name, row in self.rows.items():
            row.show_value(getattr(spec, name))

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show a sentence below each parameter that has a problem; the others show none."""
        self._problems = problems
        for name, row in self.rows.items():
            row.show_problems(_problems_of(name, problems))

    def editor(self, name: str) -> Editor:
        """Return the editor of a parameter."""
        if name in self.names and name not in self.rows:
            self._advanced.make()
        return self.rows[name].editor

    def offer_boxes(self, names: Sequence[str]) -> None:
        """Let these names be chosen where the name of a box is wanted."""
        self._boxes = names
        for form in self.findChildren(Form):
            form._boxes = names
        for editor in self.findChildren(BoxEditor):
            editor.offer(names)

    def _add_rows(self, column: QVBoxLayout) -> None:
        types, rules = self._kind.types(), self._kind.params()
        groups = [name for name in self.names if is_group(types[name])]
        for name in self.names:
            if name not in groups and not rules[name].advanced:
                column.addWidget(self._row(name, _Row, self))
        self._folded = [name for name in self.names if name not in groups and rules[name].advanced]
        if self._folded:
            self._advanced = Fold("Advanced", "Show or hide what most people never change", self._advanced_rows, self)
            column.addWidget(self._advanced)
        for name in groups:
            column.addWidget(self._row(name, Group, self))

    def _advanced_rows(self) -> QWidget:
        page = QWidget(self)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(7)
        for name in self._folded:
            column.addWidget(self._row(name, _Row, page))
        self._made_late()
        return page

    def _row(self, name: str, kind: type[_Row] | type[Group], parent: QWidget) -> _Row | Group:
        rule, wanted = self._kind.params()[name], self._kind.types()[name]
        row = self.rows[name] = kind(name, rule, wanted, getattr(self._defaults, name), parent)
        row.show_value(getattr(self._spec, name))
        row.show_problems(_problems_of(name, self._problems))
        row.edited.connect(self.edited.emit)
        if isinstance(row, Group):
            row.made_late.connect(self._made_late)
        return row

    def _made_late(self) -> None:
        self.offer_boxes(self._boxes)


class Group(QWidget):
    """Parameters that belong together, below a line that folds them away; open where something is not at its default."""

    edited = Signal(str, object)
    made_late = Signal()

    def __init__(self, name: str, rule: Param, wanted: type[Spec], default: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._rule, self._default = name, rule, default
        self._value = default
        self._problems: Mapping[str, str] = {}
        self.setToolTip(describe_param(rule, default))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.label = self._fold = Fold(label_of(name), rule.doc, self._make_editor, self)
        column.addWidget(self._fold)

    @property
    def editor(self) -> GroupEditor:
        """The editor of the value; it is made when it is first wanted."""
        editor = self._fold.make()
        assert isinstance(editor, GroupEditor)
        return editor

    def show_value(self, value: Any) -> None:
        other, self._value = value != self._value, value
        if other and value != self._default:
            self._fold.setChecked(True)
        if self._fold.content is not None:
            self.editor.show_value(value)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show a sentence below each parameter of the group that has a problem."""
        self._problems = problems
        if self._fold.content is not None:
            self.editor.form.show_problems(problems)

    def _make_editor(self) -> GroupEditor:
        editor = GroupEditor(self, self._value, Form)
        editor.name_for_readers(label_of(self._name), self._rule.doc)
        editor.form.show_problems(self._problems)
        editor.changed.connect(self._changed)
        self.made_late.emit()
        return editor

    def _changed(self, value: Any) -> None:
        self._value = value
        self.edited.emit(self._name, value)


class _Row(QWidget):
    """A label, an editor, and a button that goes back to the default, seen when there is something to go back from."""

    edited = Signal(str, object)

    def __init__(self, name: str, rule: Param, wanted: Any, default: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._default, self._rule = name, default, rule
        self.label = QLabel(label_of(name), self)
        self.label.setProperty("quiet", True)
        self.editor = build_editor(wanted, rule, default, self)
        self.editor.changed.connect(self._changed)
        self.label.setBuddy(self.editor)
        self._arrange(rule)

    def show_value(self, value: Any) -> None:
        self.editor.show_value(value)
        self._offer_reset(value)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show the sentence about this parameter below it, if there is one."""
        text = problems.get("", "")
        if text or "_problem" in vars(self):
            self._problem.setText(text)
            self._problem.setVisible(bool(text))

    def _arrange(self, rule: Param) -> None:
        tip = describe_param(rule, self._default)
        self.setToolTip(tip)
        self.editor.name_for_readers(self.label.text(), rule.doc)
        self.label.setFixedWidth(LABEL_WIDTH)
        self.label.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3)
        self._line = QHBoxLayout()
        self._line.setSpacing(GAP)
        self._line.setContentsMargins(0, 0, GAP + BUTTON, 0)
        self._column.addLayout(self._line)
        self._line.addWidget(self.label)
        self._line.addWidget(self.editor, 1)
        if self.editor.below is not None:
            self._column.addWidget(self.editor.below)

    @cached_property
    def _problem(self) -> QLabel:
        label = QLabel(self, wordWrap=True)
        label.hide()
        label.setProperty("problem", True)
        self._column.addWidget(label)
        return label

    @cached_property
    def _reset(self) -> QToolButton:
        button = QToolButton(self)
        button.hide()
        button.setIcon(icon("rotate-ccw", "quiet"))
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.setFixedSize(BUTTON, BUTTON)
        text = f"Back to {plain(self._default, self._rule)}"
        button.setToolTip(text)
        button.setAccessibleName(f"{label_of(self._name)}: {text}")
        button.clicked.connect(lambda: self._changed(self._default, show=True))
        self._line.setContentsMargins(0, 0, 0, 0)  # it takes the place that was kept for it
        self._line.addWidget(button)
        reach_after(self.editor, button)
        return button

    def _offer_reset(self, value: Any) -> None:
        if value != self._default or "_reset" in vars(self):
            self._reset.setVisible(value != self._default)

    def _changed(self, value: Any, *, show: bool = False) -> None:
        if show:
            self.editor.show_value(value)
        self._offer_reset(value)
        self.edited.emit(self._name, value)


def _problems_of(name: str, problems: Mapping[str, str]) -> dict[str, str]:
    """Return the problems of a parameter (under the name "") and, by their names, of those of which it consists."""
    found = {n.removeprefix(f"{name}."): text for n, text in problems.items() if n.startswith(f"{name}.")}
    return found | ({"": problems[name]} if name in problems else {})


def build_editor(wanted: Any, rule: Param, default: Any, parent: QWidget) -> Editor:
    """Return the editor for a type of value; every type that a Spec may declare has one.

    Raises TypeError for a type that nobody has met yet.
    """
    if isinstance(wanted, UnionType):
        return _optional(wanted, rule, default, parent)
    if get_origin(wanted) is tuple:
        return _several(get_args(wanted), rule, parent)
    if isinstance(wanted, type) and issubclass(wanted, Spec):
        return FamilyEditor(parent, wanted, Form)
    if wanted in _SIMPLE:
        return _SIMPLE[wanted](rule, parent)
    raise TypeError(f"There is no editor for {wanted}.")


def _text_editor(rule: Param, parent: QWidget) -> Editor:
    if rule.choices:
        return ChoiceEditor(parent, rule.choices)
    return BoxEditor(parent) if rule.box else LineEditor(parent)


_SIMPLE: dict[Any, Callable[[Param, QWidget], Editor]] = {
    bool: lambda rule, parent: BoolEditor(parent),
    int: partial(NumberEditor, whole=True),
    float: partial(NumberEditor, whole=False),
    str: _text_editor,
}


def _optional(wanted: Any, rule: Param, default: Any, parent: QWidget) -> Editor:
    inner = [part for part in get_args(wanted) if part is not NoneType]
    if len(inner) > 1:  # int | float and the like: the widest of them
        return build_editor(float if float in inner else inner[0], rule, default, parent)
    if isinstance(inner[0], type) and issubclass(inner[0], Spec):
        return FamilyEditor(parent, inner[0], Form, optional=True)
    start = default if default is not None else _first(inner[0], rule)
    return OptionalEditor(parent, partial(build_editor, inner[0], rule, start), start)


def _first(wanted: Any, rule: Param) -> Any:
    """Return a value to begin with where the default is none."""
    if get_origin(wanted) is tuple:
        parts = get_args(wanted)
        return () if parts[-1] is Ellipsis else tuple(_first(part, rule) for part in parts)
    if wanted is str:
        return rule.choices[0] if rule.choices else ""
    return wanted(max(rule.min or 0, 0 if wanted is float else 1) if wanted is not bool else False)


def _several(parts: tuple[Any, ...], rule: Param, parent: QWidget) -> Editor:
    if parts[-1] is not Ellipsis:
        return FixedEditor(parent, [partial(build_editor, part, rule, None) for part in parts])
    if isinstance(parts[0], type) and issubclass(parts[0], Spec):
        return SeveralEditor(parent, parts[0], Form)
    return list_editor(parts[0], rule, parent)


def label_of(name: str) -> str:
    """Return what a form calls a parameter: `use_bias` is `Use bias`."""
    return name.replace("_", " ").capitalize()


def plain(value: Any, rule: Param | None = None) -> str:
    """Return a value as a person writes it; `rule` may have a word for it."""
    if rule is not None and rule.word(value):
        return rule.word(value)
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
    return f"<qt>{rule.doc}{bounds} Default: {plain(default, rule)}.</qt>"


def _unit(rule: Param) -> str:
    return f" {rule.unit.strip()}" if rule.unit else ""
