"""Problems as sentences, each with a button for every way to mend it; a click on one goes to its box."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.analysis import Analysis
from app.document import Document
from app.edits import apply_fix
from app.icons import icon
from app.theme import scaled_font, theme
from engine.problems import Fix, Problem

Key = tuple[object, ...]
CALM = "Nothing stands in the way of training."
EMPTY = "There are no boxes yet. What keeps the network from training will stand here."
MOST = 40  # sentences at once; a longer list says how many more there are


class ProblemRow(QFrame):
    """One problem. `went` asks to see its box, `mended` carries the fix that was pressed."""

    went = Signal(object)
    mended = Signal(object, object)

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.problem = problem
        self.setProperty("notice", True)
        self.setAccessibleName(f"{'' if problem.stops else 'Hint: '}{problem}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(10)
        row.addWidget(self._sign(), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._words(), 1)
        for fix in problem.fixes:
            row.addWidget(self._button(fix), 0, Qt.AlignmentFlag.AlignVCenter)
        if problem.node:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setToolTip(f"Go to {problem.node}")

    def _sign(self) -> QLabel:
        sign = QLabel()
        name, ink = ("circle-alert", "problem") if self.problem.stops else ("triangle-alert", "warning")
        sign.setPixmap(icon(name, ink).pixmap(16, 16))
        return sign

    def _words(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(2)
        where = QLabel(self.problem.node or "Project")
        where.setFont(scaled_font(12, bold=True))
        column.addWidget(where)
        text = QLabel(" ".join(filter(None, (self.problem.what, self.problem.why))), wordWrap=True)
        text.setTextFormat(Qt.TextFormat.PlainText)
        column.addWidget(text)
        return column

    def _button(self, fix: Fix) -> QPushButton:
        button = QPushButton(fix.label.replace("&", "&&"))
        button.setAccessibleDescription(f"Mends: {self.problem.what}")
        button.clicked.connect(lambda: self.mended.emit(self.problem, fix))
        return button

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.went.emit(self.problem)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.went.emit(self.problem)
        else:
            super().keyPressEvent(event)


class ProblemsPanel(QWidget):
    """`counted` carries how many problems there are, for a badge; `went` the box that one asks to see."""

    counted = Signal(int)
    went = Signal(str)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.setAccessibleName("Problems")
        self.rows: dict[Key, ProblemRow] = {}
        self._problems: tuple[Problem, ...] = ()
        self._hints: tuple[Problem, ...] = ()
        self._build()
        document.analysed.connect(self._analyse)
        theme().changed.connect(self._restyle)
        self._analyse(document.analysis)

    @property
    def count(self) -> int:
        """How many problems there are."""
        return len(self._problems)

    def _build(self) -> None:
        self.calm = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.calm.setProperty("quiet", True)
        self._more = QLabel()
        self._more.setProperty("quiet", True)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(6)
        for part in (self.calm, self._more):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self._area = area = QScrollArea(widgetResizable=True)
        area.setWidget(inside)
        area.setFrameShape(QFrame.Shape.NoFrame)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _analyse(self, analysis: Analysis) -> None:
        before, self._problems, self._hints = self.count, analysis.problems, analysis.hints
        if self.isVisible():
            self._show_rows()
        if self.count != before:
            self.counted.emit(self.count)

    def showEvent(self, event: QEvent) -> None:
        self._show_rows()

    def _show_rows(self) -> None:
        """Keep the rows of problems that are still there, drop the others, add the new ones in order."""
        said = (*self._problems, *self._hints)
        wanted = {_key(problem): problem for problem in said[:MOST]}
        gone = [self.rows.pop(key) for key in list(self.rows) if key not in wanted]
        for i, (key, problem) in enumerate(wanted.items()):
            if key not in self.rows:
                self.rows[key] = self._row(problem)
                self._column.insertWidget(i + 1, self.rows[key])
        self._put_away(gone)
        self.calm.setText(CALM if self.document.project.graph.nodes else EMPTY)
        self.calm.setVisible(not self.count)
        hidden = len(said) - len(wanted)
        self._more.setText(f"and {hidden} more" if hidden > 0 else "")
        self._more.setVisible(hidden > 0)

    def _row(self, problem: Problem) -> ProblemRow:
        row = ProblemRow(problem)
        row.went.connect(self._go)
        row.mended.connect(self._mend)
        return row

    def _put_away(self, gone: list[ProblemRow]) -> None:
        """Take rows away; where the keys went to one of them, they go to the first that is left."""
        focus = self.window().focusWidget()
        if focus is not None and any(row.isAncestorOf(focus) for row in gone):
            next(iter(self.rows.values()), self._area).setFocus()
        for row in gone:
            self._drop(row)

    def _drop(self, row: ProblemRow) -> None:
        row.hide()
        self._column.removeWidget(row)
        row.deleteLater()

    def _go(self, problem: Problem) -> None:
        if problem.node:
            self.document.select({problem.node})
            self.went.emit(problem.node)

    def _mend(self, problem: Problem, fix: Fix) -> None:
        self.document.edit(fix.label, apply_fix(problem, fix))

    def _restyle(self) -> None:
        for row in self.rows.values():
            self._drop(row)
        self.rows = {}
        if self.isVisible():
            self._show_rows()


def _key(problem: Problem) -> Key:
    """Return what makes a problem the same as another; its fixes may hold values that have no hash."""
    return problem.node, problem.port, problem.what, problem.why, tuple(fix.label for fix in problem.fixes)
