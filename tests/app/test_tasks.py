"""Work off the window's thread that waits until no other is going on."""

import threading

import pytest

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
