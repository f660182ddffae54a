"""The largest of branches."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.layers.extreme import Extreme


class Maximum(Extreme):
    """Keeps the largest value of several branches, place by place: y = max(x1, x2, …).

    An axis of size 1 is repeated. Of equal values the first branch gets the gradient. ONNX: Max. PyTorch: torch.maximum.

    Use it where the strongest of several branches should speak alone. Avoid it where all branches should learn at
    once: each place teaches one branch only.
    """

    choose: ClassVar[np.ufunc] = np.maximum
    operator: ClassVar[str] = "Max"
    function: ClassVar[str] = "torch.maximum"
