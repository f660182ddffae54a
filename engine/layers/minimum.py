"""The smallest of branches."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.layers.extreme import Extreme


class Minimum(Extreme):
    """Keeps the smallest value of several branches, place by place: y = min(x1, x2, …).

    An axis of size 1 is repeated. Of equal values the first branch gets the gradient. ONNX: Min. PyTorch: torch.minimum.

    Use it where all branches must agree before a value is large: a soft "and". Avoid it where all branches should
    learn at once: each place teaches one branch only.
    """

    choose: ClassVar[np.ufunc] = np.minimum
    operator: ClassVar[str] = "Min"
    function: ClassVar[str] = "torch.minimum"
