"""A question that a person answers before something may be lost."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QMessageBox, QWidget

Icon = QMessageBox.Icon
Role = QMessageBox.ButtonRole


def choose(
    parent: QWidget, text: str, more: str, choices: Mapping[str, tuple[str, Role]], default: str = "", *, icon: Icon
) -> str:
    """Return which of the choices was taken, each of which has a button's text and role; "" for Cancel and Escape."""
    box = QMessageBox(parent)
    box.setIcon(icon)
    box.setText(text)
    box.setInformativeText(more)
    buttons = {name: box.addButton(*button) for name, button in choices.items()}
    buttons[""] = box.addButton("&Cancel", Role.RejectRole)
    box.setDefaultButton(buttons[default])
    box.setEscapeButton(buttons[""])
    box.exec()
    return next((name for name, button in buttons.items() if button is box.clickedButton()), "")
