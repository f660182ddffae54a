"""What stands behind the welcome page: document, files, data, training, canvas and docks, joined to the window.

It comes after the window's first paint: see `app.startup`. Whatever takes time to load is imported here, and in no module
that the window itself needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QIODevice, QObject, Qt

from app.canvas.canvas import Canvas
from app.context_menu import menu_for
from app.crash import NOTICE
from app.dataset import ProjectData
from app.docks import Docks
from app.document import Document
from app.files import Files
from app.inspector.box_page import total_text
from app.panels import Context
from app.top_bar import TopBar
from app.trainer import Trainer
from app.training.leaving import leave_training
from app.training.progress import TrainingProgress
from app.window_training import WindowTraining
from engine.problems import UserError
from engine.project.file import SUFFIX

if TYPE_CHECKING:
    from app.window import Window


class Workbench(QObject):
    """The parts of a window with which a person works on a project."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.window = window

    def build(self) -> Iterator[None]:
        """Make all parts, none of them seen yet, in steps that are too short to be felt."""
        window = self.window
        self.document = Document(parent=window)
        self.data = ProjectData(self.document, window)
        self.trainer = Trainer(self.document, self.data, window)
        self.training = WindowTraining(window, self.trainer)
        self.document.changed.connect(self.training.edited)
        self.files = Files(self.document, window.settings, window)
        yield
        self.canvas = Canvas(self.document)
        window.pages.addWidget(self.canvas)
        yield
        self.docks = Docks(window, self._context())
        self.data.at_leisure = self.docks.when_filled  # reading on another thread, all would take twice as long
        for panel in window.panels:
            self.docks.add(panel)
            yield
        self.top = TopBar(window.actions_, window.workspaces)
        self.top.show_workspace(window.workspace)
        self.top.hide()
        window.addToolBar(self.top)
        yield
        self.progress = TrainingProgress(self.trainer)
        window.statusBar().insertPermanentWidget(0, self.progress)
        self._join()
        self.files.look_for_recoveries()

    def open_path(self, path: Path) -> None:
        """Open a project, or the data of a file; say so where it is neither."""
        if path.suffix.lower() == SUFFIX:
            self.files.open(path)
            return
        try:
            self.data.choose_path(path)
        except UserError as error:
            self._trouble(str(error))
        else:
            self.window.go_to("data")

    # How

    def _context(self) -> Context:
        return Context(
            self.document,
            self.window.actions_,
            self.window.settings,
            self.canvas,
            self.files,
            self.data,
            self.trainer,
            self.window.tell,
            self.window.notices.show_notice,
            lambda name: self.docks.show(name),
            self.training.export,
            self.training.go_on,
            self.training.train_longer,
        )

    def _join(self) -> None:
        window, document, files = self.window, self.document, self.files
        document.titled.connect(self._show_title)
        document.undo_stack.indexChanged.connect(self._show_title)
        document.selected.connect(self._say_selection)
        for signal in (document.selected, document.analysed, document.changed):
            signal.connect(window.refresh)
        document.analysed.connect(self._show_size)
        document.changed.connect(self._show_data)
        files.told.connect(window.tell)
        files.failed.connect(self._trouble)
        files.shown.connect(window.show_work)
        files.found.connect(self._offer_recoveries)
        files.recent_changed.connect(window.menus.list_recent)
        files.preview = self._preview
        files.picture = self._picture
        files.end_training = partial(leave_training, window, self.trainer)
        files.recovery.wanted = window.settings.preferences.recovery
        self.canvas.said.connect(window.tell)
        self.canvas.asked.connect(lambda at, wire: menu_for(self.canvas, window.actions_, wire).popup(at))
        self.top.chosen.connect(window.go_to)
        self._show_size()
        self._show_data()

    def _trouble(self, sentence: str) -> None:
        if self.window.on_welcome:  # also where a file was announced that cannot be opened
            self.window.show_welcome()
        notices = self.window.notices
        (notices.post if sentence == NOTICE else notices.show_notice)(sentence)

    def _show_title(self, *_: object) -> None:
        self.window.show_title(self.document.title, modified=self.document.is_modified)
        self.window.refresh()

    def _show_size(self, *_: object) -> None:
        analysis = self.document.analysis
        count = len(analysis.problems)
        problems = f" · {count} {'problem' if count == 1 else 'problems'}" if count else ""
        self.window.show_size(f"{total_text(analysis)}{problems}")
        if "problems" in self.docks.all:
            self.docks.all["problems"].show_count(count)

    def _show_data(self, *_: object) -> None:
        source = self.document.project.data.source
        self.top.data.setText(source.label() if source else "No data yet")

    def _say_selection(self, chosen: frozenset[str]) -> None:
        if len(chosen) == 1:
            (node,) = chosen
            self.window.tell(f"{type(self.document.project.graph.nodes[node]).__name__} “{node}” selected")
        elif chosen:
            self.window.tell(f"{len(chosen)} boxes selected")
        elif self.window.statusBar().currentMessage().endswith("selected"):
            self.window.tell("")

    def _offer_recoveries(self, left: Sequence[Any]) -> None:
        notices, files = self.window.notices, self.files
        for one in left:
            if one.problem:
                notices.show_notice(one.problem)
                continue
            name = one.original.stem if one.original else "a project without a name"
            when = f" from {one.written.astimezone():%H:%M}" if one.written else ""
            notices.show_notice(
                f"There is unsaved work of {name}{when}.",
                (
                    ("&Open it", partial(files.recover, one)),
                    ("&Later", partial(files.keep, one)),
                    ("&Delete it", partial(files.forget, one)),
                ),
                icon_name="history",
            )

    def _picture(self, suffix: str) -> bytes:
        from app.canvas.picture import picture

        return picture(self.canvas.boxes, suffix)

    def _preview(self) -> bytes:
        """Return a small picture of the canvas for the project file."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture = self.canvas.grab().scaledToWidth(480, Qt.TransformationMode.SmoothTransformation)
        picture.save(buffer, "PNG")
        return bytes(buffer.data().data())
