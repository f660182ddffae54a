"""What is set in NumPy and in the processor while a step runs that is large enough for it to count."""

from __future__ import annotations

import numpy as np

from engine.plan.subnormals import flushed

# Where rows of an array do not lie one behind the other, NumPy copies as many as fit its buffer, 8192 values if nobody says
# otherwise, and computes with the copy. That gains for short rows only; longer ones take twice the time.
BUFFER = 1024  # values


class Setting:
    """A context, for one thread at a time, in which NumPy copies less before it computes, and subnormal numbers are zero."""

    def __init__(self) -> None:
        self._flushed, self._usual = flushed(), BUFFER

    def __enter__(self) -> None:
        self._usual = np.setbufsize(BUFFER)
        self._flushed.__enter__()

    def __exit__(self, *raised: object) -> None:
        self._flushed.__exit__(None, None, None)
        np.setbufsize(self._usual)
