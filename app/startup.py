"""The order in which the program comes, so that it can be used at once.

1. The `Window`: menus with all shortcuts, the welcome page, the status bar. It is painted before NumPy, the engine and most
   of our own modules are loaded.
2. The `Workbench` behind it: document, files, data, training, canvas, docks. Another thread loads what it needs of NumPy and
   the engine; then the window's own loads and builds it, step by step, and looks for input between two steps.
3. What nobody needs at once, while nothing else is done: all layers and what a training takes, on another thread; what fills
   the panels and draws the curves, step by step on the window's own.

No other thread loads what uses Qt: PySide6 makes the class of a name when somebody asks for it first, and a second thread
that asks meanwhile ends the program (seen in one of thirty starts, when pyqtgraph asked for all names of Qt).

Nobody has to know how far this is: who asks for a part of the workbench too early waits until all of it is built. So a
click that comes before does what it always does, a moment later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from app import tasks

if TYPE_CHECKING:
    from app.window import Window
    from app.workbench import Workbench

WORKBENCH = "app.workbench"
ENGINE = (  # what the workbench needs of it
    *("engine.project.recovery", "engine.project.names", "engine.training.store"),
    *("engine.composite", "engine.normalised.rule", "engine.hints"),
)
LATER = (  # without Qt
    *("engine.catalog", "app.data_reading", "engine.process.client"),
    *("app.trying.trial", "engine.manual"),
    *("multiprocessing.connection", "xml.etree.ElementTree", "cProfile", "pydoc"),  # a fifth of pyqtgraph
)
PANELS = ("app.palette.palette", "app.inspector.inspector", "app.problems.panel")
OTHERS = (  # the panels of other workspaces; the first loads pyqtgraph
    *("app.training.curve_plot", "app.training.follow", "app.training.settings", "app.data.panel", "app.runs.panel"),
    *("app.trying.asker", "app.outline.panel", "app.manual.page", "app.commands.palette"),
)
CLASSES = 30  # of Qt that are made in one step, about 5 ms

T = TypeVar("T")


class Startup(QObject):
    """Builds the workbench of a window; `begin` lets it come by and by, `finish` at once.

    `rested` comes once nothing more is to be loaded.
    """

    rested = Signal()

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self._window = window

    def begin(self) -> None:
        """Let the workbench come while the window is used."""
        tasks.start(partial(_load, ENGINE), self._go_on, self._go_on, self)

    def finish(self) -> Workbench:
        """Return the workbench; what is missing of it is built now."""
        for _ in self._steps:
            pass
        return self._bench

    def _go_on(self, _: Any = None) -> None:
        try:
            next(self._steps)
        except StopIteration:
            for name in LATER:
                tasks.start_idle(partial(_load, [name]))
            tasks.step_idle(self._later())
            self._window.whole.emit()
        else:
            QTimer.singleShot(0, self, self._go_on)

    @cached_property
    def _bench(self) -> Workbench:
        made: Workbench = import_module(WORKBENCH).Workbench(self._window)
        return made

    @cached_property
    def _steps(self) -> Iterator[None]:
        return self._build()

    def _build(self) -> Iterator[None]:
        for name in ("app.canvas.canvas", WORKBENCH):
            import_module(name)
            yield
        yield from self._bench.build()

    def _later(self) -> Iterator[None]:
        for name in PANELS:
            import_module(name)
            yield
        yield from _qt_classes()
        for name in OTHERS:
            import_module(name)
            yield
        if isValid(self):  # the window may be gone by then
            self.rested.emit()


def _load(names: Sequence[str], _: Any = None) -> None:
    for name in names:
        import_module(name)


def _qt_classes() -> Iterator[None]:
    """Have all of Qt's classes made, some at a time: pyqtgraph asks for all at once, and that takes 0.1 s."""
    for module in (QtCore, QtGui, QtWidgets):
        names = dir(module)
        for first in range(0, len(names), CLASSES):
            for name in names[first : first + CLASSES]:
                getattr(module, name)
            yield


class Part(Generic[T]):
    """An attribute of the window that lies on its workbench, under the same name."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, window: Window, owner: type) -> T:
        part: T = getattr(window.startup.finish(), self._name)
        return part


def late(window: Window, part: str) -> Any:
    """Return what stands for a part of the workbench before it is there: its methods can be named, and called later."""
    return _Late(window, part)


class _Late:
    def __init__(self, window: Window, part: str) -> None:
        self._window, self._part = window, part

    def __getattr__(self, method: str) -> Callable[..., Any]:
        return lambda *arguments: getattr(getattr(self._window, self._part), method)(*arguments)
