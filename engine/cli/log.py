"""The log of the command line: every error with all that is known about it, in the state folder."""

from __future__ import annotations

import logging
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine.files import make_folder, state_folder
from engine.problems import UserError

SIZE = 1_000_000  # bytes


def log_path() -> Path:
    """Return where the log lies."""
    return state_folder() / "netwright.log"


def record(error: BaseException) -> None:
    """Write an error, its traceback and that of a training process to the log, if the disk lets us."""
    with suppress(OSError, UserError):
        make_folder(log_path().parent)
        handler = RotatingFileHandler(
            log_path(), maxBytes=SIZE, backupCount=2, encoding="utf-8", errors="backslashreplace"
        )
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        level = logging.INFO if isinstance(error, UserError) else logging.CRITICAL
        text = "\n".join(filter(None, [str(error), getattr(error, "trace", "")]))
        entry = logging.LogRecord(
            "netwright", level, __file__, 0, text, None, (type(error), error, error.__traceback__)
        )
        handler.emit(entry)
        handler.close()
