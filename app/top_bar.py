"""The one tool bar: workspaces on the left, what the data is, Do anything…, and the largest button: Train."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QWidget,
)

from app.actions import Action, Actions, shortcut_text
from app.icons import icon
from app.panels import Workspace


class TopBar(QToolBar):
    """`chosen(workspace name)` is emitted when the person goes to another workspace."""

    chosen = Signal(str)

    def __init__(self, actions: Actions, workspaces: Sequence[Workspace]) -> None:
        super().__init__("Tool bar")
        self.setObjectName("top_bar")
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setEnabled(False)
        self._buttons: dict[str, QToolButton] = {}
        self.data = _Name()
        self.train = _TrainButton(actions["train"], actions["stop"])
        self.anything = _anything(actions["command_palette"])
        self._fill(actions, workspaces)

    def show_workspace(self, name: str) -> None:
        """Mark the workspace that is in force."""
        if name in self._buttons:
            self._buttons[name].setChecked(True)

    def show_training(self, running: bool) -> None:
        """Let the large button say Stop while a training runs, else Train."""
        self.train.show_running(running)
        self.pause.setVisible(running)

    def _fill(self, actions: Actions, workspaces: Sequence[Workspace]) -> None:
        self.addWidget(self._segments(workspaces))
        self.addWidget(self.data)
        for name in ("undo", "redo"):
            self.addAction(actions[name])
        self.addWidget(self.anything)
        self.pause = self.addWidget(_beside_train(actions["pause"]))
        self.pause.setVisible(False)
        self.resume = self.addWidget(_beside_train(actions["resume"]))
        actions["resume"].changed.connect(lambda: self.resume.setVisible(actions["resume"].isEnabled()))
        self.resume.setVisible(actions["resume"].isEnabled())
        self.addWidget(self.train)
        self.setIconSize(QSize(17, 17))

    def _segments(self, workspaces: Sequence[Workspace]) -> QWidget:
        frame = QFrame()
        frame.setProperty("segments", True)
        row = QHBoxLayout(frame)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(2)
        group = QButtonGroup(frame)
        for workspace in workspaces:
            button = QToolButton()
            button.setText(workspace.title)
            button.setCheckable(True)
            button.setProperty("segment", True)
            button.setToolTip(workspace.tip)
            button.setStatusTip(workspace.tip)
            button.clicked.connect(lambda _=False, name=workspace.name: self.chosen.emit(name))
            group.addButton(button)
            row.addWidget(button)
            self._buttons[workspace.name] = button
        return frame


class _Name(QLabel):
    """What the data is called, shortened to the room that there is between the other parts; its tip has all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("quiet", True)
        self.setContentsMargins(10, 0, 10, 0)
        self.setMinimumWidth(24)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def setText(self, text: str) -> None:
        super().setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, room = QPainter(self), self.contentsRect()
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideMiddle, room.width())
        self.style().drawItemText(
            painter, room, Qt.AlignmentFlag.AlignVCenter, self.palette(), True, text, self.foregroundRole()
        )
        painter.end()


class _TrainButton(QPushButton):
    """Train, which becomes Stop; where it cannot be pressed, its tip says why."""

    def __init__(self, train: Action, stop: Action) -> None:
        super().__init__()
        self._train, self._stop, self._running = train, stop, False
        self.setMinimumSize(118, 36)
        self.setIconSize(QSize(15, 15))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(lambda: (self._stop if self._running else self._train).trigger())
        for action in (train, stop):
            action.changed.connect(self._follow)
        self._follow()

    def show_running(self, running: bool) -> None:
        self._running = running
        self._follow()

    def _follow(self) -> None:
        action = self._stop if self._running else self._train
        keys = shortcut_text(action)
        self.setText(f"{action.plain_text}   {keys}")
        self.setAccessibleName(action.plain_text)
        self.setIcon(icon("square" if self._running else "play", "window" if self._running else "on_accent"))
        self.setEnabled(action.isEnabled())
        self.setToolTip(action.toolTip())
        self.setStatusTip(action.statusTip())
        if self.property("danger") != self._running:
            self.setProperty("primary", not self._running)
            self.setProperty("danger", self._running)
            self.style().polish(self)


def _beside_train(action: Action) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


def _anything(action: Action) -> QPushButton:
    """Return what looks like a search field and opens the command palette."""
    button = QPushButton()
    button.setProperty("field", True)
    button.setAccessibleName("Do anything")
    button.setToolTip(action.toolTip())
    button.setStatusTip(action.statusTip())
    button.setFixedSize(184, 34)
    button.setCursor(Qt.CursorShape.IBeamCursor)
    button.clicked.connect(action.trigger)
    row = QHBoxLayout(button)
    row.setContentsMargins(12, 0, 8, 0)
    text, keys = QLabel("Do anything…"), QLabel(shortcut_text(action))
    text.setProperty("quiet", True)
    keys.setProperty("keycap", True)
    keys.setFixedHeight(20)
    row.addWidget(text)
    row.addStretch()
    row.addWidget(keys)
    return button
