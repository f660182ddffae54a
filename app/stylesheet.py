"""What Fusion alone does not draw as we want it: flat fields with round corners, quiet docks, one strong button."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from app.theme import Tokens, disabled, mix

_SHEET = Template("""
QMainWindow, QMenuBar, QStatusBar, QToolBar { background: $window; }
QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QMenuBar { border-bottom: 1px solid $border; padding: 2px 6px; }
QMenuBar::item { padding: 5px 9px; border-radius: 5px; background: transparent; color: $text; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $panel; border: 1px solid $border; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 10px; border-radius: 5px; }
QMenu::item:selected { background: $selected; color: $text; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }
QMenu::icon { padding-left: 8px; }
QToolBar { border: none; border-bottom: 1px solid $border; padding: 6px 10px; spacing: 6px; }
QStatusBar { border-top: 1px solid $border; color: $quiet; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $quiet; padding: 0 6px; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 5px 7px; }

QDockWidget { color: $quiet; }
QDockWidget::title { background: $panel; padding: 9px 12px 5px 12px; text-align: left; }
QDockWidget > QWidget { background: $panel; }
QTabBar { background: $panel; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $quiet; padding: 8px 4px 7px 4px; margin: 0 9px; border: none;
  border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { border-bottom-color: $text; }
QTabWidget::pane { border: none; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit {
  background: $field; color: $text; border: 1px solid $border; border-radius: 6px; padding: 4px 8px;
  selection-background-color: $accent; selection-color: $on_accent; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: none; background: transparent; padding: 0 0 0 6px; }
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $hover; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus, QTextEdit:focus {
  border: 1px solid $accent; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $disabled; }
QLineEdit[wrong="true"] { border-color: $problem; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 16px; border: none; background: transparent; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $raised; }
QAbstractSpinBox::up-arrow { image: url("$up"); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow, QComboBox::down-arrow { image: url("$down"); width: 10px; height: 10px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $border; padding: 4px; outline: none;
  selection-background-color: $selected; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 26px; }
QCheckBox { spacing: 8px; }
QCheckBox::indicator { width: 15px; height: 15px; border: 1px solid $hover; border-radius: 4px; background: $field; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent; image: url("$tick"); }
QCheckBox::indicator:focus { border-color: $text; }
QCheckBox:focus { color: $accent; }

QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton { background: $raised; color: $text; border: 1px solid $border; border-radius: 6px; padding: 6px 14px; }
QPushButton:hover { border-color: $hover; }
QPushButton:pressed { background: $selected; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $disabled; background: $panel; }
QPushButton:default, QPushButton[primary="true"] { background: $accent; color: $on_accent; border-color: $accent;
  font-weight: 600; }
QPushButton[primary="true"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[primary="true"]:focus { border: 2px solid $text; }
QPushButton:default:disabled, QPushButton[primary="true"]:disabled { background: $raised; color: $disabled;
  border-color: $border; }
QPushButton[danger="true"] { background: $problem; color: $window; border-color: $problem; font-weight: 600; }
QPushButton[link="true"] { background: transparent; border: none; color: $accent; padding: 4px 2px; text-align: left; }
QPushButton[link="true"]:focus, QPushButton[link="true"]:hover { text-decoration: underline; }
QPushButton[link="true"]:disabled { color: $disabled; background: transparent; }
QTextBrowser, QTextBrowser:focus { border: none; border-radius: 0; background: $panel; }
QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 5px; color: $text; }
QToolButton:hover { background: $raised; }
QToolButton:checked { background: $selected; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $disabled; }

QAbstractItemView { background: $panel; border: none; outline: none; alternate-background-color: $raised; }
QAbstractItemView::item { padding: 3px 4px; color: $text; }
QAbstractItemView::item:hover { background: $raised; }
QAbstractItemView::item:selected { background: $selected; color: $text; }
QHeaderView, QTableCornerButton::section { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $quiet; border: none; border-bottom: 1px solid $border; padding: 6px 8px; }
QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $border; border-radius: 4px; min-height: 28px; min-width: 28px; margin: 1px; }
QScrollBar::handle:hover { background: $hover; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: $raised; border: none; border-radius: 3px; height: 6px; text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QSplitter::handle { background: $border; }

QFrame[segments="true"] { background: $raised; border: none; border-radius: 8px; }
QToolButton[segment="true"] { padding: 5px 13px; border-radius: 6px; color: $quiet; }
QToolButton[segment="true"]:hover { color: $text; }
QToolButton[segment="true"]:checked { background: $panel; color: $text; font-weight: 600; }
QPushButton[field="true"] { background: $field; text-align: left; border-radius: 8px; }
QPushButton[tile="true"] { background: $panel; border: 1px solid $border; border-radius: 10px; text-align: left;
  outline: none; }
QPushButton[tile="true"]:hover, QPushButton[tile="true"]:focus { border-color: $accent; }
QPushButton[tile="true"]:checked { border-color: $accent; background: $selected; }
QPushButton[tile="true"]:focus:checked { border-width: 2px; }
QWidget[panel="true"] { background: $panel; }
QLabel[quiet="true"] { color: $quiet; }
QPushButton[tile="true"] QLabel:disabled { color: $disabled; }
QLabel[heading="true"] { font-weight: 600; }
QLabel[title="true"] { font-size: 16px; font-weight: 600; }
QLabel[problem="true"] { color: $problem; }
QLabel[keycap="true"] { color: $quiet; border: 1px solid $border; border-radius: 4px; padding: 1px 5px; font-size: 11px; }
QFrame[rule="true"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QFrame[nested="true"] { border: none; border-left: 2px solid $border; }
QFrame[card="true"] { background: $panel; border: 1px solid $border; border-radius: 10px; }
QFrame[notice="true"] { background: $raised; border: 1px solid $border; border-radius: 8px; }
""")


def stylesheet(tokens: Tokens) -> str:
    """Return the style sheet in the colours of a theme."""
    colours = {name: value for name, value in vars(tokens).items() if isinstance(value, str)}
    return _SHEET.substitute(
        colours,
        disabled=disabled(tokens),
        hover=mix(tokens.border, tokens.quiet, 0.45),
        accent_hover=mix(tokens.accent, tokens.text, 0.15),
        up=_control("up"),
        down=_control("down"),
        tick=_control("tick-dark" if tokens.dark else "tick-light"),
    )


def _control(name: str) -> str:
    return Path(str(files("resources"))).joinpath("icons", "controls", f"{name}.svg").as_posix()
