"""Work that waits until no other is going on, off the window's thread and on it."""

import threading

import pytest
from PySide6.QtCore import QTimer

from app import tasks

PATIENCE = 60_000  # milliseconds


def rest(qtbot):
    qtbot.waitUntil(lambda: not tasks._running and not tasks._waiting, timeout=PATIENCE)


@pytest.fixture(autouse=True)
def at_rest(qtbot):
    """Wait for what earlier tests began, and in the end for what this one did."""
    rest(qtbot)
    yield
    rest(qtbot)


def test_idle_work_begins_once_no_other_is_going_on(qtbot):
    go, order = threading.Event(), []
    tasks.start(lambda _: go.wait(20), lambda _: order.append("first"))
    for name in ("idle", "more"):
        tasks.start_idle(lambda _, name=name: order.append(name))
    second = tasks.start(lambda _: go.wait(20), lambda _: order.append("second"))
    assert len(tasks._running) == 2
    with qtbot.waitSignal(second.done, timeout=PATIENCE):
        go.set()
    rest(qtbot)
    assert set(order[:2]) == {"first", "second"}
    assert order[2:] == ["idle", "more"]


def test_idle_work_begins_at_once_where_there_is_no_other(qtbot):
    seen = []
    tasks.start_idle(lambda _: seen.append(threading.current_thread()))
    rest(qtbot)
    assert len(seen) == 1
    assert seen != [threading.main_thread()]


def test_idle_work_that_fails_lets_the_next_begin(qtbot):
    seen = []
    tasks.start_idle(lambda _: 1 / 0)
    tasks.start_idle(lambda _: seen.append(1))
    rest(qtbot)
    assert seen == [1]


def test_steps_are_taken_once_no_other_work_is_going_on(qtbot):
    go, order = threading.Event(), []

    def steps():
        for name in ("one", "two"):
            order.append((name, threading.current_thread() is threading.main_thread()))
            yield

    tasks.start(lambda _: go.wait(20), lambda _: order.append("first"))
    tasks.step_idle(steps())
    qtbot.wait(20)
    assert order == []
    go.set()
    qtbot.waitUntil(lambda: len(order) == 3, timeout=PATIENCE)
    assert order == ["first", ("one", True), ("two", True)]


def test_input_and_work_that_come_between_two_steps_are_not_kept_waiting(qtbot):
    go, order = threading.Event(), []

    def steps():
        QTimer.singleShot(0, lambda: order.append("input"))
        tasks.start(lambda _: go.wait(20), lambda _: order.append("work"))
        yield
        order.append("step")
        yield

    tasks.step_idle(steps())
    qtbot.waitUntil(lambda: order == ["input"], timeout=PATIENCE)
    qtbot.wait(20)
    assert order == ["input"]
    go.set()
    qtbot.waitUntil(lambda: order == ["input", "work", "step"], timeout=PATIENCE)


def test_idle_work_begins_after_the_last_step(qtbot):
    order = []
    tasks.step_idle(iter([None, None]))
    tasks.start_idle(lambda _: order.append("idle"))
    qtbot.waitUntil(lambda: order == ["idle"], timeout=PATIENCE)
