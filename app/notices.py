"""Sentences that ask for attention without stopping anybody: a bar above the work, with what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.icons import icon

Choice = tuple[str, Callable[[], Any]]


class Notices(QWidget):
    """Shows the newest notices, at most three; the same sentence is not shown twice. `post` may be called by any thread."""

    _posted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 8, 10, 8)
        self._column.setSpacing(6)
        self._shown: list[Notice] = []
        self._posted.connect(lambda text: self.show_notice(text))
        self.hide()

    def post(self, text: str) -> None:
        """Show a sentence, from whatever thread."""
        self._posted.emit(text)

    def texts(self) -> list[str]:
        """Return the sentences that are shown."""
        return [notice.text for notice in self._shown]

    def show_notice(self, text: str, choices: Sequence[Choice] = (), *, icon_name: str = "circle-alert") -> None:
        """Show a sentence with buttons; a button, or the cross, takes it away."""
        if text in self.texts():
            return
        notice = Notice(text, choices, icon_name)
        notice.closed.connect(lambda: self._close(notice))
        self._shown.append(notice)
        self._column.addWidget(notice)
        while len(self._shown) > 3:
            self._close(self._shown[0])
        self.show()

    def clear(self) -> None:
        """Take all away."""
        for notice in list(self._shown):
            self._close(notice)

    def _close(self, notice: Notice) -> None:
        if notice in self._shown:
            self._shown.remove(notice)
            notice.hide()
            notice.deleteLater()
        self.setVisible(bool(self._shown))


class Notice(QFrame):
    """One sentence with its buttons."""

    closed = Signal()

    def __init__(self, text: str, choices: Sequence[Choice], icon_name: str) -> None:
        super().__init__()
        self.text = text
        self.setProperty("notice", True)
        mark, label, cross = QLabel(), QLabel(text), QToolButton()
        mark.setPixmap(icon(icon_name, "warning").pixmap(18, 18))
        label.setWordWrap(True)
        cross.setIcon(icon("x", "quiet"))
        cross.setToolTip("Close this notice")
        cross.setAccessibleName("Close this notice")
        cross.clicked.connect(self.closed.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.addWidget(mark)
        row.addWidget(label, 1)
        for name, do in choices:
            row.addWidget(self._button(name, do))
        row.addWidget(cross)

    def _button(self, name: str, do: Callable[[], Any]) -> QPushButton:
        button = QPushButton(name)

        def act() -> None:
            self.closed.emit()
            do()

        button.clicked.connect(act)
        return button
