"""The largest of branches."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.layers.extreme import Extreme


class Maximum(Extreme):
    """Keeps the largest value of several branches, place by place: y = max(x1, x2, …).

    An axis of size 1 is repeated. Of equal values the first branch gets the gradient. ONNX: Max. PyTorch: torch.maximum.
    """

    choose: ClassVar[np.ufunc] = np.maximum
    operator: ClassVar[str] = "Max"
    function: ClassVar[str] = "torch.maximum"
