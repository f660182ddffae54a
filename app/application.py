"""Starts the window: look, log, settings, and what the command line named."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from app import appearance, crash, preferences, tasks
from app.garbage import GarbageCollector
from app.icons import icon
from app.theme import theme
from app.window import Window

FRAME = 40  # pixels that a system may put around a window; where there are fewer, the window fills the screen


class Application(QApplication):
    """Opens files that the system hands over (macOS), as well as those of the command line."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__([*arguments, *appearance.ARGUMENTS])
        self.setApplicationName("netwright")
        self.setApplicationDisplayName("Netwright")
        self.setDesktopFileName("netwright")
        self.window: Window | None = None
        self._waiting: list[Path] = []

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.open(Path(event.file()))
            return True
        return super().event(event)

    def open(self, path: Path) -> None:
        """Open a file now, or as soon as there is a window."""
        if self.window is None:
            self._waiting.append(path)
        else:
            self.window.open_path(path)

    def show_window(self, window: Window) -> None:
        """Show the window, and open what waits once it is painted."""
        self.window = window
        waiting, self._waiting = self._waiting, []
        for path in waiting:
            window.announce(path)
            window.painted.connect(partial(window.open_path, path))
        window.setMinimumSize(window.minimumSize().boundedTo(window.screen().availableSize()))
        room = window.screen().availableSize() - window.size()
        if min(room.width(), room.height()) < FRAME:
            window.showMaximized()
        else:
            window.show()


def enlarge(scale: str) -> None:
    """Let Qt, which is about to start, draw everything so much larger, unless the environment says how large."""
    if scale != preferences.SCALES[0]:
        os.environ.setdefault("QT_SCALE_FACTOR", str(int(scale.removesuffix("%")) / 100))


def run(file: str | None = None) -> int:
    """Show the window until it is closed; return the exit status."""
    settings = preferences.load()
    enlarge(settings.preferences.scale)
    app = Application(sys.argv[:1])
    garbage = GarbageCollector(app)
    theme().choice = settings.preferences.theme
    appearance.prepare(app)
    app.setWindowIcon(icon("network", "accent"))
    window = Window(settings)
    window.startup.rested.connect(garbage.spare)
    crash.install(window.notices.post)
    if file:
        app.open(Path(file))
    elif settings.preferences.reopen and settings.recent:
        app.open(Path(settings.recent[0]))
    app.show_window(window)
    status = app.exec()
    tasks.finish()  # what was begun as the window closed must not outlive Qt
    crash.uninstall()
    garbage.end()
    return status
