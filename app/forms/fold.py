"""The line that folds a part of a form away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from app.forms.focus import reach_after
from app.icons import icon


class Fold(QToolButton):
    """A line that shows and hides what comes below it in the layout; that is made when it is first wanted."""

    def __init__(self, text: str, tip: str, make: Callable[[], QWidget], parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setCheckable(True)
        self._make, self._parent = make, parent
        self.content: QWidget | None = None
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(tip)
        self.toggled.connect(self._show)
        self._show_arrow(False)

    def make(self) -> QWidget:
        """Return the content, which is made if need be, without showing it."""
        if self.content is None:
            self.content = self._make()
            self.content.setVisible(self.isChecked())
            column = self._parent.layout()
            assert isinstance(column, QVBoxLayout)
            column.insertWidget(column.indexOf(self) + 1, self.content)
            reach_after(self, self.content)
        return self.content

    def _show(self, shown: bool) -> None:
        self.make().setVisible(shown)
        self._show_arrow(shown)

    def _show_arrow(self, shown: bool) -> None:
        self.setIcon(icon("chevron-down" if shown else "chevron-right", "quiet"))
