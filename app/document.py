"""The open project: one immutable value, one way to change it, one signal that says so."""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.analysis import Analysis, analyse
from engine.graph import NodeId
from engine.problems import Problem
from engine.project.project import Project


class Edit(QUndoCommand):
    """Any edit at all: undo shows the value from before, redo the one from after. It holds values and nothing else."""

    def __init__(self, document: Document, text: str, after: Project, merge: str) -> None:
        super().__init__(text)
        self.document = weakref.proxy(document)  # the document owns the stack that owns this
        self.before, self.after, self.merge = document.project, after, merge

    def redo(self) -> None:
        self.document._show(self.after)

    def undo(self) -> None:
        self.document._show(self.before)

    def id(self) -> int:
        return zlib.crc32(self.merge.encode()) & 0x7FFFFFFF if self.merge else -1

    def mergeWith(self, later: QUndoCommand) -> bool:
        if not isinstance(later, Edit) or later.merge != self.merge:
            return False
        self.after = later.after
        self.setObsolete(self.after == self.before)
        return True


class Document(QObject):
    """Holds the project, its undo history, the selection that all views share, and the runs (which undo never touches).

    `changed(before, after)` comes after every change of the project, also by undo and redo; views draw the difference.
    `opened` comes after another project took the place of this one, right after its `changed`.
    """

    changed = Signal(object, object)
    opened = Signal()
    analysed = Signal(object)
    selected = Signal(object)
    titled = Signal()
    runs_changed = Signal()

    def __init__(self, project: Project | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.project = project or Project()
        self.path: Path | None = None
        self.selection: frozenset[NodeId] = frozenset()
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self._clean_changed)
        self._runs: tuple[Any, ...] = ()
        self._saved_runs: tuple[Any, ...] = ()
        self._extra: tuple[Problem, ...] = ()
        self._analysis = analyse(self.project.graph)
        self._joint = 0

    @property
    def analysis(self) -> Analysis:
        """The shapes, problems and counts of the project as it is now."""
        return self._analysis

    @property
    def extra_problems(self) -> tuple[Problem, ...]:
        """Problems that only the data shows; whoever looks at the data sets them."""
        return self._extra

    @extra_problems.setter
    def extra_problems(self, problems: Iterable[Problem]) -> None:
        found = tuple(problems)
        if found != self._extra:
            self._extra = found
            self._analysis = Analysis(self._analysis.graph, self._analysis.inference, found)
            self.analysed.emit(self._analysis)

    @property
    def runs(self) -> tuple[Any, ...]:
        """The trainings of this project, oldest first."""
        return self._runs

    @runs.setter
    def runs(self, runs: Iterable[Any]) -> None:
        self._runs = tuple(runs)
        self.runs_changed.emit()
        self.titled.emit()

    @property
    def title(self) -> str:
        """The file's name without its suffix; `Untitled` before the first save."""
        return self.path.stem if self.path else "Untitled"

    @property
    def is_modified(self) -> bool:
        """Whether the project or its runs differ from what was last saved or opened."""
        return not self.undo_stack.isClean() or self._runs is not self._saved_runs

    def edit(self, text: str, change: Callable[[Project], Project], merge: str = "") -> bool:
        """Apply `change` as one undo step named `text`; return whether anything changed.

        Consecutive edits with the same `merge` undo as one, until `end_merge`.
        """
        after = change(self.project)
        if after == self.project:
            return False
        self.undo_stack.push(Edit(self, text, after, f"{merge}#{self._joint}" if merge else ""))
        return True

    def end_merge(self) -> None:
        """Let the next edit be an undo step of its own, whatever its merge key."""
        self._joint += 1

    def undo(self) -> None:
        self.undo_stack.undo()

    def redo(self) -> None:
        self.undo_stack.redo()

    def open(self, project: Project, path: Path | None = None, runs: Iterable[Any] = ()) -> None:
        """Show another project; its undo history is empty and it counts as saved."""
        self.undo_stack.clear()
        self.path, self._extra = path, ()
        self.select(())
        self._show(project)
        self.runs = runs
        self._saved_runs = self._runs
        self.undo_stack.setClean()
        self.titled.emit()
        self.opened.emit()

    def mark_saved(self, path: Path) -> None:
        """Remember that the project as it is now lies at `path`."""
        self.path, self._saved_runs = path, self._runs
        self.undo_stack.setClean()
        self.titled.emit()

    def mark_modified(self) -> None:
        """Say that what is shown lies in no file, as after recovery."""
        self.undo_stack.resetClean()

    def select(self, nodes: Iterable[NodeId]) -> None:
        """Make these boxes the selection of every view; names that no box has are left out."""
        chosen = frozenset(nodes) & self.project.graph.nodes.keys()
        if chosen != self.selection:
            self.selection = chosen
            self.selected.emit(chosen)

    def _clean_changed(self, clean: bool) -> None:
        self.titled.emit()

    def _show(self, project: Project) -> None:
        before, self.project = self.project, project
        new_graph = project.graph is not before.graph
        if new_graph:
            self._analysis = analyse(project.graph, self._extra)
        self.changed.emit(before, project)
        if new_graph:
            self.analysed.emit(self._analysis)
        self.select(self.selection)
