"""Work that was not saved: written beside the state of the program, and offered at the next start."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from engine.files import atomic_write, hold, make_folder, state_folder
from engine.problems import UserError
from engine.project.container import read
from engine.project.file import SUFFIX, encode, load
from engine.project.limits import DamagedFileError
from engine.project.run import Saved
from engine.project.strict_json import dump
from engine.project.strict_json import load as load_json

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_locks: dict[str, BinaryIO] = {}  # of this process; the system lets go of them when it ends, however it ends


@dataclass(frozen=True)
class Recovery:
    """Work that a program which ended could not save.

    `original` is the project file that it was opened from, None for one that never had a name. `problem` is a sentence
    where it cannot be opened: a damaged one was set aside under the name `path` and is offered only once.
    """

    key: str
    path: Path
    original: Path | None = None
    written: datetime | None = None
    problem: str = ""

    def open(self) -> Saved:
        """Return what was written last. Raises UserError."""
        return load(self.path)


def recovery_folder() -> Path:
    """Return where recoveries lie."""
    return state_folder() / "recovery"


def write_recovery(key: str, saved: Saved, original: str | os.PathLike[str] | None = None) -> Path:
    """Write what an open document holds, in place of what was written for `key` before.

    `key` (letters, digits, `-`, `_`) belongs to one document of one program; choose a random one. Raises UserError.
    """
    path = _path(key)
    make_folder(path.parent)
    if not _take(key):
        raise UserError(f"The recovery {key} belongs to another program that is running; it was not written.")
    about = {"original": None if original is None else os.path.abspath(original)}
    atomic_write(path, encode(saved, recovery=dump(about)))
    return path


def list_recoveries() -> tuple[Recovery, ...]:
    """Return what programs that ended left behind, the newest first, and take it so that no other program does.

    `release` gives one back, `discard` deletes it. What this program itself wrote or took is not listed.
    """
    found = [_open(path.stem) for path in sorted(recovery_folder().glob(f"*{SUFFIX}")) if _is_free(path.stem)]
    return tuple(sorted(found, key=lambda recovery: recovery.written or datetime.min.replace(tzinfo=UTC), reverse=True))


def _is_free(key: str) -> bool:
    return bool(_KEY.fullmatch(key)) and key not in _locks and _take(key)


def _open(key: str) -> Recovery:
    path = _path(key)
    try:
        load(path)
        about = load_json(read(path)[1].get("recovery.json", b"{}"))
        original = about.get("original") if isinstance(about, dict) else None
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except DamagedFileError as error:
        return Recovery(key, _set_aside(path), problem=str(error))
    except (UserError, OSError, ValueError) as error:
        return Recovery(key, path, problem=str(error))
    return Recovery(key, path, Path(original) if isinstance(original, str) else None, written)


def _set_aside(path: Path) -> Path:
    aside = path.with_suffix(".damaged")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_suffix(f".damaged{number}")
    try:
        path.rename(aside)
    except OSError:
        return path
    release(path.stem)
    return aside


def discard(key: str) -> None:
    """Delete a recovery: after its document was saved, or when the person wants no more of it."""
    for path in (_path(key), _lock_path(key)):
        path.unlink(missing_ok=True)
    release(key)


def release(key: str) -> None:
    """Give a recovery back, so that it is offered again."""
    if held := _locks.pop(key, None):
        held.close()


def _path(key: str) -> Path:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a recovery")
    return recovery_folder() / f"{key}{SUFFIX}"


def _lock_path(key: str) -> Path:
    return _path(key).with_suffix(".lock")


def _take(key: str) -> bool:
    """Take the lock of a recovery; return whether it is ours. Where no lock can be made, it always is."""
    if key in _locks:
        return True
    try:
        file = hold(_lock_path(key))
    except OSError:
        return True
    if file is None:
        return False
    _locks[key] = file
    return True
