"""What is set in NumPy and in the processor while a step runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from contextvars import copy_context
from typing import Any

import numpy as np

from engine.plan.subnormals import Context, flushed

# Where rows of an array do not lie one behind the other, NumPy copies as many as fit its buffer, 8192 values if nobody says
# otherwise, and computes with the copy. That gains for short rows only; longer ones take twice the time.
BUFFER = 1024  # values


class Setting:
    """Calls functions, in one thread at a time, while NumPy copies less and warns of nothing; a plan looks for itself.

    With `large` steps, for which the time to set the processor does not count, subnormal numbers are zero, too.
    """

    def __init__(self, large: bool) -> None:
        self._flushed: Context = flushed() if large else nullcontext()
        self._context = copy_context()  # in which NumPy keeps what is set; to enter it costs a tenth of np.errstate
        self._context.run(np.setbufsize, BUFFER)
        self._context.run(np.seterr, all="ignore")
        self.run: Callable[..., Any] = self._run_flushed if large else self._context.run

    def _run_flushed(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with self._flushed:
            return self._context.run(function, *arguments)
