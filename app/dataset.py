"""The data set of the open project: read off the window's thread whenever the project names another source."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app import tasks
from app.document import Document
from app.edits import reread
from engine.data.source import Source
from engine.problems import Problem, Reread, UserError
from engine.project.project import Project

if TYPE_CHECKING:
    from app.data_reading import Read


def _reading() -> ModuleType:
    """Return the module that reads data; it loads all layers, which the first look at the window need not wait for."""
    import app.data_reading

    return app.data_reading


class ProjectData(QObject):
    """Keeps the data set that the project names, and tells the document what stands between it and the network.

    `changed` comes when another data set was read, could not be read, or is being read (`loading`). `error` says why the
    project's own source could not be read; its path stays. `refused` says why what was chosen last could not be: the
    project keeps what it had. `at_leisure` calls what it is given once the window is done with what is more urgent.
    """

    changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document, self.error, self.refused = document, "", ""
        self._fixes: dict[str, Reread] = {}  # by the sentence that they mend
        self._chosen: Source | None = None
        self.read: Read | None = None
        self.at_leisure: Callable[[Callable[[], None]], Any] = lambda then: then()
        self._source: Source | None = None
        self._due = False  # the project's source is about to be read
        self._task: tasks.Task | None = None  # reads the project's source
        self._choice: tasks.Task | None = None  # reads what may become it
        self._check = QTimer(self, singleShot=True, interval=0)
        self._check.timeout.connect(self._find_problems)
        document.changed.connect(self._follow)
        document.opened.connect(self._forget_choice)
        self._follow(document.project, document.project)

    @property
    def loading(self) -> bool:
        """Whether a data set is being read."""
        return self._being_read or self._choice is not None

    @property
    def _being_read(self) -> bool:
        return self._due or self._task is not None

    def choose(self, source: Source) -> None:
        """Read a source; once that is done, make it the project's, with the network's ends wired to it: one undo step."""
        self._cancel_choice()
        self.refused, self._chosen = "", source
        self._choice = tasks.start(lambda task: self._work(source), self._adopt, self.refuse)
        self.changed.emit()

    def choose_path(self, path: Path) -> None:
        """Choose what lies at a path: a table, arrays, or a folder of pictures. Raises UserError for anything else."""
        self.choose(_reading().source_at(path.absolute()))

    def bring(self, read: Read) -> None:
        """Take data that was read already: a project that names it, and is opened next, need not wait for it."""
        self._cancel_choice()
        self._drop()
        self.read = read

    @property
    def fix(self) -> Reread | None:
        """How what is wrong with the project's own source, else with what was chosen last, is mended with one click."""
        return self._fixes.get(self.error or self.refused)

    def mend(self) -> None:
        """Apply `fix`, and read again."""
        fix, chosen = self.fix, self._chosen
        if fix and self.error:
            self.document.end_merge()
            self.document.edit(fix.label, lambda project: reread(project, fix))
        elif fix and chosen:
            self.choose(chosen.with_(**{fix.param: fix.value}))

    def _work(self, source: Source) -> Any:
        """Read a source, on another thread, and keep how an error is mended: of it, only the sentence gets here."""
        try:
            return _reading().read(source)
        except UserError as error:
            self._fixes = {str(error): error.fix} if isinstance(error.fix, Reread) else {}
            raise

    def again(self) -> None:
        """Read the project's source once more."""
        if self._source is not None:
            self._start(self._source)

    def _follow(self, before: Project, after: Project) -> None:
        source = after.data.source
        if source != self._source:
            self._source, self.refused = source, ""
            self._cancel_choice()
            if source is None:
                self._drop()
            elif self.read is None or self.read.source != source:
                self._start(source)
        self._check.start()

    def _start(self, source: Source) -> None:
        self._drop()
        self._due = True
        self.at_leisure(partial(self._read, source))
        self.changed.emit()

    def _read(self, source: Source) -> None:
        if self._due and source == self._source:
            self._due = False
            self._task = tasks.start(lambda task: self._work(source), self._keep, self._fail)

    def _drop(self) -> None:
        """Forget the data set, and that it is being read."""
        if self._task is not None:
            self._task.cancel()
        self._due, self._task, self.read, self.error = False, None, None, ""
        self.changed.emit()

    def _keep(self, read: Read) -> None:
        self._task, self.read, self.error = None, read, ""
        self.changed.emit()
        self._check.start()

    def _fail(self, text: str) -> None:
        self._task, self.error = None, text
        self.changed.emit()
        self._check.start()

    def _adopt(self, read: Read) -> None:
        self._choice = None
        if self._task is not None:
            self._task.cancel()
        self._due, self._task, self.read, self.error = False, None, read, ""
        self.document.end_merge()
        self.document.edit(f"Use {read.source.label()}", lambda project: _reading().joined(project, read))
        self.changed.emit()
        self._check.start()

    def refuse(self, text: str) -> None:
        """Say why what was chosen cannot be used; the project keeps what it had."""
        self._choice, self.refused = None, text
        self.changed.emit()
        self._check.start()

    def _cancel_choice(self) -> None:
        if self._choice is not None:
            self._choice.cancel()
            self._choice = None

    def _forget_choice(self) -> None:
        """Another project was opened: what was being chosen was meant for the one before."""
        self._cancel_choice()
        self.refused = ""
        self.changed.emit()

    def _find_problems(self) -> None:
        self.document.extra_problems = tuple(self._problems())

    def _problems(self) -> tuple[Problem, ...]:
        project = self.document.project
        if self.error:
            fixes = (self.fix,) if self.fix else ()
            return (Problem(self.error, "Choose other data, or bring the file back.", fixes=fixes),)
        if self.refused and project.data.source is None:
            return (Problem(self.refused, "Choose other data."),)
        if self._being_read or not project.graph.nodes or (self._choice is not None and self.read is None):
            return ()
        dataset = self.read.dataset if self.read else None
        found: tuple[Problem, ...] = _reading().data_problems(project.graph, dataset, project.data)
        return found
