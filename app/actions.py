"""The one registry of everything that can be done: menus, tool bar, command palette and shortcut window come from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from app.icons import icon

Keys = str | QKeySequence.StandardKey | tuple[str, ...]
MENUS = ("File", "Edit", "View", "Network", "Training", "Help")


class Action(QAction):
    """One thing that can be done; where it cannot be done now, `reason` says why."""

    def __init__(self, name: str, menu: str, tip: str, parent: QObject) -> None:
        super().__init__(parent)
        self.name, self.menu_name, self.tip, self.reason = name, menu, tip, ""
        self.icon_name = ""
        self.standard: list[QKeySequence] = []
        self.setObjectName(f"action.{name}")

    @property
    def plain_text(self) -> str:
        """The text as it reads, without the mark of the mnemonic."""
        return self.text().replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…")

    def allow(self, reason: str = "") -> None:
        """Enable the action, or disable it for a reason: a whole sentence."""
        self.reason = reason
        self.setEnabled(not reason)
        self.refresh_tips()

    def refresh_tips(self) -> None:
        """Write the tips again after the text, the shortcut or the reason changed."""
        keys = self.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setStatusTip(self.reason or self.tip)
        self.setToolTip(f"{self.plain_text}{f'  ({keys})' if keys else ''}\n{self.reason or self.tip}")


class Actions(QObject):
    """All actions by name, in the order in which they were declared."""

    changed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._all: dict[str, Action] = {}

    def add(
        self,
        menu: str,
        name: str,
        text: str,
        tip: str,
        do: Callable[[], Any],
        icon_name: str,
        keys: Keys = (),
        *,
        checkable: bool = False,
        role: QAction.MenuRole = QAction.MenuRole.NoRole,
    ) -> Action:
        """Declare an action. `menu` is where it stands: `File`, or `View/Panels` in a menu below; `text` has its mnemonic.

        Raises ValueError where the name is taken.
        """
        if name in self._all:
            raise ValueError(f"There are two actions named {name}.")
        action = self._all[name] = Action(name, menu, tip, self)
        action.setText(text)
        action.icon_name = icon_name
        action.setIcon(icon(icon_name))
        action.setCheckable(checkable)
        action.setMenuRole(role)
        action.standard = _sequences(keys)
        action.setShortcuts(action.standard)
        action.triggered.connect(lambda _checked=False: do())
        action.refresh_tips()
        self._window.addAction(action)
        self.changed.emit()
        return action

    def __getitem__(self, name: str) -> Action:
        return self._all[name]

    def __contains__(self, name: str) -> bool:
        return name in self._all

    def __iter__(self) -> Iterator[Action]:
        return iter(self._all.values())

    def in_menu(self, menu: str) -> list[Action]:
        """Return the actions that stand directly in a menu."""
        return [action for action in self if action.menu_name == menu]

    def owner_of(self, sequence: QKeySequence) -> Action | None:
        """Return the action that a shortcut triggers, if any."""
        return next((action for action in self if sequence in action.shortcuts()), None)

    def set_keys(self, name: str, sequences: Iterable[QKeySequence]) -> None:
        """Give an action other shortcuts; an action that had one of them loses it."""
        wanted = [sequence for sequence in sequences if not sequence.isEmpty()]
        for sequence in wanted:
            owner = self.owner_of(sequence)
            if owner and owner.name != name:
                owner.setShortcuts([other for other in owner.shortcuts() if other != sequence])
                owner.refresh_tips()
        self[name].setShortcuts(wanted)
        self[name].refresh_tips()
        self.changed.emit()

    def own_keys(self) -> dict[str, list[str]]:
        """Return the shortcuts that differ from the standard ones, as texts to be kept."""
        portable = QKeySequence.SequenceFormat.PortableText
        return {
            action.name: [key.toString(portable) for key in action.shortcuts()]
            for action in self
            if action.shortcuts() != action.standard
        }

    def take_keys(self, kept: dict[str, list[str]]) -> None:
        """Put kept shortcuts into force; names that no action has are left out."""
        for name, keys in kept.items():
            if name in self:
                self.set_keys(name, map(QKeySequence, keys))


def _sequences(keys: Keys) -> list[QKeySequence]:
    if isinstance(keys, QKeySequence.StandardKey):
        return list(QKeySequence.keyBindings(keys))
    return [QKeySequence(key) for key in ((keys,) if isinstance(keys, str) else keys)]


def shortcut_text(action: QAction) -> str:
    """Return an action's first shortcut as this system writes it."""
    return action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
