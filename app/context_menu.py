"""The menu under the right button of the mouse: what can be done with the box, the wire or the empty canvas there."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from app.actions import Actions
from app.canvas.canvas import Canvas
from app.icons import icon
from engine.graph import Port

BOX = ("rename", "manual", "", "cut", "copy", "duplicate", "delete")
BOXES = ("cut", "copy", "duplicate", "delete", "", "arrange")
GROUND = ("quick_add", "paste", "", "select_all", "arrange", "fit", "", "export_picture")


def menu_for(canvas: Canvas, actions: Actions, wire: Port | None = None) -> QMenu:
    """Return the menu for what is selected, or for the wire that ends at a port; it forgets itself when it is closed."""
    menu = QMenu(canvas)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.setToolTipsVisible(True)
    if wire:
        menu.addAction(icon("plus"), "&Add a layer into it", lambda: canvas.offer_into(wire))
        menu.addAction(icon("x"), "&Remove wire", lambda: canvas.remove_wire(wire))
    else:
        _fill(menu, actions, len(canvas.document.selection))
    return menu


def _fill(menu: QMenu, actions: Actions, chosen: int) -> None:
    for name in (GROUND, BOX)[chosen] if chosen < 2 else BOXES:
        if name:
            menu.addAction(actions[name])
        else:
            menu.addSeparator()
    if chosen > 1:
        align = menu.addMenu("A&lign")
        align.addActions(actions.in_menu("Network/Align"))
