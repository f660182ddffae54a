"""The menu bar: filled from the registry of actions, with the recent files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QMenuBar

from app.actions import MENUS, Actions
from app.preferences import Settings


class Menus(QObject):
    """Fills a menu bar and keeps its list of recent files."""

    def __init__(self, bar: QMenuBar, actions: Actions, settings: Settings, open_: Callable[[Path], None]) -> None:
        super().__init__(bar)
        self._settings, self._open = settings, open_
        for name in MENUS:
            self._fill(bar.addMenu(f"&{name}"), name, actions)
        save = actions["save"]
        menu = next(menu for menu in bar.findChildren(QMenu) if save in menu.actions())
        self.recent = QMenu("Open &recent", menu)
        menu.insertMenu(save, self.recent)
        self.list_recent()

    def _fill(self, menu: QMenu, name: str, actions: Actions) -> None:
        for action in actions.in_menu(name):
            menu.addAction(action)
        for path in sorted({a.menu_name for a in actions if a.menu_name.startswith(f"{name}/")}):
            inner = menu.addMenu(path.split("/")[1])
            for action in actions.in_menu(path):
                inner.addAction(action)

    def list_recent(self) -> None:
        """List the recent files; those that are not there any more are grey and say so."""
        self.recent.clear()
        for text in self._settings.recent:
            path = Path(text)
            action = self.recent.addAction(path.name, partial(self._open, path))
            there = path.exists()
            action.setEnabled(there)
            action.setStatusTip(text if there else f"{text} is not there any more.")
        self.recent.setEnabled(bool(self._settings.recent))
