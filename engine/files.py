"""How every file of the program is written: all of it or nothing, with the old version kept until the new one is safe."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from platformdirs import user_cache_path, user_state_path

from engine.problems import UserError

Content = bytes | Callable[[BinaryIO], None]

_CAUSES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your quota on this disk is used up, so it is full for you",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "you have no permission to write there",
    errno.EPERM: "you have no permission to write there",
    errno.EFBIG: "a file may not be that large there",
    errno.EIO: "the disk reports an error when writing",
    errno.ENAMETOOLONG: "the name is too long for this disk",
    errno.EISDIR: "it is a folder",
}


def state_folder() -> Path:
    """Return where this program keeps what it must remember by itself: recovery, checkpoints.

    The environment variable NETWRIGHT_STATE names another folder than the system's (XDG_STATE_HOME on Linux).
    """
    return Path(os.environ.get("NETWRIGHT_STATE") or user_state_path("netwright", appauthor=False))


def cache_folder() -> Path:
    """Return where this program keeps what it could make again, for as long as it runs.

    The environment variable NETWRIGHT_CACHE names another folder than the system's (XDG_CACHE_HOME on Linux).
    """
    return Path(os.environ.get("NETWRIGHT_CACHE") or user_cache_path("netwright", appauthor=False))


def make_folder(folder: Path) -> None:
    """Make a folder and those above it where they are not there. Raises UserError that names the cause."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {folder} could not be made, because {cause(error)}.") from error


def cause(error: OSError) -> str:
    """Return why the system refused a file, as the end of a sentence."""
    return _CAUSES.get(error.errno or 0) or (error.strerror or str(error)).rstrip(".")


def atomic_write(path: str | os.PathLike[str], content: Content, *, backup: bool = False) -> None:
    """Write a file so that at every moment, even in a power cut, the old or the new version is whole on the disk.

    `content` is the bytes, or a function that writes them to an open file. A link is followed; the permission bits of an
    old version are kept. With `backup` the old version stays beside the new one as `<name>.bak`. When this returns, the
    file is safe on the disk. Raises UserError that names the file and the cause, and says what is there now.
    """
    target = Path(os.path.realpath(path))
    try:
        check_target(target)
        _clear_leftovers(target)
        _write(target, content, backup)
    except OSError as error:
        kept = "the file from before is kept" if os.path.lexists(target) else "nothing was written"
        raise UserError(f"{target} could not be saved, because {cause(error)}; {kept}.") from error
    try:
        _sync_folder(target.parent)
    except OSError as error:
        raise UserError(f"{target} was written, but it is not safe yet, because {cause(error)}; save again.") from error


def check_target(target: Path) -> None:
    """Raise UserError where it can be seen beforehand that a file could not be written."""
    if not target.parent.is_dir():
        raise UserError(f"{target} could not be saved, because the folder {target.parent} is not there.")
    if target.is_dir():
        raise UserError(f"{target} could not be saved, because it is a folder; choose another name.")
    if not target.exists():
        return
    if not stat.S_ISREG(target.stat().st_mode):
        raise UserError(f"{target} could not be saved, because it is a device, not a file to write to.")
    if not os.access(target, os.W_OK):
        raise UserError(f"{target} could not be saved, because the file is read-only (no permission to write).")


def _write(target: Path, content: Content, backup: bool) -> None:
    fresh, spare = _temporary(target, "new"), _temporary(target, "bak")
    try:
        _write_synced(fresh, content, target)
        if backup and target.exists():
            _keep_old(target, spare)
        os.replace(fresh, target)
    finally:
        for path in (fresh, spare):
            if os.path.lexists(path):
                with suppress(OSError):
                    os.unlink(path)


def _write_synced(path: Path, content: Content, target: Path) -> None:
    """Write a new file with the permission bits of `target` and wait until it is on the disk."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags, 0o666), "wb") as file:
        if target.exists() and hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
        if callable(content):
            content(file)
        else:
            file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _keep_old(target: Path, spare: Path) -> None:
    """Give the old version a second name, `<name>.bak`; on a disk without hard links, copy it."""
    backup = target.with_name(f"{target.name}.bak")
    if backup.exists() and backup.samefile(target):  # killed just before the replace: POSIX would not rename
        return
    try:
        os.link(target, spare)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS):
            raise
        _write_synced(spare, target.read_bytes(), target)
    os.replace(spare, backup)


def _sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk; systems without that notion make them durable themselves."""
    if os.name != "posix":
        return
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(number)


def _stem(target: Path) -> str:
    # A hash, because the name itself may already be as long as the disk allows.
    return f".netwright-{hashlib.sha256(target.name.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}"


def _temporary(target: Path, role: str) -> Path:
    return target.with_name(f"{_stem(target)}-{os.getpid()}-{secrets.token_hex(4)}.{role}")


def _clear_leftovers(target: Path) -> None:
    """Remove temporary files that a process which died while saving this very file has left."""
    pattern = re.compile(re.escape(_stem(target)) + r"-(\d+)-[0-9a-f]{8}\.(new|bak)")
    names: list[str] = []
    with suppress(PermissionError):  # a folder may be written to, but not listed
        names = os.listdir(target.parent)
    for name in names:
        match = pattern.fullmatch(name)
        if match and not alive(int(match[1])):
            with suppress(OSError):
                os.unlink(target.with_name(name))


def alive(pid: int) -> bool:
    """Tell whether a process of this number runs on this machine."""
    if os.name == "nt":
        return _alive_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _alive_windows(pid: int) -> bool:
    import ctypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined, unused-ignore]
    query, still_active = 0x1000, 259
    handle = kernel.OpenProcess(query, False, pid)
    if not handle:
        return bool(ctypes.get_last_error() == 5)  # type: ignore[attr-defined, unused-ignore]  # access denied
    code = ctypes.c_ulong()
    kernel.GetExitCodeProcess(handle, ctypes.byref(code))
    kernel.CloseHandle(handle)
    return code.value == still_active


def hold(path: Path) -> BinaryIO | None:
    """Open and lock a file, until it is closed or this process ends however it ends; None where another one holds it.

    A system that cannot lock holds nobody back. Raises OSError where the file cannot be opened.
    """
    file = open(path, "ab")  # noqa: SIM115  (held open: closing lets go of the lock)
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        file.close()
        return None
    except OSError:
        return file
    return file
