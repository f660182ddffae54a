"""Puts a theme into force: for the whole program, at once."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app.stylesheet import stylesheet
from app.theme import DARK, LIGHT, palette, program_font, theme

CHOICES = ("system", "light", "dark")
ARGUMENTS = ("-style", "fusion")  # for QApplication: its `setStyle` takes 15 ms to make Python's side of QStyle first


def apply(choice: str) -> None:
    """Show the whole program in `light`, `dark`, or as the `system` has it, now and until the next call."""
    theme().choice = choice
    hints = QGuiApplication.styleHints()
    scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(choice, Qt.ColorScheme.Unknown)
    hints.setColorScheme(scheme)
    _show()


def prepare(app: QApplication) -> None:
    """Give a new application, which was given `ARGUMENTS`, the type and the palette."""
    app.setFont(program_font())
    app.styleHints().colorSchemeChanged.connect(_show)
    apply(theme().choice)


def _show() -> None:
    system_dark = QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light
    chosen = {"light": LIGHT, "dark": DARK}.get(theme().choice, DARK if system_dark else LIGHT)
    theme().tokens = chosen
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    sheet = stylesheet(chosen)
    if app.styleSheet() == sheet:
        return
    app.setPalette(palette(chosen))
    app.setStyleSheet(sheet)
    theme().changed.emit()
