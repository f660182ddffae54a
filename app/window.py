"""The window: joins the document, the canvas and the panels; what they do is theirs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QEvent, QIODevice, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app import appearance, tasks, window_actions
from app.actions import Actions
from app.canvas.canvas import Canvas
from app.crash import NOTICE
from app.dataset import ProjectData
from app.docks import Docks, from_text, to_text
from app.document import Document
from app.files import Files
from app.inspector.box_page import total_text
from app.menus import Menus
from app.notices import Notices
from app.panels import PANELS, Context, Panel, available
from app.preferences import Preferences, Settings
from app.top_bar import TopBar
from app.trainer import Trainer
from app.training.leaving import leave_training
from app.training.progress import TrainingProgress
from app.welcome.page import WelcomePage
from app.window_training import WindowTraining
from engine.problems import UserError
from engine.project.file import SUFFIX

if TYPE_CHECKING:
    from app.commands.palette import CommandPalette

# Loaded after the first paint, before anybody needs them: all layers, what a training takes, and what draws its curves.
LATER = ("app.data_reading", "engine.process.client", "app.training.curve_plot")


class Window(QMainWindow):
    """The main window. `painted` comes once, after it was first seen."""

    painted = Signal()

    def __init__(self, settings: Settings, panels: Sequence[Panel] = PANELS) -> None:
        super().__init__()
        self.settings = settings
        self.document = Document(parent=self)
        self.data = ProjectData(self.document, self)
        self.trainer = Trainer(self.document, self.data, self)
        self.training = WindowTraining(self)
        self.actions_ = Actions(self)
        self.canvas = Canvas(self.document)
        self.notices = Notices()
        self.files = Files(self.document, settings, self)
        self.workspaces = available(tuple(panels))
        self.workspace = "build"
        self.docks = Docks(self, panels, self._context())
        window_actions.declare(self)
        self.actions_.take_keys(settings.shortcuts)
        self.top = TopBar(self.actions_, self.workspaces)
        self.welcome = WelcomePage(self.actions_["new"], self.actions_["open"])
        self._first, self._closing, self._leaving = True, False, False
        self._lay_out()
        self._join()
        self._restore()
        self.show_welcome()

    # What the actions do

    @property
    def on_welcome(self) -> bool:
        """Whether the welcome page is shown: nothing is open."""
        return self._stack.currentWidget() is self.welcome

    def new(self) -> None:
        """Begin an empty project."""
        self.files.new()

    def close_project(self) -> None:
        """Go back to the welcome page."""
        self.files.new_then(self.show_welcome)

    def show_welcome(self) -> None:
        """Show the welcome page, without the panels, which would have nothing to show."""
        self.welcome.show_recent(self.settings.recent)
        self._stack.setCurrentWidget(self.welcome)
        for dock in self.docks.all.values():
            dock.setVisible(False)
        self.top.setVisible(False)
        self._size.setVisible(False)
        self.refresh()

    def show_work(self) -> None:
        """Show the canvas and the panels."""
        if self.on_welcome:
            import_module("engine.catalog")  # whoever is quicker than the background would find no layers
            self._stack.setCurrentWidget(self.canvas)
            self.top.setVisible(True)
            self._size.setVisible(True)
            if not self.docks.restore(self.settings.layout.get("docks", "")):
                self.docks.arrange(self.workspace)
        self.canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.refresh()

    def go_to(self, workspace: str) -> None:
        """Arrange the panels for a kind of work."""
        self.workspace = workspace
        self.show_work()
        self.docks.arrange(workspace)
        self.top.show_workspace(workspace)

    def reset_layout(self) -> None:
        """Put every panel back where it belongs."""
        self.settings.layout.clear()
        self.go_to(self.workspace)

    def set_theme(self, choice: str) -> None:
        """Switch to `light`, `dark` or `system`, and remember it."""
        self.take_preferences(self.settings.preferences.with_(theme=choice))

    def take_preferences(self, preferences: Preferences) -> None:
        """Put preferences into force at once."""
        self.settings.preferences = preferences
        appearance.apply(preferences.theme)
        self.files.recovery.wanted = preferences.recovery
        for choice in appearance.CHOICES:
            self.actions_[f"theme.{choice}"].setChecked(choice == preferences.theme)
        self.files.remember_settings()

    def rename(self) -> None:
        """Put the cursor into the name of the selected box."""
        self.docks.show("inspector")
        self.docks.all["inspector"].content.focus_name()  # type: ignore[union-attr]

    def help(self) -> None:
        """Show the manual page of what is selected, in the palette or on the canvas; else the list of all pages."""
        palette = self.docks.all["layers"].content
        name = ""
        if palette is not None and palette.isAncestorOf(self.focusWidget() or self):
            name = palette.pointed_layer()  # type: ignore[attr-defined]
        elif self.document.selection:
            chosen = sorted(self.document.selection)[0]
            name = type(self.document.project.graph.nodes[chosen]).__name__
        self.docks.show("manual")
        self.docks.all["manual"].content.show_name(f"layers/{name}")  # type: ignore[union-attr]

    @cached_property
    def commands(self) -> CommandPalette:
        """The command palette, made when it is first wanted."""
        from app.commands.palette import CommandPalette

        return CommandPalette(self.actions_, self)

    def show_commands(self) -> None:
        self.refresh()
        self.commands.open_above(self)

    def show_preferences(self) -> None:
        from app.dialogs.preferences import PreferencesDialog

        dialog = PreferencesDialog(self.settings.preferences, self)
        dialog.edited.connect(self.take_preferences)
        self.open_dialog(dialog)

    def show_shortcuts(self) -> None:
        from app.dialogs.shortcuts import ShortcutsDialog

        dialog = ShortcutsDialog(self.actions_, self)
        dialog.edited.connect(self._keep_shortcuts)
        self.open_dialog(dialog)

    def show_about(self) -> None:
        from app.dialogs.about import AboutDialog

        self.open_dialog(AboutDialog(self))

    # What comes from outside

    def open_path(self, path: Path) -> None:
        """Open what a person dropped or named on the command line; say so where it is nothing that can be opened."""
        if path.suffix.lower() == SUFFIX:
            self.files.open(path)
            return
        try:
            self.data.choose_path(path)
        except UserError as error:
            self.notices.show_notice(str(error))
        else:
            self.go_to("data")

    def tell(self, sentence: str) -> None:
        """Write a sentence into the status bar."""
        self.statusBar().showMessage(sentence, 8000)

    def trouble(self, sentence: str) -> None:
        """Ask for attention, from whatever thread."""
        if sentence == NOTICE:
            self.notices.post(sentence)
        else:
            self.notices.show_notice(sentence)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls():
            if url.isLocalFile():
                event.acceptProposedAction()
                self.open_path(Path(url.toLocalFile()))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.trainer.state != "idle":
            event.ignore()
            self.files.end_training(lambda: QTimer.singleShot(0, self, self.close))
            return
        self._closing = True
        if self.document.is_modified and not self._leaving:
            self.files.leave(self._leave)
        self._closing = False
        if self.document.is_modified and not self._leaving:
            self._leaving = False
            event.ignore()
            return
        self._remember_layout()
        self.files.end()
        self.trainer.close()
        self.document.undo_stack.blockSignals(True)  # it speaks once more as it is destroyed, when nobody can listen
        event.accept()

    def _leave(self) -> None:
        """The person has said what becomes of the changes; a save may have taken until now."""
        self._leaving = True
        if not self._closing:
            self.close()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self._first:
            self._first = False
            QTimer.singleShot(0, self._painted)
        return super().event(event)

    # How

    def _painted(self) -> None:
        self.docks.painted()
        self.painted.emit()
        tasks.start(lambda _: [import_module(name) for name in LATER])
        if self.settings.problem:
            self.notices.show_notice(self.settings.problem)
        self.files.look_for_recoveries()

    def _context(self) -> Context:
        return Context(
            self.document,
            self.actions_,
            self.settings,
            self.canvas,
            self.files,
            self.data,
            self.trainer,
            self.tell,
            self.notices.show_notice,
            lambda name: self.docks.show(name),
            self.training.export,
        )

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        self._stack.addWidget(self.welcome)
        self._stack.addWidget(self.canvas)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(middle)
        self.addToolBar(self.top)
        self._size = QLabel()
        self.progress = TrainingProgress(self.trainer)
        self.statusBar().addPermanentWidget(self.progress)
        self.statusBar().addPermanentWidget(self._size)
        self.statusBar().setSizeGripEnabled(False)
        self.setAcceptDrops(True)
        self.setMinimumSize(860, 560)
        self.resize(1280, 800)
        self.menus = Menus(self.menuBar(), self.actions_, self.files, self.settings)

    def _join(self) -> None:
        document, files = self.document, self.files
        document.titled.connect(self._show_title)
        document.undo_stack.indexChanged.connect(self._show_title)
        document.selected.connect(self._say_selection)
        for signal in (document.selected, document.analysed, document.changed):
            signal.connect(self.refresh)
        document.analysed.connect(lambda _: self._show_size())
        files.told.connect(self.tell)
        files.failed.connect(self.trouble)
        files.shown.connect(self.show_work)
        files.found.connect(self._offer_recoveries)
        files.preview = self._preview
        files.end_training = partial(leave_training, self, self.trainer)
        self.canvas.said.connect(self.tell)
        self.top.chosen.connect(self.go_to)
        self.welcome.example.connect(lambda path: self.files.open(path, as_copy=True))
        self.welcome.recent.connect(self.files.open)
        self._show_title()
        self._show_size()

    def _restore(self) -> None:
        self.take_preferences(self.settings.preferences)
        self.restoreGeometry(from_text(self.settings.layout.get("geometry", "")))
        kept = self.settings.layout.get("workspace", "build")
        self.workspace = kept if any(space.name == kept for space in self.workspaces) else "build"
        self.top.show_workspace(self.workspace)

    def _remember_layout(self) -> None:
        if not self.on_welcome:
            self.settings.layout["docks"] = self.docks.state()
        self.settings.layout["workspace"] = self.workspace
        self.settings.layout["geometry"] = to_text(self.saveGeometry())

    def _keep_shortcuts(self) -> None:
        self.settings.shortcuts = self.actions_.own_keys()
        self.files.remember_settings()

    def refresh(self, *_: object) -> None:
        """Say for every action whether it can be done now."""
        window_actions.refresh(self)

    def _show_title(self, *_: object) -> None:
        self.setWindowTitle(f"{self.document.title}[*] — Netwright")
        self.setWindowModified(self.document.is_modified)
        self.refresh()

    def _show_size(self) -> None:
        analysis = self.document.analysis
        count = len(analysis.problems)
        problems = f" · {count} {'problem' if count == 1 else 'problems'}" if count else ""
        self._size.setText(f"{total_text(analysis)}{problems}")
        source = self.document.project.data.source
        self.top.data.setText(source.label() if source else "No data yet")
        if "problems" in self.docks.all:
            self.docks.all["problems"].show_count(count)

    def _say_selection(self, chosen: frozenset[str]) -> None:
        if len(chosen) == 1:
            (node,) = chosen
            self.tell(f"{type(self.document.project.graph.nodes[node]).__name__} “{node}” selected")
        elif chosen:
            self.tell(f"{len(chosen)} boxes selected")

    def _offer_recoveries(self, left: Sequence[Any]) -> None:
        for one in left:
            if one.problem:
                self.notices.show_notice(one.problem)
                continue
            name = one.original.stem if one.original else "a project without a name"
            when = f" from {one.written.astimezone():%H:%M}" if one.written else ""
            self.notices.show_notice(
                f"There is unsaved work of {name}{when}.",
                (
                    ("&Open it", partial(self.files.recover, one)),
                    ("&Later", partial(self.files.keep, one)),
                    ("&Delete it", partial(self.files.forget, one)),
                ),
                icon_name="history",
            )

    def _preview(self) -> bytes:
        """Return a small picture of the canvas for the project file."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture = self.canvas.grab().scaledToWidth(480, Qt.TransformationMode.SmoothTransformation)
        picture.save(buffer, "PNG")
        return bytes(buffer.data().data())

    def open_dialog(self, dialog: QDialog) -> None:
        """Show a dialog that forgets itself when it is closed."""
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
