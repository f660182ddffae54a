"""The contract of gestures: press, move, release, cancel. Until release the document is untouched; cancel leaves it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QPoint, QPointF

from app.canvas.scene import Scene
from app.document import Document
from engine.graph import Port

REACH = 12.0  # pixels around a port that count as the port


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is: in the scene, in the window, with which keys held."""

    scene: QPointF
    view: QPoint
    shift: bool = False
    control: bool = False


class Stage(Protocol):
    """What gestures need of the view in which they take place."""

    @property
    def document(self) -> Document: ...

    @property
    def boxes(self) -> Scene: ...

    @property
    def zoom(self) -> float: ...

    def tell(self, text: str, at: QPoint | None = None, wrong: bool = False) -> None:
        """Show a sentence beside the pointer; an empty one hides it."""

    def pan_by(self, pixels: QPoint) -> None:
        """Move what is seen."""

    def offer_layers(self, at: QPointF, source: Port | None = None, target: Port | None = None) -> None:
        """Open quick-add at a place in the scene; the chosen box comes wired to `source` or `target`."""


class Gesture:
    """One way of using the mouse, from press to release. A new one is made for every press."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def press(self, at: Pointer) -> None:
        """Begin."""

    def move(self, at: Pointer) -> None:
        """Show what release would do."""

    def release(self, at: Pointer) -> None:
        """Do it, as one undo step."""

    def cancel(self) -> None:
        """Take away all that was shown; change nothing."""
