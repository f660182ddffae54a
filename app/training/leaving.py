"""Asks what becomes of the training that runs before its project is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtWidgets import QMessageBox, QWidget

from app.trainer import Trainer

Wish = Literal["stop", "later", "stay"]


def leave_training(parent: QWidget, trainer: Trainer, then: Callable[[], Any]) -> None:
    """Call `then` once no training runs: at once, after it was stopped and kept, after it was put off, or never."""
    if trainer.state == "idle":
        then()
        return
    wish = ask(parent, trainer)
    if wish == "stay":
        return
    if wish == "stop" and trainer.state != "idle":
        trainer.stop_then(then)
        return
    trainer.close()
    then()


def ask(parent: QWidget, trainer: Trainer) -> Wish:
    """Ask the person; a training of a project that lies in a file can go on when that is opened again."""
    box, role = QMessageBox(parent), QMessageBox.ButtonRole
    box.setIcon(QMessageBox.Icon.Question)
    box.setText(f"{trainer.document.title} is being trained.")
    box.setInformativeText("Stop the training and keep what was learnt so far?")
    stop = box.addButton("&Stop and keep", role.AcceptRole)
    later = box.addButton("&Go on next time", role.DestructiveRole) if trainer.document.path else None
    stay = box.addButton("&Cancel", role.RejectRole)
    box.setDefaultButton(stop)
    box.setEscapeButton(stay)
    box.exec()
    clicked = box.clickedButton()
    if clicked is stop:
        return "stop"
    return "later" if later is not None and clicked is later else "stay"
