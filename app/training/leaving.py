"""Asks what becomes of the training that runs before its project is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from app.asking import Icon, Role, choose
from app.trainer import Trainer


def leave_training(parent: QWidget, trainer: Trainer, then: Callable[[], Any]) -> None:
    """Call `then` once no training runs: at once, after it was stopped and kept, after it was put off, or never."""
    if trainer.state == "idle":
        then()
        return
    wish = ask(parent, trainer)
    if not wish:
        return
    if wish == "stop" and trainer.state != "idle":
        trainer.stop_then(then)
        return
    trainer.close()
    then()


def ask(parent: QWidget, trainer: Trainer) -> str:
    """Ask the person: "stop", "later" or "" to stay. A training of a project in a file can go on when that is opened again."""
    text = f"{trainer.document.title} is being trained."
    choices = {"stop": ("&Stop and keep", Role.AcceptRole)}
    if trainer.document.path:
        choices["later"] = ("&Go on next time", Role.DestructiveRole)
    return choose(
        parent, text, "Stop the training and keep what was learnt so far?", choices, "stop", icon=Icon.Question
    )
