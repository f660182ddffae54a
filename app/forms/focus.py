"""The order in which the Tab key goes through what was made late."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def reach_after(first: QWidget, late: QWidget) -> None:
    """Let the Tab key reach a widget, with all in it, right after another one: Qt would put it at the window's end."""
    last = [first, *_stops(first)][-1]
    for stop in _stops(late):
        QWidget.setTabOrder(last, stop)
        last = stop


def _stops(widget: QWidget) -> list[QWidget]:
    """Return where the Tab key stops in a widget, in the order in which they were made."""
    window = widget.window()  # lists that drop down are windows of their own
    return [one for one in (widget, *widget.findChildren(QWidget)) if _stops_at(one) and one.window() is window]


def _stops_at(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None
