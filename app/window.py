"""The window as it is first seen: menus, welcome page, status bar. What is behind that lies on the workbench and comes later.

Nothing that this module imports may need NumPy or the engine's networks: they would come before the first paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app import appearance, window_actions
from app.actions import Actions
from app.menus import Menus
from app.notices import Notices
from app.panels import PANELS, Panel, available
from app.preferences import Preferences, Settings
from app.startup import Part, Startup, late
from app.states import from_text, to_text
from app.welcome.page import WelcomePage

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.commands.palette import CommandPalette
    from app.data_reading import Read
    from app.dataset import ProjectData
    from app.docks import Docks
    from app.document import Document
    from app.files import Files
    from app.top_bar import TopBar
    from app.trainer import Trainer
    from app.training.progress import TrainingProgress
    from app.window_training import WindowTraining
    from engine.project.project import Project


class Window(QMainWindow):
    """The main window. `painted` comes once, after it was first seen, `whole` once all that is behind it is there."""

    painted = Signal()
    whole = Signal()

    document: Part[Document] = Part()
    data: Part[ProjectData] = Part()
    trainer: Part[Trainer] = Part()
    training: Part[WindowTraining] = Part()
    files: Part[Files] = Part()
    canvas: Part[Canvas] = Part()
    docks: Part[Docks] = Part()
    top: Part[TopBar] = Part()
    progress: Part[TrainingProgress] = Part()

    def __init__(self, settings: Settings, panels: Sequence[Panel] = PANELS) -> None:
        super().__init__()
        self.settings, self.panels = settings, tuple(panels)
        self.startup = Startup(self)
        self.actions_ = Actions(self)
        self.notices = Notices()
        self.workspaces = available(self.panels)
        self.workspace = "build"
        window_actions.declare(self)
        self.actions_.take_keys(settings.shortcuts)
        self.welcome = WelcomePage([self.actions_[name] for name in ("new", "new_from_data", "open")])
        self.welcome.example.connect(lambda path: self.files.open(path, as_copy=True))
        self.welcome.recent.connect(late(self, "files").open)
        self._first, self._closing, self._leaving = True, False, False
        self._lay_out()
        self._restore()
        self.show_welcome()

    # What the actions do

    @property
    def on_welcome(self) -> bool:
        """Whether the welcome page is shown, or what stands in its place while a file is about to be opened."""
        return self.pages.currentWidget() in (self.welcome, self._opening)

    def new(self) -> None:
        """Begin an empty project."""
        self.files.new()

    def new_from_data(self) -> None:
        """Ask for data, and begin a project with a network that fits it."""
        from app.starting.dialog import StartDialog

        dialog = StartDialog(self)
        dialog.made.connect(self.start_with)
        self.open_dialog(dialog)

    def start_with(self, project: Project, read: Read) -> None:
        """Show a project that was made for data that was read just now."""

        def show() -> None:
            self.data.bring(read)
            self.files.begin(project)
            self.tell(f"A network for {read.source.label()} is ready. Press Train (F5).")

        self.files.leave(show)

    def close_project(self) -> None:
        """Go back to the welcome page."""
        self.files.new_then(self._put_away)

    def show_welcome(self) -> None:
        """Show the welcome page, without the panels, which would have nothing to show."""
        self.welcome.show_recent(self.settings.recent)
        self.pages.setCurrentWidget(self.welcome)
        self._size.setVisible(False)
        self.refresh()

    def show_work(self) -> None:
        """Show the canvas and the panels."""
        if self.on_welcome:
            import_module("engine.catalog")  # whoever is quicker than the background would find no layers
            self.pages.setCurrentWidget(self.canvas)
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
        """Put preferences into force at once, and remember them."""
        self.settings.preferences = preferences
        appearance.apply(preferences.theme)
        self._mark_theme()
        self.files.recovery.wanted = preferences.recovery
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

    def announce(self, path: Path) -> None:
        """Say, in place of the welcome page, that a file is about to be opened."""
        self._opening.setText(f"Opening {path.name}…")
        self.pages.setCurrentWidget(self._opening)

    def open_path(self, path: Path) -> None:
        """Open what a person dropped or named on the command line; say so where it is nothing that can be opened."""
        self.startup.finish().open_path(path)

    def tell(self, sentence: str) -> None:
        """Write a sentence into the status bar."""
        self.statusBar().showMessage(sentence, 8000)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths:
            self.tell("Only files and folders of this computer can be opened.")
            return
        event.acceptProposedAction()
        self.open_path(paths[0])
        if len(paths) > 1:
            self.notices.show_notice(f"Only one thing is opened at a time: this is {paths[0].name}.")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Say why nothing happens at the keys of an action that cannot be done now."""
        action = self.actions_.owner_of(QKeySequence(event.keyCombination()))
        if action is not None and action.reason:
            self.tell(action.reason)
            if action.name == "train" and not self.on_welcome and self.document.analysis.problems:
                self.docks.show("problems")
        else:
            super().keyPressEvent(event)

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
        self.painted.emit()
        if self.settings.problem:
            self.notices.show_notice(self.settings.problem)
        self.startup.begin()

    def _lay_out(self) -> None:
        self.pages = QStackedWidget()
        self._opening = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._opening.setProperty("quiet", True)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self._opening)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(middle)
        self._size = QLabel()
        self.statusBar().addPermanentWidget(self._size)
        self.statusBar().setSizeGripEnabled(False)
        self.setAcceptDrops(True)
        self.setMinimumSize(860, 560)
        self.resize(1280, 800)
        self.menus = Menus(self.menuBar(), self.actions_, self.settings, late(self, "files").open)
        self.show_title("Untitled")

    def _restore(self) -> None:
        self._mark_theme()
        self.restoreGeometry(from_text(self.settings.layout.get("geometry", "")))
        kept = self.settings.layout.get("workspace", "build")
        self.workspace = kept if any(space.name == kept for space in self.workspaces) else "build"

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

    def show_title(self, title: str, *, modified: bool = False) -> None:
        """Say in the frame what is open, and whether it is saved."""
        self.setWindowTitle(f"{title}[*] — Netwright")
        self.setWindowModified(modified)

    def show_size(self, text: str) -> None:
        """Say in the status bar how large the network is."""
        self._size.setText(text)

    def _put_away(self) -> None:
        """Go back to the welcome page, with the panels out of sight."""
        for dock in self.docks.all.values():
            dock.hide()
        self.top.hide()
        self.show_welcome()

    def _mark_theme(self) -> None:
        for choice in appearance.CHOICES:
            self.actions_[f"theme.{choice}"].setChecked(choice == self.settings.preferences.theme)

    def open_dialog(self, dialog: QDialog) -> None:
        """Show a dialog that forgets itself when it is closed."""
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
