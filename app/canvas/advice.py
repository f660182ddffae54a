"""The card below a box in trouble: what is wrong, why, and a button for every way to mend it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.canvas.overlays import paint_panel
from app.theme import scaled_font, tokens
from engine.problems import Fix, Problem

WIDE = 292
MOST = 3


class Advice(QFrame):
    """Shows the problems of one box. `mended` carries the problem and the fix that was pressed."""

    mended = Signal(object, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._room = parent
        self.setAccessibleName("Problem of the selected box")
        self.setFixedWidth(WIDE)
        self.problems: tuple[Problem, ...] = ()
        self._parts: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 12)
        self._column.setSpacing(6)
        self.hide()

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        """Write other problems; none hides the card."""
        if problems != self.problems:
            self.problems = problems
            self._clear()
            for problem in problems[:MOST]:
                self._write(problem)
            if len(problems) > MOST:
                self._add(self._label(f"and {len(problems) - MOST} more", tokens().quiet))
            self._measure()
        self.setVisible(bool(problems))

    def place(self, box: QRect) -> None:
        """Lie below a box, or above it where there is no room."""
        room = self._room.rect()
        below = box.bottom() + 12
        y = below if below + self.height() < room.bottom() - 4 else box.top() - 12 - self.height()
        x = max(8, min(box.left(), room.right() - WIDE - 8))
        self.move(x, y)
        self.raise_()

    def _measure(self) -> None:
        """Be as high as all that is written; a part counts only once it is shown and has its style."""
        for part in self._parts:
            part.ensurePolished()
            part.show()
        self._column.invalidate()
        self.setFixedHeight(self._column.heightForWidth(WIDE) if self._parts else 0)

    def restyle(self) -> None:
        """Write everything again in the colours of another theme."""
        shown, self.problems = self.problems, ()
        self.show_problems(shown)

    def _write(self, problem: Problem) -> None:
        self._add(self._label(problem.what, tokens().problem if problem.stops else tokens().warning, bold=True))
        if problem.why:
            self._add(self._label(problem.why, tokens().text))
        for fix in problem.fixes:
            self._add(self._button(problem, fix))

    def _add(self, part: QWidget) -> None:
        self._column.addWidget(part)
        self._parts.append(part)

    def _label(self, text: str, colour: str, bold: bool = False) -> QLabel:
        label = QLabel(text, wordWrap=True)
        label.setFont(scaled_font(12, bold=bold))
        label.setStyleSheet(f"color: {colour}; background: transparent")
        label.setTextFormat(Qt.TextFormat.PlainText)
        return label

    def _button(self, problem: Problem, fix: Fix) -> QPushButton:
        button = QPushButton(fix.label.replace("&", "&&"))
        button.setToolTip(fix.label)
        button.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.mended.emit(problem, fix))
        return button

    def _clear(self) -> None:
        if self.isAncestorOf(self.window().focusWidget() or self):  # else the keys would go to what comes next
            self._room.setFocus()
        while self._parts:
            part = self._parts.pop()
            part.hide()
            self._column.removeWidget(part)
            part.deleteLater()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        stops = any(problem.stops for problem in self.problems)
        paint_panel(painter, QRectF(self.rect()), QColor(tokens().problem if stops else tokens().warning))
        painter.end()
