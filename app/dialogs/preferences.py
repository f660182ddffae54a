"""The preferences (Ctrl+,): one form, in force at once."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QVBoxLayout, QWidget

from app.forms.form import Form
from app.preferences import Preferences


class PreferencesDialog(QDialog):
    """`edited(preferences)` carries the new ones after every change."""

    edited = Signal(object)

    def __init__(self, preferences: Preferences, parent: QWidget) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.setWindowTitle("Preferences")
        self.resize(460, 300)
        self.search = QLineEdit(self, placeholderText="Search…", clearButtonEnabled=True)
        self.search.setAccessibleName("Search preferences")
        self.search.textChanged.connect(self._look_for)
        self.form = Form(preferences, self)
        self.form.edited.connect(self._edit)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.form)
        column.addStretch()
        column.addWidget(buttons)

    def _edit(self, name: str, value: object) -> None:
        self._preferences = self._preferences.with_(**{name: value})
        self.edited.emit(self._preferences)

    def _look_for(self, text: str) -> None:
        for name, row in self.form.rows.items():
            said = f"{row.label.text()} {Preferences.params()[name].doc}".lower()
            row.setVisible(text.lower() in said)
