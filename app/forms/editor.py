"""What every editor of one value does: it shows a value in silence, and says when the person has changed it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class Editor(QWidget):
    """Edits one value. `changed` is emitted for what a person does, never for `show_value`.

    All parts of a form are made with their parent: one that gets it later has its style found again, with all in it.
    """

    changed = Signal(object)
    below: QWidget | None = None  # what a form shows below the line, over its whole width

    def value(self) -> Any:
        """Return the value that the editor shows."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show another value without saying so; what is being typed is left alone where it means the same."""
        raise NotImplementedError

    def name_for_readers(self, name: str, doc: str) -> None:
        """Tell screen readers what the editor is for."""
        self.setAccessibleName(name)
        for child in self.findChildren(QWidget):
            if not child.accessibleName():
                child.setAccessibleName(name)
                child.setAccessibleDescription(doc)
