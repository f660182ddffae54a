"""The data set of the open project: read off the window's thread whenever the project names another source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app import tasks
from app.document import Document
from engine.data.check import data_problems
from engine.data.dataset import Dataset
from engine.data.samples import SAMPLES
from engine.data.settings import DataSettings
from engine.data.source import Source
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.npz import Npz
from engine.data.sources.sample import Sample
from engine.data.summary import Summary, summarise
from engine.data.wiring import sample_settings, wire_data, wire_sample
from engine.problems import Problem, UserError
from engine.project.project import Project


@dataclass(frozen=True)
class Read:
    """A data set that was read, and its figures."""

    source: Source
    dataset: Dataset
    summary: Summary


class ProjectData(QObject):
    """Keeps the data set that the project names, and tells the document what stands between it and the network.

    `changed` comes when another data set was read, could not be read (`error` says why), or is being read (`loading`).
    """

    changed = Signal()

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document, self.error = document, ""
        self.read: Read | None = None
        self._source: Source | None = None
        self._task: tasks.Task | None = None
        self._check = QTimer(self, singleShot=True, interval=0)
        self._check.timeout.connect(self._find_problems)
        document.changed.connect(self._follow)
        self._follow(document.project, document.project)

    @property
    def loading(self) -> bool:
        """Whether a data set is being read."""
        return self._task is not None

    def choose(self, source: Source) -> None:
        """Read a source; once that is done, make it the project's, with the network's ends wired to it: one undo step."""
        self._start(source, self._adopt)

    def choose_path(self, path: Path) -> None:
        """Choose what lies at a path: a table, arrays, or a folder of pictures. Raises UserError for anything else."""
        self.choose(source_at(path))

    def again(self) -> None:
        """Read the project's source once more."""
        if self._source is not None:
            self._start(self._source, self._keep)

    def _follow(self, before: Project, after: Project) -> None:
        source = after.data.source
        if source != self._source:
            self._source = source
            if source is None:
                self._drop()
            elif self.read is None or self.read.source != source:
                self._start(source, self._keep)
        self._check.start()

    def _start(self, source: Source, then: Callable[[Read], None]) -> None:
        self._drop()
        self._task = tasks.start(lambda task: _read(source), then, lambda text: self._fail(text, source))
        self.changed.emit()

    def _drop(self) -> None:
        """Forget the data set, and whatever is being read."""
        if self._task is not None:
            self._task.cancel()
        self._task, self.read, self.error = None, None, ""
        self.changed.emit()

    def _keep(self, read: Read) -> None:
        self._task, self.read = None, read
        self.changed.emit()
        self._check.start()

    def _adopt(self, read: Read) -> None:
        self._keep(read)
        self.document.edit(f"Use {read.source.label()}", lambda project: joined(project, read))

    def _fail(self, text: str, source: Source) -> None:
        self._task, self.error = None, text
        self.changed.emit()
        self._check.start()

    def _find_problems(self) -> None:
        project = self.document.project
        if self.error:
            self.document.extra_problems = (Problem(self.error, "Choose other data, or bring the file back."),)
        elif self.loading or not project.graph.nodes:
            self.document.extra_problems = ()
        else:
            dataset = self.read.dataset if self.read else None
            self.document.extra_problems = data_problems(project.graph, dataset, project.data)


def _read(source: Source) -> Read:
    dataset = source.read()
    return Read(source, dataset, summarise(dataset))


def joined(project: Project, read: Read) -> Project:
    """Return the project with this data, and its Input and Output set for it."""
    source = read.source
    if isinstance(source, Sample) and source.name in SAMPLES:
        sample = SAMPLES[source.name]
        return project.with_(data=sample_settings(sample), graph=wire_sample(project.graph, read.dataset, sample))
    data = DataSettings(source=source)
    return project.with_(data=data, graph=wire_data(project.graph, read.dataset))


def source_at(path: Path) -> Source:
    """Return the source for a file or folder. Raises UserError where it is no data that can be read."""
    kinds: dict[str, type[Csv] | type[Npz]] = {".csv": Csv, ".tsv": Csv, ".txt": Csv, ".npz": Npz}
    if path.is_dir():
        return ImageFolder(path=str(path))
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        known = ", ".join(kinds)
        raise UserError(
            f"{path.name} is no data that can be read. Choose a table or arrays ({known}), or a folder of pictures."
        )
    return kind(path=str(path))
