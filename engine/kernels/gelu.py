"""The two forms of GELU and their slopes, on pieces of arrays: y = x · factor, where factor is (nearly) P(X ≤ x).

In both forms the factor is (1 + tanh(x · p(x²))) / 2 with a polynomial p, of degree 1 in the tanh form.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant

DENSITY = 1 / math.sqrt(2 * math.pi)
TANH = (math.sqrt(2 / math.pi), 0.044715 * math.sqrt(2 / math.pi))
# artanh(erf(x / √2)) / x as a polynomial in x²: a minimax fit of the factor, with an error of 3e-8. The last coefficient is
# positive, so that the factor is right for any x.
EXACT = (
    0.7978849415, 0.03633308457, -3.259497588e-05, -5.530619353e-05, 3.964744376e-06, -1.322633356e-07, 1.756170612e-09,
)  # fmt: skip


def factor_calls(x: Array, exact: bool, square: Array, factor: Array) -> Iterator[Run]:
    """Yield the calls that write the factor of GELU; `square` is a work array."""
    if exact and x.dtype != np.float32:
        yield partial(_by_value, x, factor)
        return
    one, half = constant(1, x.dtype), constant(0.5, x.dtype)
    yield partial(np.multiply, x, x, square)
    yield from _polynomial(square, EXACT if exact else TANH, factor)
    yield partial(np.multiply, factor, x, factor)
    yield partial(np.tanh, factor, factor)
    yield partial(np.add, factor, one, factor)
    yield partial(np.multiply, factor, half, factor)


def _polynomial(x: Array, coefficients: Sequence[float], out: Array) -> Iterator[Run]:
    """Yield the calls that write Σ coefficients[i] · xⁱ by Horner's rule."""
    *others, highest = (constant(value, x.dtype) for value in coefficients)
    yield partial(np.multiply, x, highest, out)
    for coefficient in others[:0:-1]:
        yield partial(np.add, out, coefficient, out)
        yield partial(np.multiply, out, x, out)
    yield partial(np.add, out, others[0], out)


def _by_value(x: Array, factor: Array) -> None:
    """Write P(X ≤ x) as exactly as float64 can tell, which only checks of gradients need: it is slow."""
    factor[...] = np.frompyfunc(lambda value: math.erfc(-value * math.sqrt(0.5)) / 2, 1, 1)(x)


def slope_calls(x: Array, exact: bool, factor: Array, grad: Array, work: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that write `grad` times the slope of x · factor; `work` is overwritten."""
    yield partial(np.multiply, x, x, out)
    yield from (_exact_slope if exact else _tanh_slope)(x, factor, work, out)
    yield partial(np.multiply, out, grad, out)


def _exact_slope(x: Array, factor: Array, work: Array, out: Array) -> Iterator[Run]:
    """Turn x² into factor + x · density of the normal distribution."""
    yield partial(np.multiply, out, constant(-0.5, x.dtype), out)
    yield partial(np.exp, out, out)
    yield partial(np.multiply, out, constant(DENSITY, x.dtype), out)
    yield partial(np.multiply, out, x, out)
    yield partial(np.add, out, factor, out)


def _tanh_slope(x: Array, factor: Array, work: Array, out: Array) -> Iterator[Run]:
    """Turn x² into factor · (1 + 2 x (1 - factor) (p0 + 3 p1 x²))."""
    one = constant(1, x.dtype)
    yield partial(np.multiply, out, constant(6 * TANH[1], x.dtype), out)
    yield partial(np.add, out, constant(2 * TANH[0], x.dtype), out)
    yield partial(np.multiply, out, x, out)
    yield partial(np.subtract, one, factor, work)
    yield partial(np.multiply, out, work, out)
    yield partial(np.add, out, one, out)
    yield partial(np.multiply, out, factor, out)
