"""What losses for texts have in common."""

from __future__ import annotations

from typing import ClassVar

from engine.loss import Loss, Target
from engine.spec import param


class OfTexts(Loss, abstract=True):
    """Takes numbers of characters (N, length) as targets; 0 is a blank and fills up what is shorter."""

    target: ClassVar[Target] = "text"
    length: int = param("The most characters that a text may have.", default=16, min=1, max=65_536)
