import errno
import os
import stat

import pytest

from engine import files
from engine.files import alive, atomic_write
from engine.problems import UserError


def test_writes_bytes_and_what_a_function_writes(tmp_path):
    atomic_write(tmp_path / "a", b"one")
    atomic_write(tmp_path / "a", lambda file: file.write(b"two") and None)
    assert (tmp_path / "a").read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["a"]


def test_keeps_one_older_version(tmp_path):
    for content in (b"1", b"2", b"3"):
        atomic_write(tmp_path / "a", content, backup=True)
    assert (tmp_path / "a").read_bytes() == b"3"
    assert (tmp_path / "a.bak").read_bytes() == b"2"
    assert sorted(os.listdir(tmp_path)) == ["a", "a.bak"]


def test_saves_after_a_kill_between_backup_and_replace(tmp_path):
    atomic_write(tmp_path / "a", b"1")
    os.link(tmp_path / "a", tmp_path / "a.bak")
    atomic_write(tmp_path / "a", b"2", backup=True)
    assert (tmp_path / "a").read_bytes() == b"2"
    assert (tmp_path / "a.bak").read_bytes() == b"1"
    assert sorted(os.listdir(tmp_path)) == ["a", "a.bak"]


def test_copies_the_old_version_where_the_disk_has_no_hard_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    for content in (b"1", b"2"):
        atomic_write(tmp_path / "a", content, backup=True)
    assert (tmp_path / "a.bak").read_bytes() == b"1"
    assert sorted(os.listdir(tmp_path)) == ["a", "a.bak"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_a_disk_that_takes_no_second_name_because_it_is_full_is_no_disk_without_hard_links(
    tmp_path, monkeypatch, number
):
    (tmp_path / "net").write_bytes(b"old")
    monkeypatch.setattr(os, "link", _failing(os.link, number))
    with pytest.raises(UserError, match=r"net could not be saved, because .*; the file from before is kept\."):
        atomic_write(tmp_path / "net", b"new", backup=True)
    assert (tmp_path / "net").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["net"]


@pytest.mark.skipif(os.name == "nt", reason="permission bits are POSIX")
def test_keeps_permission_bits_and_follows_links(tmp_path):
    (tmp_path / "real").write_bytes(b"1")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    atomic_write(tmp_path / "link", b"2")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"2"
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("number", "word"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission"), (errno.EIO, "error")],
)
@pytest.mark.parametrize("step", ["fsync", "replace", "open"])
def test_a_failure_names_file_and_cause_and_leaves_the_old_version(tmp_path, monkeypatch, number, word, step):
    (tmp_path / "net").write_bytes(b"old")
    monkeypatch.setattr(os, step, _failing(getattr(os, step), number))
    with pytest.raises(UserError, match=rf"net could not be saved, because .*{word}.*; the file from before is kept\."):
        atomic_write(tmp_path / "net", b"new", backup=step != "replace")
    monkeypatch.undo()
    assert (tmp_path / "net").read_bytes() == b"old"
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def _failing(real, number):
    calls = iter([True])

    def fail(*args, **kwargs):
        if next(calls, False):
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    return fail


@pytest.mark.skipif(os.name != "posix", reason="folders are synchronised on POSIX only")
def test_never_claims_that_the_old_version_is_kept_once_it_is_replaced(tmp_path, monkeypatch):
    def fail(folder):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "_sync_folder", fail)
    with pytest.raises(UserError, match="was written, but it is not safe yet"):
        atomic_write(tmp_path / "net", b"new")
    assert (tmp_path / "net").read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="folders are synchronised on POSIX only")
@pytest.mark.parametrize("content", [b"new" * 9, lambda file: file.write(b"new" * 9) and None])
def test_a_file_is_whole_on_the_disk_before_it_takes_the_place_of_the_old_one(tmp_path, monkeypatch, content):
    (tmp_path / "net").write_bytes(b"old")
    done = []

    def synced(number):
        found = os.fstat(number)
        done.append("folder" if stat.S_ISDIR(found.st_mode) else found.st_size)

    def replaced(source, target, real=os.replace):
        done.append("replaced")
        real(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    atomic_write(tmp_path / "net", content)
    assert done == [27, "replaced", "folder"]


@pytest.mark.skipif(os.name != "posix", reason="folders are synchronised on POSIX only")
@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_disk_that_knows_no_synchronising_of_folders_will_do(tmp_path, monkeypatch, number):
    real = os.fsync

    def only_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    atomic_write(tmp_path / "net", b"new")
    assert (tmp_path / "net").read_bytes() == b"new"


def test_a_folder_that_cannot_be_listed_will_do(tmp_path, monkeypatch):
    def refuse(folder):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    atomic_write(tmp_path / "net", b"new")
    assert (tmp_path / "net").read_bytes() == b"new"


def test_a_mistake_of_the_writer_leaves_nothing(tmp_path):
    def write(file):
        file.write(b"half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        atomic_write(tmp_path / "a", write)
    assert os.listdir(tmp_path) == []


def test_says_what_is_in_the_way(tmp_path):
    with pytest.raises(UserError, match="is a folder; choose another name"):
        atomic_write(tmp_path, b"")
    with pytest.raises(UserError, match=r"the folder .*nowhere is not there"):
        atomic_write(tmp_path / "nowhere" / "a", b"")
    with pytest.raises(UserError, match="name is too long"):
        atomic_write(tmp_path / ("a" * 300), b"")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(UserError, match="is a device"):
            atomic_write(tmp_path / "pipe", b"")


def test_respects_a_file_that_is_read_only(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # for root every file can be written to
    with pytest.raises(UserError, match="the file is read-only"):
        atomic_write(tmp_path / "a", b"new")


def test_removes_what_a_killed_process_left_but_nothing_else(tmp_path):
    stem = files._stem(tmp_path / "a")
    dead = 2**22 + 1  # above the largest process number of Linux
    names = [f"{stem}-{dead}-0123abcd.new", f"{stem}-{dead}-0123abcd.bak"]
    kept = [f"{stem}-{os.getpid()}-0123abcd.new", f"{files._stem(tmp_path / 'b')}-{dead}-0123abcd.new", "other.new"]
    for name in names + kept:
        (tmp_path / name).touch()
    atomic_write(tmp_path / "a", b"")
    assert sorted(os.listdir(tmp_path)) == sorted([*kept, "a"])


def test_knows_whether_a_process_lives():
    assert alive(os.getpid())
    assert not alive(2**22 + 1)
    assert not alive(2**80)


@pytest.mark.skipif(os.name == "nt", reason="asks POSIX")
def test_a_process_of_somebody_else_lives(monkeypatch):
    monkeypatch.setattr(os, "kill", _failing(os.kill, errno.EPERM))
    assert alive(1)


def test_only_one_at_a_time_holds_a_file_and_a_disk_without_locks_holds_nobody_back(tmp_path, monkeypatch):
    first = files.hold(tmp_path / "lock")
    assert files.hold(tmp_path / "lock") is None
    first.close()
    with files.hold(tmp_path / "lock") as second:
        fcntl = pytest.importorskip("fcntl")
        monkeypatch.setattr(fcntl, "flock", _failing(fcntl.flock, errno.ENOLCK))
        with files.hold(tmp_path / "lock") as third:
            assert not second.closed
            assert not third.closed


def test_state_lies_where_the_system_or_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("NETWRIGHT_STATE", str(tmp_path))
    assert files.state_folder() == tmp_path
    monkeypatch.delenv("NETWRIGHT_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    if os.name == "posix" and os.uname().sysname == "Linux":
        assert files.state_folder() == tmp_path / "netwright"
    monkeypatch.setenv("NETWRIGHT_CACHE", str(tmp_path / "cache"))
    assert files.cache_folder() == tmp_path / "cache"
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"folder .*file could not be made, because"):
        files.make_folder(tmp_path / "file")
