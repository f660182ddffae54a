import logging
import sys
import threading
import warnings

import pytest
from PySide6.QtCore import qWarning

from app import crash, tasks
from engine.problems import UserError


@pytest.fixture
def notices(qapp, monkeypatch, tmp_path):
    found = []
    monkeypatch.setattr(crash, "log_path", lambda: tmp_path / "log" / "netwright.log")
    crash.install(found.append)
    yield found
    crash.uninstall()


def log(tmp_path):
    return (tmp_path / "log" / "netwright.log").read_text()


def test_an_uncaught_error_is_logged_and_told_calmly(notices, tmp_path):
    try:
        raise ZeroDivisionError("deep inside")
    except ZeroDivisionError:
        sys.excepthook(*sys.exc_info())
    assert notices == [crash.NOTICE]
    assert "Traceback" not in notices[0]
    assert "deep inside" in log(tmp_path)
    assert "Traceback" in log(tmp_path)


def test_an_error_in_a_thread_is_caught(notices, tmp_path):
    def fail():
        raise ValueError("in a thread")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert notices == [crash.NOTICE]
    assert "in a thread" in log(tmp_path)


def test_messages_of_qt_go_to_the_log(notices, tmp_path):
    qWarning("a message of Qt")
    assert "Qt: a message of Qt" in log(tmp_path)
    assert not notices


def test_a_home_that_cannot_be_written_does_not_stop_the_start(qapp, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(crash, "log_path", lambda: tmp_path / "file" / "netwright.log")
    with warnings.catch_warnings():
        crash.install(lambda text: None)
    crash.log.error("goes nowhere")
    crash.uninstall()


def test_a_task_answers_on_the_windows_thread(qtbot):
    seen = []
    tasks.start(lambda task: threading.current_thread(), lambda other: seen.append((other, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0][0] is not seen[0][1]
    assert seen[0][1] is threading.main_thread()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserError("The file is no project."), "The file is no project."),
        (FileNotFoundError(2, "No such file or directory", "x.netw"), "x.netw: No such file or directory."),
        (KeyError("secret"), crash.NOTICE),
    ],
)
def test_errors_of_a_task_are_sentences(qtbot, error, sentence, caplog):
    caplog.set_level(logging.CRITICAL + 1)
    seen = []

    def work(task):
        raise error

    tasks.start(work, failed=seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [sentence]


def test_a_task_that_is_cancelled_gives_no_answer(qtbot):
    go, seen = threading.Event(), []

    def work(task):
        go.wait(5)
        task.check()

    task = tasks.start(work, seen.append, seen.append)
    with qtbot.waitSignal(task.cancelled):
        task.cancel()
        go.set()
    assert seen == []
