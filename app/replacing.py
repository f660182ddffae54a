"""Asks before a file takes the place of another one, or of what others have made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from app import tasks
from app.asking import Icon, Role, choose

Stamp = tuple[int, int] | None  # when a file was written, and its size; None where there is none


def stamp(path: Path) -> Stamp:
    """Return what tells one state of a file from another."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def ask_first(
    parent: QWidget, path: Path, write: Callable[[], Any], stay: Callable[[], Any] = lambda: None
) -> tasks.Task:
    """Call `write` where no such file is there or the person lets it go, else `stay`; the disk is looked at elsewhere."""

    def found(there: bool) -> None:
        (stay if there and not ask(parent, path) else write)()

    return tasks.start(lambda _: path.is_file(), found, lambda _: write(), parent)


def ask(parent: QWidget, path: Path) -> bool:
    """Ask the person whether a file may be replaced."""
    text = f"{path.name} is already there. Replace it?"
    more = f"What it holds now is lost. It lies in {path.absolute().parent}."
    return bool(choose(parent, text, more, {"replace": ("&Replace", Role.DestructiveRole)}, icon=Icon.Warning))


def ask_about_change(parent: QWidget, path: Path) -> str:
    """Ask what becomes of a file that was changed elsewhere since it was opened: "replace", "save as" or "" for nothing."""
    text = f"{path.name} was changed since you opened or saved it here."
    more = "Another window or program wrote it. To replace it loses what was changed there."
    choices = {"replace": ("&Replace", Role.DestructiveRole), "save as": ("Save &as…", Role.AcceptRole)}
    return choose(parent, text, more, choices, "save as", icon=Icon.Warning)
