"""Unsaved work is written beside, offered once, never to two programs, and never deleted because it is damaged."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.problems import UserError
from engine.project import recovery
from engine.project.file import encode, load
from engine.project.recovery import discard, list_recoveries, recovery_folder, release, write_recovery
from engine.project.run import Saved

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "files" / "format_1.netw"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path))
    yield tmp_path
    for key in list(recovery._locks):
        release(key)


@pytest.fixture(scope="module")
def saved():
    return load(GOLDEN)


def other_program(code):
    """Run lines of Python in another process to its end."""
    program = (
        f"from pathlib import Path\nfrom engine.project.recovery import *\nfrom engine.project.file import load\n{code}"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_what_a_dead_program_wrote_is_offered_with_its_origin(saved):
    assert list_recoveries() == ()
    other_program(f"write_recovery('k', load({str(GOLDEN)!r}), 'folder/net.netw')")
    (found,) = list_recoveries()
    assert (found.key, found.original, found.problem) == ("k", Path.cwd() / "folder" / "net.netw", "")
    assert found.written is not None
    assert encode(found.open()) == encode(saved)
    assert list_recoveries() == ()  # it is ours now
    release("k")
    assert [again.key for again in list_recoveries()] == ["k"]
    discard("k")
    assert list(recovery_folder().iterdir()) == []


def test_a_running_program_keeps_its_own(saved):
    write_recovery("mine", saved)
    assert list_recoveries() == ()
    assert other_program("print(list_recoveries())") == "()\n"
    with pytest.raises(subprocess.CalledProcessError):
        other_program(f"write_recovery('mine', load({str(GOLDEN)!r}))")
    release("mine")
    assert "mine" in other_program("print(list_recoveries())")


def test_it_is_written_again_and_again(saved):
    for notes in ("1", "2"):
        path = write_recovery("k", Saved(saved.project.with_(notes=notes)))
    assert load(path).project.notes == "2"
    release("k")
    (found,) = list_recoveries()
    assert found.original is None


def test_the_newest_comes_first(saved):
    for key, time in (("a", 1000), ("b", 3000), ("c", 2000)):
        os.utime(write_recovery(key, saved), (time, time))
        release(key)
    assert [found.key for found in list_recoveries()] == ["b", "c", "a"]


def test_a_damaged_one_is_set_aside_and_never_deleted(saved):
    for _ in range(2):
        path = write_recovery("k", saved)
        path.write_bytes(path.read_bytes()[:-100])
        release("k")
        (found,) = list_recoveries()
        assert "is damaged or cut off" in found.problem
        assert found.path.exists()
        assert not path.exists()
        assert list_recoveries() == ()
        assert not recovery._locks
    assert len(list(recovery_folder().glob("*.damaged*"))) == 2


@pytest.mark.parametrize("error", [UserError("No memory."), FileNotFoundError("No memory."), ValueError("No memory.")])
def test_one_that_cannot_be_read_now_stays_where_it_is(saved, monkeypatch, error):
    path = write_recovery("k", saved)
    release("k")

    def refuse(*_):
        raise error

    monkeypatch.setattr(recovery, "load", refuse)
    (found,) = list_recoveries()
    assert found.problem == "No memory."
    assert path.exists()


def test_keys_are_no_paths(saved):
    with pytest.raises(ValueError, match="is no key"):
        write_recovery("../evil", saved)


def test_a_state_folder_that_cannot_be_made_is_named(saved, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="could not be made"):
        write_recovery("k", saved)
    assert list_recoveries() == ()


def test_a_damaged_one_that_cannot_be_set_aside_is_told_of_where_it_is(saved, monkeypatch):
    path = write_recovery("k", saved)
    path.write_bytes(b"")
    release("k")

    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "rename", refuse)
    (found,) = list_recoveries()
    assert found.path == path
    assert "is empty" in found.problem


def test_where_nothing_can_be_locked_work_is_written_and_offered_all_the_same(saved, monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(recovery, "hold", refuse)
    write_recovery("k", saved)
    assert [found.key for found in list_recoveries()] == ["k"]
