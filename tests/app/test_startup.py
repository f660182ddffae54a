"""The order in which the program comes, and that nobody who is quicker than it loses a click."""

import subprocess
import sys
import textwrap
from importlib import import_module

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel, QMenu, QPushButton

from app import appearance, preferences, startup, window_actions
from app.canvas.canvas import Canvas
from app.docks import Docks
from app.panels import PANELS
from app.welcome.examples import examples
from app.window import Window
from engine.data.dataset import Dataset
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.project.file import save
from engine.project.project import Project
from engine.project.run import Saved

from .window_parts import put_down, small_project

# Neither NumPy nor what needs it, and nothing else that only the workbench or a panel needs.
LATE = (
    *("pyqtgraph", "onnx", "onnxruntime", "duckdb", "torch", "PIL", "numpy", "msgspec", "safetensors"),
    *("engine.arrays", "engine.graph", "engine.layer", "engine.project", "engine.training", "engine.catalog"),
    *("app.workbench", "app.document", "app.canvas.canvas", "app.docks", "app.files", "app.forms", "app.session"),
    *("logging.handlers", "app.commands"),
)
PROGRAM = """
    import sys
    from PySide6.QtCore import QTimer
    from app import application, startup
    from app.__main__ import main

    class Watched(application.Window):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.painted.connect(self.at_paint)
            self.whole.connect(self.at_end)

        def at_paint(self):
            pass

        def at_end(self):
            self.close()

    application.Window = Watched
"""


def run(script, *arguments):
    """Run the real program with a script that says what it does at its first paint and at the end; return what it printed."""
    whole = textwrap.dedent(PROGRAM) + textwrap.dedent(script) + "\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", whole, *map(str, arguments)], capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout.split("\n")[:-1]


@pytest.fixture
def bare(qtbot, tmp_path, monkeypatch):
    """Return what makes a painted window behind whose welcome page there is nothing yet."""
    monkeypatch.setattr(startup.Startup, "begin", lambda self: None)

    def make(**settings):
        kept = preferences.Settings(tmp_path / "s.json", preferences.Preferences(theme="dark"), **settings)
        window = Window(kept)
        qtbot.addWidget(window, before_close_func=put_down)
        with qtbot.waitSignal(window.painted):
            window.show()
        assert not is_built(window)
        return window

    return make


def is_built(window):
    return window.findChild(Canvas) is not None


def test_the_first_paint_comes_before_everything_heavy():
    script = """
        Watched.at_paint = lambda self: print(*sys.modules, sep=",")
        def at_end(self):
            print(*sys.modules, sep=",")
            self.close()
        Watched.at_end = at_end
    """
    before, after = (set(line.split(",")) for line in run(script))
    assert not before & set(LATE)
    assert {"numpy", "app.workbench", "app.canvas.canvas", "engine.project.file"} <= after


def test_the_rest_comes_by_itself(qtbot, tmp_path):
    window = Window(preferences.Settings(tmp_path / "s.json"))
    qtbot.addWidget(window, before_close_func=put_down)
    with qtbot.waitSignals([window.painted, window.whole], order="strict"):
        window.show()
    assert is_built(window)
    assert window.on_welcome


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_on_the_welcome_page_changes_when_the_rest_comes(bare, theme):
    window = bare(recent=["/gone/away.netw"])
    appearance.apply(theme)
    first, states = window.grab().toImage(), said(window)
    window.startup.finish()
    assert is_built(window)
    assert window.grab().toImage() == first
    assert said(window) == states
    assert not [dock for dock in window.docks.all.values() if dock.isVisible()]


def said(window):
    """Return everything that the window says of itself."""
    actions = [
        (one.text(), one.isEnabled(), one.toolTip(), one.statusTip(), one.isChecked()) for one in window.actions_
    ]
    menus = [[one.text() for one in menu.actions()] for menu in window.menuBar().findChildren(QMenu)]
    return window.windowTitle(), actions, menus, window.focusWidget()


def test_pictures_stay_as_they_are_while_it_is_built(qtbot, bare):
    """No dock, no bar is seen for a moment between two steps."""
    window = bare()
    first, steps = window.grab().toImage(), 0
    for steps, _ in enumerate(window.startup._steps, 1):  # noqa: B007
        qtbot.wait(1)
        assert window.grab().toImage() == first
    assert steps > len(PANELS)


@pytest.mark.parametrize("index", range(len(examples())))
def test_an_early_click_on_an_example_opens_it(qtbot, bare, index):
    window = bare()
    qtbot.mouseClick(window.welcome.tiles[index], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.on_welcome)
    assert window.document.project.graph.nodes
    assert window.document.path is None


def test_an_early_click_on_new_begins_a_project(qtbot, bare):
    window = bare()
    (new,) = (button for button in window.welcome.findChildren(QPushButton) if button.text() == "&New")
    qtbot.mouseClick(new, Qt.MouseButton.LeftButton)
    assert not window.on_welcome
    assert window.docks.all["layers"].isVisible()


def test_an_early_click_on_open_asks_and_opens(qtbot, bare, tmp_path, monkeypatch):
    path = tmp_path / "net.netw"
    save(path, Saved(small_project()))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    window = bare()
    (open_,) = (button for button in window.welcome.findChildren(QPushButton) if button.text() == "&Open…")
    qtbot.mouseClick(open_, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.on_welcome)
    assert window.document.path == path


@pytest.mark.parametrize("where", ["page", "menu"])
def test_an_early_click_on_a_recent_file_opens_it(qtbot, bare, tmp_path, where):
    path = tmp_path / "net.netw"
    save(path, Saved(small_project()))
    window = bare(recent=[str(path)])
    if where == "menu":
        window.menus.recent.actions()[0].trigger()
    else:
        (line,) = (button for button in window.welcome.findChildren(QPushButton) if button.property("link"))
        qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.on_welcome)
    assert window.document.path == path


def test_an_early_shortcut_is_answered(qtbot, bare):
    window = bare()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not window.on_welcome)


def test_what_is_dropped_early_is_opened(qtbot, bare, tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("a,b\n1,2\n")
    mime, none = QMimeData(), Qt.KeyboardModifier.NoModifier
    mime.setUrls([QUrl.fromLocalFile(str(table))])
    window = bare()
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, none))
    qtbot.waitUntil(lambda: window.document.project.data.source is not None)
    assert window.workspace == "data"


@pytest.mark.parametrize("name", [f"panel.{panel.name}" for panel in PANELS])
def test_an_early_wish_for_a_panel_shows_it(bare, name):
    window = bare()
    window.actions_[name].trigger()
    assert window.docks.all[name.removeprefix("panel.")].isVisible()


@pytest.mark.parametrize("space", ["data", "build", "train", "use"])
def test_an_early_wish_for_a_workspace_goes_there(bare, space):
    window = bare()
    window.actions_[f"workspace.{space}"].trigger()
    assert not window.on_welcome
    assert window.top._buttons[space].isChecked()


def test_an_early_theme_is_taken_and_remembered(bare):
    window = bare()
    window.actions_["theme.light"].trigger()
    assert window.actions_["theme.light"].isChecked()
    window.files.end()
    assert preferences.load(window.settings.path).preferences.theme == "light"


@pytest.mark.parametrize("name", ["preferences", "shortcuts", "about", "new_from_data"])
def test_early_dialogs_open(qtbot, bare, name):
    window = bare()
    window.actions_[name].trigger()
    qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(QDialog)))


def test_anything_can_be_done_early(qtbot, bare):
    window = bare()
    window.actions_["command_palette"].trigger()
    qtbot.waitUntil(window.commands.isVisible)


def test_every_late_part_has_what_the_actions_ask_of_it(bare, monkeypatch):
    asked = []
    monkeypatch.setattr(startup._Late, "__getattr__", lambda late, method: asked.append((late._part, method)) or print)
    window = bare()
    assert {("canvas", "cut"), ("files", "open"), ("trainer", "stop"), ("training", "train")} <= set(asked)
    for part, method in asked:
        assert callable(getattr(getattr(window, part), method))


def test_it_closes_before_it_is_whole():
    assert run("Watched.at_paint = Watched.close") == []


def test_a_click_while_modules_are_loaded_waits_for_them():
    script = """
        Watched.at_paint = lambda self: QTimer.singleShot(5, self.actions_["new"].trigger)
        def at_end(self):
            print(self.on_welcome, len(self.docks.all))
            self.close()
        Watched.at_end = at_end
    """
    assert run(script) == [f"False {len(PANELS)}"]


def test_the_file_of_the_command_line_takes_the_place_of_the_welcome_page(tmp_path):
    path = tmp_path / "net.netw"
    save(path, Saved(small_project()))
    script = """
        def at_paint(self):
            print(self.pages.currentWidget().text())
            self.document.opened.connect(lambda: print(len(self.document.project.graph.nodes)))
            self.document.opened.connect(lambda: QTimer.singleShot(0, self.close))
        Watched.at_paint, Watched.at_end = at_paint, lambda self: None
    """
    assert run(script, path) == ["Opening net.netw…", "3"]


@pytest.mark.parametrize("name", ["bad.netw", "gone.netw", "bad.xyz"])
def test_a_file_that_cannot_be_opened_leads_to_the_welcome_page(qtbot, bare, tmp_path, name):
    if name != "gone.netw":
        (tmp_path / name).write_bytes(b"PK nothing")
    window = bare()
    window.announce(tmp_path / name)
    assert isinstance(window.pages.currentWidget(), QLabel)
    assert window.on_welcome
    window.open_path(tmp_path / name)
    qtbot.waitUntil(lambda: bool(window.notices.texts()))
    assert name in window.notices.texts()[0]
    assert window.pages.currentWidget() is window.welcome


LATER = (*startup.ENGINE, *startup.LATER, *startup.PANELS, *startup.OTHERS)


@pytest.mark.parametrize("name", LATER)
def test_what_comes_later_is_there(name):
    assert import_module(name)


def test_no_other_thread_loads_what_uses_qt():
    """PySide6 makes the class of a name when it is first asked for; two threads that asked ended the program."""
    script = """
        import threading
        from pathlib import Path
        mine, seen = threading.current_thread(), []
        class Finder:
            def find_spec(self, name, *_):
                if threading.current_thread() is not mine:
                    seen.append(name)
        sys.meta_path.insert(0, Finder())
        def uses_qt(name):
            path = getattr(sys.modules.get(name), "__file__", None)
            return name.startswith("PySide6") or (path or "").endswith(".py") and "PySide6" in Path(path).read_text("utf-8")
        def look(window):
            if startup.OTHERS[-1] not in sys.modules:
                QTimer.singleShot(20, lambda: look(window))
                return
            print("engine.catalog" in seen, *filter(uses_qt, seen))
            window.close()
        Watched.at_end = look
    """
    assert run(script) == ["True"]


def test_what_was_loaded_is_garbage_to_nobody():
    """A collection that goes through all modules holds the window up for as long as a person can see."""
    script = """
        import gc
        def at_end(self):
            self.startup.rested.connect(lambda: (print(gc.get_freeze_count() > len(gc.get_objects())), self.close()))
        Watched.at_end = at_end
    """
    assert run(script) == ["True"]


def test_the_windows_thread_finds_the_engine_loaded():
    script = """
        import sys
        from app.application import run
        from app.startup import ENGINE, _load
        _load(ENGINE)
        before = set(sys.modules)
        import app.workbench
        print(*[name for name in sys.modules.keys() - before if name.split(".")[0] in ("engine", "numpy", "msgspec")])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout.strip() == ""


ONE_WAY = """
    seen = []
    class Finder:
        def find_spec(self, name, *_):
            seen.append(name)
    sys.meta_path.insert(0, Finder())
    packages = {"engine.layers", "engine.preprocessing", "engine.initializers", "engine.losses", "engine.data.sources"}
    def check():
        print(next((name for name in seen if name in {"engine.catalog", *packages}), "none"))
"""


@pytest.mark.parametrize("name", LATER)
def test_all_threads_load_the_layers_by_one_way(name):
    """Two that came by different ways met half-way, and handed each other unfinished modules: nothing was opened."""
    script = textwrap.dedent(f"import sys\n{textwrap.dedent(ONE_WAY)}\nimport {name}\ncheck()")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() in ("engine.catalog", "none")


@pytest.mark.parametrize("panel", ["data", "runs", "try", "manual"])
def test_an_early_panel_loads_the_layers_by_the_same_way(panel):
    script = f"""
        from app import tasks
        tasks.start_idle = tasks.step_idle = lambda work: None
        def at_end(self):
            self.docks.show("{panel}")
            check()
            self.close()
        Watched.at_end = at_end
    """
    assert run(textwrap.dedent(ONE_WAY) + textwrap.dedent(script)) == ["engine.catalog"]


def test_the_network_is_painted_before_the_panels_are_made(qtbot, bare, monkeypatch):
    seen = []
    paint = Canvas.drawForeground
    monkeypatch.setattr(Canvas, "drawForeground", lambda *given: (seen.append("paint"), paint(*given))[1])
    make = Docks._make_content
    monkeypatch.setattr(Docks, "_make_content", lambda docks, dock: (seen.append(dock), make(docks, dock))[1])
    window = bare()
    qtbot.mouseClick(window.welcome.tiles[0], Qt.MouseButton.LeftButton)
    shown = {"layers", "inspector", "problems"}
    qtbot.waitUntil(lambda: {name for name, dock in window.docks.all.items() if dock.content} == shown)
    assert seen[0] == "paint"
    assert len(seen) - seen.count("paint") == len(shown)


def test_data_is_read_once_the_panels_are_made(qtbot, bare, monkeypatch):
    """Python does one thing at a time: both at once would take longer than one after the other."""
    seen = []
    make = Docks._make_content
    monkeypatch.setattr(Docks, "_make_content", lambda docks, dock: (make(docks, dock), seen.append("panel")))
    monkeypatch.setattr(Csv, "read", lambda source: (seen.append("read"), Dataset(()))[1])
    window = bare()
    window.document.changed.connect(lambda _before, _after: seen.append(window.data.loading))
    window.files._show(Project(data=DataSettings(source=Csv(path="t.csv"))), None, ())
    qtbot.waitUntil(lambda: "read" in seen and not window.data.loading)
    assert seen == [True, "panel", "panel", "panel", "read"]


def test_the_network_is_painted_first_however_late_the_system_asks_for_it(bare, monkeypatch):
    seen = []
    window = bare()
    window.new()
    monkeypatch.setattr(Canvas, "drawForeground", lambda *_: seen.append("paint"))
    monkeypatch.setattr(Docks, "_make_content", lambda _, dock: seen.append(dock))
    window.docks._make_next()
    assert set(seen) == {"paint"}


def test_a_panel_that_is_asked_for_need_not_wait_its_turn(bare):
    window = bare()
    window.new()
    assert window.docks.all["inspector"].content is None
    window.docks.show("inspector")
    assert window.docks.all["inspector"].content.isVisible()


def test_a_panel_that_is_closed_before_its_turn_is_not_made(qtbot, bare):
    window = bare()
    window.new()
    window.docks.all["inspector"].close()
    qtbot.waitUntil(lambda: window.docks.all["problems"].content is not None)
    assert window.docks.all["inspector"].content is None


def test_actions_say_what_they_need_before_there_is_anything(bare):
    window = bare()
    assert window.actions_["save"].reason == window_actions.NOTHING_OPEN
    assert window.actions_["stop"].reason == window_actions.NOTHING_TRAINS
    assert window.actions_["new"].isEnabled()
