"""Measures how the program starts: `python packaging/measure_start.py [ROUNDS] [OTHER_CHECKOUT]` prints milliseconds.

Most are counted from before the program's process is made, with what it reads in the disk's cache. `painted`: the first
picture was shown, after so much `work` of the processor. `usable`: a click that came right then has opened the menu File,
and that was painted. `whole`: what comes after the first picture is there, and `stall` is the longest time meanwhile in
which the window looked for no input. `file`: `netwright FILE` has shown its network. `empty`: an empty window of Qt is
painted, the least that this machine needs.

Counted from a click on the first example: `example`, where it came as soon as there was a picture, until the network is
painted; `later`, where all was there and the program had rested. `example+` and `later+`: until the panels are painted, too.

Without a screen, and under Xvfb where that is installed; another checkout takes turns with this one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "resources" / "examples"
BEAT = 2  # milliseconds
REST = 1500  # milliseconds

# The process that is measured


class Probe:
    """Waits for the program's window, then looks on; the program itself is started as ever."""

    def __init__(self, began: float, wish: str) -> None:
        self.began, self.wish = began, wish
        self.found: dict[str, float] = {}

    def now(self) -> float:
        return (time.monotonic() - self.began) * 1000

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Let the program's module be loaded as it is, then ask to be called once its window is shown."""
        if name != "app.application":
            return None
        spec = PathFinder.find_spec(name, path, target)
        assert spec
        assert spec.loader
        load = spec.loader.exec_module

        def load_and_join(module: Any) -> None:
            load(module)
            run = module.Application.exec
            module.Application.exec = lambda app: (self.look(app.window), run())[1]

        spec.loader.exec_module = load_and_join  # type: ignore[method-assign]
        return spec

    def look(self, window: Any) -> None:
        """Tell when the window is painted, and act then."""
        after_paint(window, lambda: self.painted(window))

    def painted(self, window: Any) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.found |= {"painted": self.now(), "work": time.process_time() * 1000}
        if self.wish == "menu":
            menu = window.menuBar().actions()[0].menu()
            after_paint(menu, lambda: (self.keep("usable"), menu.close()))
            bar = window.menuBar()
            press(bar, bar.actionGeometry(bar.actions()[0]).center())
        if self.wish == "whole":
            self.beats = [self.now()]
            timer = QTimer(window, interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
            timer.timeout.connect(lambda: self.beats.append(self.now()))
            timer.start()
            getattr(window, "whole", window.painted).connect(lambda: QTimer.singleShot(0, self.whole))
        if self.wish in ("example", "file"):
            self.wait_for_network(window)
        if self.wish == "example":
            self.click(window)
        if self.wish == "later":
            window.whole.connect(lambda: QTimer.singleShot(REST, lambda: self.click_later(window)))

    def click(self, window: Any) -> None:
        """Click on the first example."""
        self.clicked = self.now()
        tile = window.welcome.tiles[0]
        press(tile, tile.rect().center())

    def click_later(self, window: Any) -> None:
        self.wait_for_network(window)
        self.click(window)

    def wait_for_network(self, window: Any) -> None:
        from PySide6.QtWidgets import QStackedWidget

        pages = window.centralWidget().findChild(QStackedWidget)
        pages.currentChanged.connect(lambda _: self.page_shown(window, pages.currentWidget()))

    def page_shown(self, window: Any, page: Any) -> None:
        if hasattr(page, "boxes") and self.wish not in self.found:
            after_paint(page.viewport(), lambda: self.network_painted(window, page.viewport()))

    def network_painted(self, window: Any, picture: Any) -> None:
        self.found[self.wish] = self.now()
        if self.wish == "file":
            self.end()
        self.found[self.wish] -= self.clicked
        self.wait_for_panels(window, picture)

    def wait_for_panels(self, window: Any, picture: Any) -> None:
        from PySide6.QtCore import QTimer

        seen = [dock for dock in window.docks.all.values() if window.rect().contains(dock.geometry().center())]
        if any(dock.isVisible() and dock.content is None for dock in seen):  # tabs behind others lie outside
            QTimer.singleShot(1, lambda: self.wait_for_panels(window, picture))
            return
        after_paint(picture, self.panels_painted)
        picture.update()

    def panels_painted(self) -> None:
        self.found[f"{self.wish}+"] = self.now() - self.clicked
        self.end()

    def whole(self) -> None:
        self.found["stall"] = max(b - a for a, b in zip(self.beats, [*self.beats[1:], self.now()], strict=True))
        self.keep("whole")

    def keep(self, name: str) -> None:
        self.found[name] = self.now()
        self.end()

    def end(self) -> None:
        print(json.dumps(self.found), flush=True)
        os._exit(0)


def after_paint(widget: Any, then: Callable[[], Any]) -> None:
    """Call `then` once, after a widget was painted and its picture was handed to the screen."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class Watch(QObject):
        def eventFilter(self, _: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint:
                widget.removeEventFilter(self)
                QTimer.singleShot(0, then)
            return False

    widget.watch = Watch(widget)
    widget.installEventFilter(widget.watch)


def press(widget: Any, at: Any) -> None:
    """Press and release the left button."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    place, key = QPointF(widget.mapToGlobal(at)), Qt.KeyboardModifier.NoModifier
    for kind, held in ((QEvent.Type.MouseButtonPress, left), (QEvent.Type.MouseButtonRelease, none)):
        QApplication.postEvent(widget, QMouseEvent(kind, QPointF(at), place, left, held, key))


def run_program(began: float, wish: str, file: list[str]) -> None:
    """Be the program, with a probe in it."""
    sys.path.insert(0, os.getcwd())
    sys.meta_path.insert(0, Probe(began, wish))  # type: ignore[arg-type]
    sys.argv = ["netwright", *file]
    from app.__main__ import main

    main()


def run_empty(began: float) -> None:
    """Show an empty window."""
    from PySide6.QtWidgets import QApplication, QMainWindow

    app, window = QApplication([]), QMainWindow()
    window.show()
    probe = Probe(began, "")
    after_paint(window, lambda: probe.keep("empty"))
    app.exec()


# The process that measures


def start(checkout: Path, wish: str) -> dict[str, float]:
    """Start the program once, for a person who has nothing yet, and return what was measured."""
    file = [str(EXAMPLES / "digits.netw")] if wish == "file" else []
    with tempfile.TemporaryDirectory() as home:
        folders = {f"XDG_{name}_HOME": home for name in ("CONFIG", "DATA", "STATE", "CACHE")}
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        words = [sys.executable, __file__, "--probe", str(time.monotonic()), wish, *file]
        done = subprocess.run(
            words, cwd=checkout, env={**environment, **folders}, stdout=subprocess.PIPE, check=True, timeout=60
        )
    return dict(json.loads(done.stdout))


@contextmanager
def screens() -> Iterator[list[tuple[str, dict[str, str]]]]:
    """Yield what a window can be shown on: nothing, and a virtual screen where there is one."""
    found = [("offscreen", {"QT_QPA_PLATFORM": "offscreen"})]
    if not shutil.which("Xvfb"):
        yield found
        return
    read, write = os.pipe()
    words = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(words, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        number = os.read(read, 20).decode().strip()
        yield [*found, ("Xvfb", {"QT_QPA_PLATFORM": "xcb", "DISPLAY": f":{number}"})]
        server.terminate()


def measure(rounds: int, checkouts: list[Path]) -> dict[tuple[str, str], list[float]]:
    """Return all times by name and checkout; a first round only warms the cache up."""
    found: dict[tuple[str, str], list[float]] = {}
    for turn in range(rounds + 1):
        for wish in ("empty", "menu", "whole", "example", "later", "file"):
            for checkout in checkouts:
                times = start(checkout, wish)
                for name, value in times.items() if turn else ():
                    if name not in ("painted", "work") or wish != "file":  # which paints no welcome page
                        found.setdefault((name, str(checkout)), []).append(value)
    return found


def main(rounds: int, checkouts: list[Path]) -> None:
    """Print a table for each screen."""
    with screens() as all_screens:
        for screen, environment in all_screens:
            os.environ.update(environment)
            found = measure(rounds, checkouts)
            print(f"{screen}, {rounds} rounds: median (least)")
            for name in dict.fromkeys(name for name, _ in found):
                times = (found[name, str(checkout)] for checkout in checkouts)
                print(f"  {name:8}", *(f"{median(some):6.0f} ({min(some):.0f})" for some in times))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--probe"]:
        if sys.argv[3] == "empty":
            run_empty(float(sys.argv[2]))
        else:
            run_program(float(sys.argv[2]), sys.argv[3], sys.argv[4:])
    else:
        others = [Path(name).resolve() for name in sys.argv[2:]]
        main(int(sys.argv[1]) if sys.argv[1:] else 10, [ROOT, *others])
