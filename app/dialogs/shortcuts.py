"""The window of shortcuts (Ctrl+/): all of them, each can be changed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.actions import Action, Actions
from app.icons import icon


class ShortcutsDialog(QDialog):
    """Shows and changes the shortcuts at once; `edited` says that there is something to keep."""

    edited = Signal()

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(560, 620)
        self.search = QLineEdit(placeholderText="Search…", clearButtonEnabled=True)
        self.search.setAccessibleName("Search shortcuts")
        self.search.textChanged.connect(self._look_for)
        self.note = QLabel("Click a field and press the keys. A key that was used elsewhere moves here.")
        self.note.setWordWrap(True)
        self.note.setProperty("quiet", True)
        self.rows: dict[str, tuple[QLabel, QKeySequenceEdit, QToolButton]] = {}
        area = QScrollArea(widgetResizable=True)
        area.setWidget(self._table())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        for part in (self.search, self.note, area, buttons):
            column.addWidget(part)

    def _table(self) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setColumnStretch(0, 1)
        for row, action in enumerate(self._actions):
            label, edit, reset = QLabel(action.plain_text), QKeySequenceEdit(action.shortcut()), QToolButton()
            label.setToolTip(action.tip)
            edit.setAccessibleName(f"Shortcut of {action.plain_text}")
            edit.setClearButtonEnabled(True)
            edit.setMaximumSequenceLength(1)
            edit.setFixedWidth(190)
            edit.editingFinished.connect(lambda name=action.name: self._take(name))
            reset.setIcon(icon("rotate-ccw", "quiet"))
            reset.setToolTip("Back to the standard shortcut")
            reset.setAccessibleName(f"Standard shortcut of {action.plain_text}")
            reset.clicked.connect(lambda _=False, name=action.name: self._reset(name))
            for column, part in enumerate((label, edit, reset)):
                grid.addWidget(part, row, column)
            self.rows[action.name] = (label, edit, reset)
        return table

    def _look_for(self, text: str) -> None:
        for label, edit, reset in self.rows.values():
            shown = text.lower() in label.text().lower() or text.lower() in edit.keySequence().toString().lower()
            for part in (label, edit, reset):
                part.setVisible(shown)

    def _take(self, name: str) -> None:
        wanted = self.rows[name][1].keySequence()
        if wanted == self._actions[name].shortcut():
            return
        owner = self._actions.owner_of(wanted) if not wanted.isEmpty() else None
        self._actions.set_keys(name, [wanted])
        self._show(owner)
        self.edited.emit()

    def _reset(self, name: str) -> None:
        self._actions.set_keys(name, self._actions[name].standard)
        self._show(None)
        self.edited.emit()

    def _show(self, robbed: Action | None) -> None:
        for name, (_, edit, _) in self.rows.items():
            keys: QKeySequence = self._actions[name].shortcut()
            if edit.keySequence() != keys:
                edit.setKeySequence(keys)
        if robbed is not None:
            self.note.setText(f"{robbed.plain_text} no longer has this key.")
