"""Declares everything that the window can do; panels add their own.

Most is done on the workbench, which comes after the actions: `late` parts stand for it (see `app.startup`).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from app.startup import late

if TYPE_CHECKING:
    from app.actions import Actions
    from app.canvas.canvas import Canvas
    from app.docks import Docks
    from app.document import Document
    from app.files import Files
    from app.trainer import Trainer
    from app.window import Window
    from app.window_training import WindowTraining

_KEY = QKeySequence.StandardKey
NOTHING_SELECTED = "Select a box first."
NOTHING_OPEN = "Open a project, or begin a new one."
NOTHING_TRAINS = "No training is running."
NOTHING_STOPPED = "No training was stopped or interrupted."
NOTHING_TRAINED = "No run has come to its end."

# By what an action needs beside an open project.
_CHOSEN = ("cut", "copy", "duplicate", "delete")
_BOXES = ("select_all", "fit", "arrange", "export_picture", "select_next", "select_previous")
_PROJECT = ("save", "save_as", "close_project", "paste", "quick_add", "zoom_in", "zoom_out", "zoom_reset")
_OTHER = ("rename", "train", "resume", "train_longer", "export")


def declare(window: Window) -> None:
    """Add the actions of all menus, in the order in which they stand there."""
    _file(window)
    _edit(window)
    _view(window)
    _network(window)
    _training(window)
    _help(window)


def _file(window: Window) -> None:
    add = partial(window.actions_.add, "File")
    files: Files = late(window, "files")
    training: WindowTraining = late(window, "training")
    add("new", "&New", "Begin an empty project", window.new, "file-plus", _KEY.New)
    tip = "Begin a project with a network that fits your data"
    add("new_from_data", "New from &data…", tip, window.new_from_data, "wand-sparkles", "Ctrl+Shift+N")
    add("open", "&Open…", "Open a project file", files.open_dialog, "folder-open", _KEY.Open)
    add("save", "&Save", "Save the project", files.save, "save", _KEY.Save)
    add("save_as", "Save &as…", "Save the project in another file", files.save_as, "save-all", "Ctrl+Shift+S")
    tip = "Write the latest run as an ONNX model that is proven to answer alike"
    add("export", "&Export as ONNX…", tip, training.export, "share-2", "Ctrl+E")
    tip = "Write the drawing of the network as PNG, SVG or PDF"
    add("export_picture", "Export p&icture…", tip, files.export_picture, "image", "Ctrl+Shift+E")
    add("close_project", "&Close project", "Go back to the welcome page", window.close_project, "x", "Ctrl+W")
    tip, role = "Choose theme, recovery and more", QAction.MenuRole.PreferencesRole
    add("preferences", "&Preferences…", tip, window.show_preferences, "settings", "Ctrl+,", role=role)
    add("quit", "&Quit", "Leave the program", window.close, "log-out", "Ctrl+Q", role=QAction.MenuRole.QuitRole)


def _edit(window: Window) -> None:
    add = partial(window.actions_.add, "Edit")
    canvas: Canvas = late(window, "canvas")
    document: Document = late(window, "document")
    again = ("Ctrl+Shift+Z", "Ctrl+Y")
    add("undo", "&Undo", "Take the last change back", document.undo, "undo-2", "Ctrl+Z")
    add("redo", "&Redo", "Do again what was taken back", document.redo, "redo-2", again)
    add("cut", "Cu&t", "Cut the selected boxes", canvas.cut, "scissors", _KEY.Cut)
    add("copy", "&Copy", "Copy the selected boxes as text", canvas.copy, "copy", _KEY.Copy)
    add("paste", "&Paste", "Add the boxes of the clipboard", canvas.paste, "clipboard-paste", _KEY.Paste)
    add("duplicate", "&Duplicate", "Put copies of the selected boxes below them", canvas.duplicate, "copy", "Ctrl+D")
    tip = "Delete the selected boxes and join what they lay between"
    add("delete", "D&elete", tip, canvas.delete_selected, "trash-2", "Del")
    add("select_all", "Select &all", "Select every box", canvas.select_all, "box-select", _KEY.SelectAll)
    tip = "Select the box that follows the selected one"
    add("select_next", "Select ne&xt box", tip, canvas.select_next, "chevron-right", "Alt+Right")
    tip = "Select the box that feeds the selected one"
    add("select_previous", "Select pre&vious box", tip, canvas.select_previous, "chevron-left", "Alt+Left")
    add("rename", "Re&name", "Give the box another name", window.rename, "text-cursor-input", "F2")


def _view(window: Window) -> None:
    add = partial(window.actions_.add, "View")
    canvas: Canvas = late(window, "canvas")
    tip = "Find everything that can be done by its name"
    add("command_palette", "&Do anything…", tip, window.show_commands, "command", "Ctrl+K")
    add("fit", "&Fit", "Show the whole network", canvas.fit, "maximize", "F")
    add("zoom_in", "Zoom &in", "Look closer", partial(canvas.zoom_step, 1), "zoom-in", ("Ctrl++", "Ctrl+="))
    add("zoom_out", "Zoom &out", "Look from farther away", partial(canvas.zoom_step, -1), "zoom-out", "Ctrl+-")
    add("zoom_reset", "&Actual size", "Zoom to 100 %", canvas.zoom_reset, "search", "Ctrl+0")
    add("reset_layout", "&Reset layout", "Put all panels back", window.reset_layout, "rotate-ccw")
    _themes(window)
    _workspaces(window)
    _panels(window)


def _themes(window: Window) -> None:
    for choice, text, tip, icon_name in (
        ("light", "&Light theme", "Show everything in the light theme", "sun"),
        ("dark", "&Dark theme", "Show everything in the dark theme", "moon"),
        ("system", "Theme of the &system", "Be light or dark as the system is", "monitor"),
    ):
        do = partial(window.set_theme, choice)
        window.actions_.add("View/Theme", f"theme.{choice}", text, tip, do, icon_name, checkable=True)


def _workspaces(window: Window) -> None:
    add = partial(window.actions_.add, "View/Workspaces")
    for number, space in enumerate(window.workspaces, 1):
        do = partial(window.go_to, space.name)
        add(f"workspace.{space.name}", f"{space.title} &workspace", space.tip, do, space.icon, f"Ctrl+{number}")


def _panels(window: Window) -> None:
    add = partial(window.actions_.add, "View/Panels")
    docks: Docks = late(window, "docks")
    for panel in window.panels:
        name, title = panel.name, panel.title
        add(f"panel.{name}", f"{title} panel", f"Open the panel {title}", partial(docks.show, name), panel.icon)


def _network(window: Window) -> None:
    add, align = partial(window.actions_.add, "Network"), partial(window.actions_.add, "Network/Align")
    canvas: Canvas = late(window, "canvas")
    tip = "Search a layer that comes behind the selected box (Tab on the canvas)"
    add("quick_add", "&Add a layer", tip, canvas.quick_add, "plus", "Shift+A")
    add("arrange", "A&rrange", "Lay the boxes out from left to right", canvas.arrange, "workflow", "Ctrl+L")
    for side in ("left", "centre", "right", "top", "middle", "bottom"):
        tip = f"Bring the selected boxes to one line: {side}"
        name = "align-start-vertical" if side in ("left", "centre", "right") else "align-start-horizontal"
        align(f"align.{side}", f"Align {side}", tip, partial(canvas.align, side), name)
    for axis, way in enumerate(("across", "down")):
        tip, name = f"Give the selected boxes equal steps {way}", "align-horizontal-justify-start"
        align(f"distribute.{way}", f"Distribute {way}", tip, partial(canvas.distribute, axis), name)


def _training(window: Window) -> None:
    add = partial(window.actions_.add, "Training")
    training: WindowTraining = late(window, "training")
    trainer: Trainer = late(window, "trainer")
    add("train", "&Train", "Train the network on its data", training.train, "play", "F5")
    add("stop", "&Stop", "End the training and keep its run", trainer.stop, "square", "Shift+F5")
    tip = "Let the latest training go on where it was stopped or interrupted"
    add("resume", "&Resume", tip, training.go_on, "step-forward", "Ctrl+F5")
    tip = "Let the latest run learn for more epochs"
    add("train_longer", "Train &longer…", tip, training.train_longer, "repeat", "Ctrl+Shift+F5")
    add("pause", "&Pause", "Pause the training, or let it go on", training.pause, "pause", "F6", checkable=True)


def _help(window: Window) -> None:
    add = partial(window.actions_.add, "Help")
    add("manual", "&Manual page", "Read about what is selected", window.help, "circle-help", "F1")
    tip = "See and change all shortcuts"
    add("shortcuts", "&Keyboard shortcuts…", tip, window.show_shortcuts, "keyboard", "Ctrl+/")
    tip, role = "Version, licences and diagnostics", QAction.MenuRole.AboutRole
    add("about", "&About Netwright…", tip, window.show_about, "info", role=role)


def refresh(window: Window) -> None:
    """Say for every action whether it can be done now, and if not, why."""
    if window.on_welcome:
        _nothing_open(window.actions_)
        return
    actions, document = window.actions_, window.document
    chosen = len(document.selection)
    few = "" if chosen > 1 else "Select two or more boxes first."
    empty = "" if document.project.graph.nodes else "There are no boxes yet."
    for name in _CHOSEN:
        actions[name].allow("" if chosen else NOTHING_SELECTED)
    for name in _PROJECT:
        actions[name].allow()
    for name in _BOXES:
        actions[name].allow(empty)
    for action in actions.in_menu("Network/Align"):
        action.allow(few)
    actions["rename"].allow("" if chosen == 1 else "Select one box first.")
    _undo(window)
    _session(window)


def _nothing_open(actions: Actions) -> None:
    names = (*_CHOSEN, *_PROJECT, *_BOXES, *_OTHER)
    for action in (*(actions[name] for name in names), *actions.in_menu("Network/Align")):
        action.allow(NOTHING_OPEN)
    for name in ("undo", "redo"):
        actions[name].allow(f"There is nothing to {name}.")
    for name in ("stop", "pause"):
        actions[name].allow(NOTHING_TRAINS)


def _undo(window: Window) -> None:
    stack = window.document.undo_stack
    for name, word, text, can in (
        ("undo", "&Undo", stack.undoText(), stack.canUndo()),
        ("redo", "&Redo", stack.redoText(), stack.canRedo()),
    ):
        window.actions_[name].setText(f"{word} {text}".rstrip())
        window.actions_[name].allow("" if can else f"There is nothing to {name}.")


def _session(window: Window) -> None:
    actions, trainer = window.actions_, window.trainer
    state = trainer.state
    problems = window.document.analysis.problems
    if problems:
        reason = f"{problems[0]} Mend the problems first." if len(problems) == 1 else _many(len(problems))
    else:
        reason = trainer.reason()
    running = "" if state == "idle" else "A training is running."
    idle = NOTHING_TRAINS if state == "idle" else ""
    actions["train"].allow(running or reason)
    actions["stop"].allow(idle)
    actions["pause"].allow(idle)
    actions["pause"].setChecked(state == "paused")
    runs = window.document.runs
    can_go_on = trainer.interrupted or (runs and runs[-1].can_go_on)
    actions["resume"].allow(running or ("" if can_go_on else NOTHING_STOPPED))
    lasting = any(run.can_be_longer for run in runs)
    actions["train_longer"].allow(running or ("" if lasting else NOTHING_TRAINED))
    trained = any(run.fitted for run in runs)
    actions["export"].allow("" if trained else "Train the network first.")


def _many(count: int) -> str:
    return f"{count} problems stand in the way; see the Problems panel."
