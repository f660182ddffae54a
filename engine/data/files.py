"""Opening a person's files: only regular ones, with a sentence for whatever else a path may lead to."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from engine.problems import UserError


def open_regular(path: str | Path, largest: int) -> BinaryIO:
    """Open a file for reading bytes; raise UserError where it is missing, no regular file, or of more than `largest` bytes.

    A pipe or a device never blocks: what the path leads to is asked before anything is read.
    """
    if not str(path):
        raise UserError("No file is named. Choose a file.")
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise UserError(unreadable(path, error)) from None
    try:
        about = os.fstat(handle)
        if stat.S_ISDIR(about.st_mode):
            raise UserError(f"{path} is a folder, but a file is wanted. Choose a file in it.")
        if not stat.S_ISREG(about.st_mode):
            raise UserError(f"{path} is not an ordinary file. Copy its content into a file and choose that.")
        if about.st_size > largest:
            raise UserError(
                f"{path} holds {about.st_size:,} bytes; at most {largest:,} can be read. Take a part of it."
            )
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def unreadable(path: str | Path, error: Exception) -> str:
    """Return the sentence for a path that cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return f"{path} is not there. Choose the file again."
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder, but a file is wanted. Choose a file in it."
    if isinstance(error, PermissionError):
        return f"{path} may not be read. Ask its owner for leave, or copy it to a folder of your own."
    reason = getattr(error, "strerror", None) or str(error)
    return f"{path} cannot be read: {reason}."
