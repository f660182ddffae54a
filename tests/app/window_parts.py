"""What the tests of the window share."""

from PySide6.QtCore import QObject, Signal

from app import preferences, tasks
from app.panels import PANELS
from app.window import Window
from engine.layer import Layer
from engine.project.project import Project


class FakeTrainer(QObject):
    """Trains nothing, and remembers what it was asked."""

    changed, kept, failed, unfinished = Signal(), Signal(object), Signal(str, bool), Signal(int)
    told, diverged, state_changed = Signal(str), Signal(str, str), Signal(str)
    started, progress, epoch_done = Signal(object, object), Signal(object), Signal(object)
    validating, checkpointed, finished = Signal(float), Signal(object), Signal(object)

    def __init__(self):
        super().__init__()
        self.state, self.why, self.asked, self.session, self.busy = "idle", "", [], self, False
        self.interrupted = False

    def reason(self):
        return self.why

    def become(self, state):
        self.state = state
        self.changed.emit()

    def start(self):
        self.asked.append("start")
        self.become("training")

    def go_on(self, run):
        self.asked.append(("go on", run))
        self.become("training")

    def stop(self):
        self.asked.append("stop")
        self.become("idle")

    def pause(self):
        self.asked.append("pause")
        self.become("paused")

    def close(self):
        self.asked.append("close")
        self.become("idle")

    def stop_then(self, then):
        self.stop()
        then()

    def proceed(self):
        self.asked.append("proceed")
        self.become("training")


def make_window(qtbot, tmp_path, *, panels=PANELS, **settings):
    kept = preferences.Settings(tmp_path / "settings.json", preferences.Preferences(theme="dark"), **settings)
    window = Window(kept, panels)
    qtbot.addWidget(window, before_close_func=put_down)
    window.show()
    qtbot.waitExposed(window)
    return window


def put_down(window):
    """Let a window close without a question, and without work that outlives the test."""
    window.document.undo_stack.setClean()
    window.trainer.close()
    window.files.recovery.timer.stop()
    tasks.finish()


def small_project():
    made = Layer.registry
    project = Project()
    graph = project.graph.add("input", made["Input"](size=(4,)))
    graph = graph.add("dense", made["Dense"](units=3), "input").add("output", made["Output"](), "dense")
    return project.with_(graph=graph, places={"input": (0, 0), "dense": (220, 0), "output": (440, 0)})
