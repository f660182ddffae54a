"""What dropout multiplies by: 0 by chance, else what makes up for that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from engine.arrays import Array, Generator
from engine.calls import Run
from engine.kernels.memory import constant, stretches

AT_ONCE = 1 << 15  # values: what is drawn for them stays in the nearest cache


def dropping(rng: Generator, rate: float, kept: Array) -> Iterator[Run]:
    """Yield calls that set each value of a contiguous array to 0 with probability `rate`, else to 1 / (1 - rate)."""
    flat, limit = kept.reshape(-1), constant(round(rate * (1 << 16)), np.uint16)
    for part in stretches(flat.size, AT_ONCE):
        yield partial(_compare, rng.bit_generator.random_raw, limit, flat[part])
    yield partial(np.multiply, flat, constant(1 / (1 - rate), flat.dtype), flat)


def _compare(draw: Callable[[int], Array], limit: Array, out: Array) -> None:
    """Write 1 where a number of 16 bits reaches a limit, else 0: one draw is enough for four, a random float needs half."""
    bits = draw(-(-out.size // 4)).view(np.uint16)
    np.greater_equal(bits[: out.size], limit, out)
