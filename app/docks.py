"""The docks of the window: made from the registry of panels, arranged for each workspace, movable by the person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import pairwise

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon
from app.panels import Context, Panel
from app.states import from_text, to_text

_AREAS = {
    "left": Qt.DockWidgetArea.LeftDockWidgetArea,
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}
VERSION = 1  # of the saved layout; another number makes old ones be forgotten
WIDTHS = {"left": 216, "right": 288}
BARS = 110  # menu, tool bar and status bar, about, in pixels
BOTTOM = {"data": 0.64, "build": 0.3, "train": 0.4, "use": 0.62}  # shares of what lies below the tool bar


class Docks(QObject):
    """Every panel's dock by name."""

    def __init__(self, window: QMainWindow, context: Context) -> None:
        super().__init__(window)
        self._window, self._context = window, context
        self.all: dict[str, Dock] = {}
        self._empty: list[Dock] = []  # seen, and to be filled
        self._painted = False  # since one of them was seen
        self._after: list[Callable[[], None]] = []  # to be called once they are filled
        self._idle = QTimer(self, singleShot=True, interval=0)
        self._idle.timeout.connect(self._make_next)
        bottom, sides = Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea
        window.setCorner(bottom, sides.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, sides.RightDockWidgetArea)
        options = QMainWindow.DockOption
        window.setDockOptions(options.AnimatedDocks | options.AllowTabbedDocks | options.GroupedDragging)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        window.setDocumentMode(True)

    def add(self, panel: Panel) -> None:
        """Add the dock of a panel; it is not shown yet."""
        dock = self.all[panel.name] = Dock(panel, self._window)
        dock.hide()  # else the window shows it as soon as it has it
        dock.visibilityChanged.connect(lambda seen: self._make_soon(dock) if seen else self._let_be(dock))
        self._window.addDockWidget(_AREAS[panel.area], dock)

    def arrange(self, workspace: str) -> None:
        """Put every panel where it belongs in a workspace; those of other workspaces are closed."""
        for dock in self.all.values():
            if dock.isFloating():  # to say so of one that is not takes half as long as all that follows
                dock.setFloating(False)
            self._window.addDockWidget(_AREAS[dock.panel.area], dock)
            dock.hide()
        for area in _AREAS:
            docks = [dock for dock in self.all.values() if dock.panel.area == area]
            for first, second in pairwise(docks):
                self._window.tabifyDockWidget(first, second)
        for dock in self.all.values():
            dock.setVisible(workspace in dock.panel.workspaces)
        for dock in self.all.values():
            if workspace in dock.panel.front:
                dock.raise_()
        self._size(workspace)

    def open(self, name: str) -> None:
        """Open a panel and bring it to the front; it is made once what is seen by then was painted."""
        dock = self.all[name]
        dock.show()
        dock.raise_()
        dock.setFocus(Qt.FocusReason.OtherFocusReason)
        self._make_soon(dock)

    def show(self, name: str) -> None:
        """Open a panel, bring it to the front and give it the keyboard."""
        self.open(name)
        dock = self.all[name]
        self.make(dock)
        if dock.width() < dock.panel.width and not dock.isFloating():
            self._window.resizeDocks([dock], [dock.panel.width], Qt.Orientation.Horizontal)
        content = dock.content
        if content is not None:
            content.setFocus(Qt.FocusReason.OtherFocusReason)

    def make(self, dock: Dock) -> None:
        """Make the panel of a dock, or what is missing of it."""
        if dock.content is None:
            while dock.panel.name not in self._context.shared:
                self._make_content(dock)
            dock.fill(self._context.shared[dock.panel.name])

    def when_filled(self, then: Callable[[], None]) -> None:
        """Call `then` once what goes on now is done, and the panels are made that are seen by then."""
        self._after.append(then)
        self._idle.start()

    def _make_content(self, dock: Dock) -> None:
        """Make the next part of a panel; most have but one."""
        import_module("engine.catalog")  # the one way to all layers, which another thread may be on just now
        if dock.parts is None:
            made = dock.panel.make(self._context, dock)
            dock.parts = iter((made,)) if isinstance(made, QWidget) else made
        content = next(dock.parts)
        if content is not None:
            self._context.shared[dock.panel.name] = content

    def _make_soon(self, dock: Dock) -> None:
        """Make a panel that is seen, once the window is painted; it looks for input between two steps."""
        if dock.content is None and dock not in self._empty:
            self._empty.append(dock)
            self._painted = False
            self._idle.start()

    def _let_be(self, dock: Dock) -> None:
        self._empty = [other for other in self._empty if other is not dock]

    def _make_next(self) -> None:
        if not self._empty:
            after, self._after = self._after, []
            for then in after:
                then()
            return
        if not self._painted:
            self._window.repaint()  # on a busy machine Qt would do it later
            self._painted = True
        elif self._empty[0].panel.name in self._context.shared:
            self.make(self._empty.pop(0))
        else:
            self._make_content(self._empty[0])
        self._idle.start()

    def state(self) -> str:
        """Return the layout as text."""
        return to_text(self._window.saveState(VERSION))

    def restore(self, state: str) -> bool:
        """Put a saved layout back; return whether that could be done."""
        return self._window.restoreState(from_text(state), VERSION)

    def _size(self, workspace: str) -> None:
        shown = [dock for dock in self.all.values() if not dock.isHidden()]
        for area, orientation in (("left", Qt.Orientation.Horizontal), ("right", Qt.Orientation.Horizontal)):
            docks = [dock for dock in shown if dock.panel.area == area]
            self._window.resizeDocks(docks, [WIDTHS[area]] * len(docks), orientation)
        bottom = [dock for dock in shown if dock.panel.area == "bottom"]
        height = round((self._window.height() - BARS) * BOTTOM.get(workspace, 0.3))
        self._window.resizeDocks(bottom, [height] * len(bottom), Qt.Orientation.Vertical)


class Dock(QDockWidget):
    """A dock with a quiet title; where several share tabs at the bottom, the tab is the title."""

    def __init__(self, panel: Panel, window: QMainWindow) -> None:
        super().__init__(panel.title, window)
        self.panel = panel
        self.content: QWidget | None = None
        self.parts: Iterator[QWidget | None] | None = None  # what the content is being made of
        self.setObjectName(f"dock.{panel.name}")
        self.setWidget(QWidget())
        self._title = _Title(self)
        self._nothing = QWidget(self)
        self.toggleViewAction().setIcon(icon(panel.icon))
        self.dockLocationChanged.connect(lambda _: self._settle())
        self.topLevelChanged.connect(lambda _: self._settle())
        self.visibilityChanged.connect(lambda _: self._settle())
        self._settle()

    def fill(self, content: QWidget) -> None:
        """Show the panel."""
        self.content = content
        content.setProperty("panel", True)
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        empty = self.widget()
        self.setWidget(content)
        if empty is not None:
            empty.deleteLater()

    def show_count(self, count: int) -> None:
        """Show a number in the title, such as that of problems; none for 0."""
        self.setWindowTitle(f"{self.panel.title} ({count})" if count else self.panel.title)

    def _settle(self) -> None:
        parent = self.parentWidget()
        main = parent if isinstance(parent, QMainWindow) else None
        below = main is not None and main.dockWidgetArea(self) == _AREAS["bottom"]
        tabbed = main is not None and any(not other.isHidden() for other in main.tabifiedDockWidgets(self))
        bar = self._nothing if (below or tabbed) and not self.isFloating() else self._title
        if self.titleBarWidget() is not bar:
            self.setTitleBarWidget(bar)
        for widget in (self._title, self._nothing):
            widget.setVisible(widget is bar)


class _Title(QWidget):
    """The title of a dock: its name, and small buttons to let it float and to close it."""

    def __init__(self, dock: QDockWidget) -> None:
        super().__init__(dock)
        row = QHBoxLayout()
        row.setContentsMargins(14, 8, 6, 2)
        self.setProperty("panel", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = QLabel(dock.windowTitle())
        self._name.setProperty("quiet", True)
        dock.windowTitleChanged.connect(self._name.setText)
        row.addWidget(self._name, 1)
        for icon_name, text, do in (
            ("external-link", "Let it float, or put it back", lambda: dock.setFloating(not dock.isFloating())),
            ("x", "Close this panel", dock.close),
        ):
            button = QToolButton()
            button.setIcon(icon(icon_name, "quiet"))
            button.setFixedSize(20, 20)
            button.setToolTip(text)
            button.setAccessibleName(f"{text}: {dock.windowTitle()}")
            button.clicked.connect(lambda _=False, act=do: act())
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
