"""Project files as the window handles them: nothing is lost by what happens while one is written, read, or asked about."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

import app.files
from app import preferences, replacing, tasks
from app.document import Document
from app.files import Files
from app.training import leaving
from engine.problems import UserError
from engine.project import recovery
from engine.project.file import load, save
from engine.project.project import Project
from engine.project.recovery import list_recoveries, recovery_folder, write_recovery
from engine.project.run import Run, Saved

from .window_parts import small_project

BUTTON, KEY = QMessageBox.StandardButton, Qt.Key


@pytest.fixture
def files(qtbot, tmp_path):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    files = Files(Document(small_project()), preferences.Settings(tmp_path / "settings.json"), window)
    yield files
    files.end()
    for key in list(recovery._locks):
        recovery.release(key)


@pytest.fixture
def document(files):
    return files._document


class Slow:
    """A function that waits in its own thread until it may go on."""

    def __init__(self, monkeypatch, name):
        self.began, self.go, self._work = threading.Event(), threading.Event(), getattr(app.files, name)
        monkeypatch.setattr(app.files, name, self)

    def __call__(self, *arguments):
        self.began.set()
        assert self.go.wait(60)
        return self._work(*arguments)


def note(document, text):
    document.edit("Note", lambda project: project.with_(notes=text))


def left():
    """Return the projects that would be offered if the program died now."""
    for key in list(recovery._locks):
        recovery.release(key)
    return {found.key: found.open().project.notes for found in list_recoveries()}


def test_what_was_changed_while_it_was_saved_counts_as_unsaved(qtbot, files, document, tmp_path, monkeypatch):
    slow, path, then = Slow(monkeypatch, "save"), tmp_path / "net.netw", []
    note(document, "first")
    with qtbot.waitSignal(files.told) as told:
        files._save(path, lambda: then.append(document.path))
        slow.began.wait(60)
        note(document, "second")
        assert not then
        slow.go.set()
    assert told.args == ["Saved net.netw."]
    qtbot.waitUntil(lambda: then == [path])
    assert load(path).project.notes == "first"
    assert document.is_modified
    assert document.title == "net"
    assert files.recovery.timer.isActive()
    with qtbot.waitSignal(files.told):
        files.save()
    assert load(path).project.notes == "second"
    assert not document.is_modified


def test_runs_that_came_while_it_was_saved_count_as_unsaved(qtbot, files, document, tmp_path, monkeypatch):
    slow = Slow(monkeypatch, "save")
    with qtbot.waitSignal(files.told):
        files._save(tmp_path / "net.netw", None)
        document.runs = (Run("run-1", document.project, status="failed"),)
        slow.go.set()
    assert document.is_modified


def test_a_project_that_was_opened_while_another_was_saved_keeps_its_own_file(
    qtbot, files, document, tmp_path, monkeypatch
):
    slow, one, other = Slow(monkeypatch, "save"), tmp_path / "one.netw", tmp_path / "other.netw"
    save(other, Saved(Project(notes="other")))
    note(document, "one")
    monkeypatch.setattr(files, "_ask", lambda: BUTTON.Discard)
    files._save(one, None)
    slow.began.wait(60)
    with qtbot.waitSignal(document.opened):
        files.open(other)
    with qtbot.waitSignal(files.told, check_params_cb=lambda text: text == "Saved one.netw."):
        slow.go.set()
    assert (document.path, document.project.notes) == (other, "other")
    assert not document.is_modified
    assert files._settings.recent == [str(one), str(other)]


def test_what_is_changed_while_another_file_is_read_is_asked_about(qtbot, files, document, tmp_path, monkeypatch):
    slow, path, asked = Slow(monkeypatch, "load"), tmp_path / "other.netw", []
    save(path, Saved(Project(notes="other")))
    answers = [BUTTON.Discard, BUTTON.Cancel]
    monkeypatch.setattr(files, "_ask", lambda: asked.append(document.project.notes) or answers.pop())
    for text in ("1", "2"):
        slow.go.clear()
        files.open(path)
        note(document, text)
        slow.go.set()
        qtbot.waitUntil(lambda text=text: text in asked)
        if text == "1":
            assert document.project.notes == "1"
            document.mark_saved(tmp_path / "one.netw")
    assert document.project.notes == "other"
    assert asked == ["1", "2"]


def test_saving_twice_at_once_asks_nothing(qtbot, files, document, tmp_path, monkeypatch):
    monkeypatch.setattr("app.files.ask_about_change", lambda *_: pytest.fail("the file is our own"))
    document.path, told = tmp_path / "net.netw", []
    files.told.connect(told.append)
    for text in "abc":
        note(document, text)
        files.save()
    slow = Slow(monkeypatch, "save")
    note(document, "d")
    files.save()
    qtbot.waitUntil(slow.began.is_set)
    files.save()
    slow.go.set()
    qtbot.waitUntil(lambda: len(told) == 5)
    assert not document.is_modified
    assert load(document.path).project.notes == "d"


def test_leaving_after_a_save_asks_again_about_what_was_changed_meanwhile(
    qtbot, files, document, tmp_path, monkeypatch
):
    slow, answers, left_it = Slow(monkeypatch, "save"), [BUTTON.Cancel, BUTTON.Save], []
    monkeypatch.setattr(files, "_ask", lambda: answers.pop())
    document.path = tmp_path / "net.netw"
    note(document, "first")
    files.leave(lambda: left_it.append(True))
    qtbot.waitUntil(slow.began.is_set)
    note(document, "second")
    slow.go.set()
    qtbot.waitUntil(lambda: not answers)
    assert not left_it
    assert document.project.notes == "second"


def test_a_copy_that_is_no_longer_wanted_when_it_is_written_goes_away(qtbot, files, document, monkeypatch):
    slow = Slow(monkeypatch, "write_recovery")
    note(document, "unsaved")
    files.recovery._write()
    slow.began.wait(60)
    files.recovery.drop()
    slow.go.set()
    qtbot.waitUntil(lambda: not files.recovery._busy)
    tasks.finish()
    assert left() == {}


def test_a_copy_of_a_project_that_was_left_meanwhile_goes_away_and_the_next_one_has_its_own(
    qtbot, files, document, monkeypatch
):
    slow = Slow(monkeypatch, "write_recovery")
    note(document, "left")
    files.recovery._write()
    slow.began.wait(60)
    files.begin(Project(notes="next"))
    files.recovery._write()  # which has to wait for the other
    assert files.recovery.timer.isActive()
    slow.go.set()
    qtbot.waitUntil(lambda: not files.recovery._busy)
    files.recovery._write()
    qtbot.waitUntil(lambda: not files.recovery._busy)
    tasks.finish()
    assert left() == {files.recovery.key: "next"}


def test_a_disk_that_takes_no_copies_is_told_of_once(qtbot, files, document, monkeypatch):
    def refuse(*_):
        raise UserError("The disk is full.")

    told = []
    files.failed.connect(told.append)
    monkeypatch.setattr(app.files, "write_recovery", refuse)
    for text in ("1", "2"):
        note(document, text)
        files.recovery._write()
        qtbot.waitUntil(lambda: not files.recovery._busy)
    assert told == ["The disk is full."]


def test_no_copies_are_made_where_a_person_wants_none_or_nothing_is_unsaved(files, document, tmp_path):
    files.recovery.wanted = False
    note(document, "unsaved")
    assert not files.recovery.timer.isActive()
    document.mark_saved(tmp_path / "net.netw")
    files.recovery._write()
    assert not files.recovery._busy


@pytest.mark.parametrize(("wish", "kept"), [("keep", {"old": "lost"}), ("forget", {})])
def test_work_that_was_left_behind_is_offered_again_or_deleted_as_a_person_wishes(files, wish, kept):
    write_recovery("old", Saved(Project(notes="lost")))
    recovery.release("old")
    (found,) = list_recoveries()
    getattr(files, wish)(found)
    tasks.finish()
    assert left() == kept


def test_recovered_work_is_unsaved_and_goes_where_it_came_from(qtbot, files, document, tmp_path):
    write_recovery("old", Saved(Project(notes="lost")), tmp_path / "net.netw")
    recovery.release("old")
    with qtbot.waitSignal(files.found) as told:
        files.look_for_recoveries()
    with qtbot.waitSignal(files.told):
        files.recover(told.args[0][0])
    assert document.is_modified
    assert (document.project.notes, document.path) == ("lost", tmp_path / "net.netw")
    assert left() == {"old": "lost"}  # until it is saved
    note(document, "lost and found")
    files.recovery._write()
    qtbot.waitUntil(lambda: not files.recovery._busy)
    assert left() == {"old": "lost and found"}
    with qtbot.waitSignal(files.told):
        files.save()
    tasks.finish()
    assert not list(recovery_folder().iterdir())


def test_a_copy_of_an_example_lies_nowhere(qtbot, files, document, tmp_path):
    save(tmp_path / "net.netw", Saved(Project(notes="example")))
    with qtbot.waitSignal(files.told):
        files.open(tmp_path / "net.netw", as_copy=True)
    assert (document.path, document.project.notes) == (None, "example")
    assert files._settings.recent == []
    assert files._folder() == str(Path.home())


def press(what):
    """Answer the question that is about to be asked: with a key, or the button of this name; return where it is noted."""
    asked = []

    def do():
        box = QApplication.activeModalWidget()
        asked.append(f"{box.text()} {box.informativeText()}")
        if isinstance(what, KEY):
            QTest.keyClick(box, what)
        else:
            next(b for b in box.buttons() if what in (box.standardButton(b), b.text().replace("&", ""))).click()

    QTimer.singleShot(0, do)
    return asked


@pytest.mark.parametrize(
    ("answer", "button"),
    [(KEY.Key_Return, BUTTON.Save), (KEY.Key_Escape, BUTTON.Cancel), (BUTTON.Discard, BUTTON.Discard)],
)
def test_enter_saves_and_escape_stays(files, answer, button):
    asked = press(answer)
    assert files._ask() == button
    assert asked == ["Save the changes to Untitled? Otherwise they are lost."]


@pytest.mark.parametrize(
    ("answer", "wish"), [(KEY.Key_Return, "stop"), (KEY.Key_Escape, ""), ("Go on next time", "later")]
)
def test_a_training_is_stopped_and_kept_by_enter(files, document, tmp_path, answer, wish):
    document.path = tmp_path / "net.netw"
    press(answer)
    assert leaving.ask(files._window, SimpleNamespace(document=document)) == wish


def test_a_training_of_a_project_without_a_file_cannot_go_on_next_time(files, document):
    texts = []

    def look():
        box = QApplication.activeModalWidget()
        texts.extend(button.text().replace("&", "") for button in box.buttons())
        box.close()

    QTimer.singleShot(0, look)
    assert leaving.ask(files._window, SimpleNamespace(document=document)) == ""
    assert sorted(texts) == ["Cancel", "Stop and keep"]


@pytest.mark.parametrize(("answer", "replaces"), [(KEY.Key_Return, False), (KEY.Key_Escape, False), ("Replace", True)])
def test_a_file_is_replaced_only_by_a_click(files, tmp_path, answer, replaces):
    asked = press(answer)
    assert replacing.ask(files._window, tmp_path / "net.netw") is replaces
    assert asked == [f"net.netw is already there. Replace it? What it holds now is lost. It lies in {tmp_path}."]


def test_only_a_file_that_is_there_is_asked_about(qtbot, files, tmp_path, monkeypatch):
    done, answers = [], []
    monkeypatch.setattr(replacing, "ask", lambda parent, path: answers.pop())
    for name, answer in (("new", None), ("old", False), ("old", True)):
        answers[:] = [] if answer is None else [answer]
        (tmp_path / "old").touch()
        count = len(done)
        replacing.ask_first(
            files._window, tmp_path / name, lambda: done.append("written"), lambda: done.append("stayed")
        )
        qtbot.waitUntil(lambda count=count: len(done) > count)
        assert not answers
    assert done == ["written", "stayed", "written"]
