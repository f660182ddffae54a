"""What happens when the program itself is at fault: the details go to the log, the person gets one calm sentence."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import platformdirs
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

NOTICE = "Something went wrong. Your work is safe. Details are in the log."

log = logging.getLogger("netwright")


def log_path() -> Path:
    """Return where the log lies."""
    return platformdirs.user_log_path("netwright", appauthor=False) / "netwright.log"


def install(notice: Callable[[str], None]) -> None:
    """Send every uncaught error, of any thread, to the log; call `notice` with a sentence for the person.

    `notice` may be called from any thread.
    """
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(_Log())

    def caught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error or kind(), trace)
            return
        log.critical("uncaught", exc_info=(kind, error or kind(), trace))
        notice(NOTICE)

    sys.excepthook = caught
    threading.excepthook = lambda args: caught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: caught(args.exc_type, args.exc_value, args.exc_traceback)
    qInstallMessageHandler(_from_qt)


def uninstall() -> None:
    """Put back what was there before `install`, and close the log."""
    sys.excepthook, sys.unraisablehook = sys.__excepthook__, sys.__unraisablehook__
    threading.excepthook = threading.__excepthook__
    qInstallMessageHandler(None)
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()


class _Log(logging.Handler):
    """Writes the log, which is opened once there is something to write: that takes time, and most days go well."""

    @cached_property
    def _file(self) -> logging.Handler:
        from logging.handlers import RotatingFileHandler

        try:
            log_path().parent.mkdir(parents=True, exist_ok=True)
            file: logging.Handler = RotatingFileHandler(log_path(), maxBytes=1_000_000, backupCount=2, encoding="utf-8")
        except OSError:  # a home that cannot be written to must not keep the program from working
            file = logging.NullHandler()
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        return file

    def emit(self, record: logging.LogRecord) -> None:
        self._file.handle(record)

    def close(self) -> None:
        if "_file" in vars(self):
            self._file.close()
        super().close()


_LEVELS: dict[Any, int] = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def _from_qt(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    log.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)
