import gc
import threading
import weakref
from typing import ClassVar

from PySide6.QtCore import QObject, QTimer
from shiboken6 import delete

from app import tasks
from app.garbage import GarbageCollector


class Circle(QObject):
    """Refers to itself, so that only the collector can end it."""

    ended_on: ClassVar[list] = []

    def __init__(self):
        super().__init__()
        self.itself = self
        self.timer = QTimer(self, interval=1)
        self.timer.start()
        weakref.finalize(self, lambda: Circle.ended_on.append(threading.current_thread()))


def allocate(_):
    """Make as much garbage as sets Python's own collector going."""
    for _ in range(50 * gc.get_threshold()[0]):
        a = []
        a.append(a)


def test_qt_objects_end_on_the_windows_thread_only(qtbot):
    Circle.ended_on.clear()
    for _ in range(20):
        Circle()
    with qtbot.waitSignal(tasks.start(allocate).done):
        pass
    assert Circle.ended_on == []
    gc.collect()
    assert set(Circle.ended_on) == {threading.main_thread()}


def test_garbage_is_collected_by_and_by(qtbot):
    Circle.ended_on.clear()
    Circle()
    kept = []
    qtbot.waitUntil(lambda: kept.extend([] for _ in range(200_000)) or bool(Circle.ended_on), timeout=20_000)


def test_what_is_spared_is_looked_at_again_in_the_end(qtbot):
    garbage = GarbageCollector()
    garbage.spare()
    assert len(gc.get_objects()) < gc.get_freeze_count()
    garbage.end()
    assert gc.get_freeze_count() == 0


def test_a_task_does_not_answer_an_owner_that_is_gone(qtbot):
    owner, heard = QObject(), []
    task = tasks.start(lambda _: 1, heard.append, owner=owner)
    with qtbot.waitSignal(task.done):
        delete(owner)
    assert heard == []
