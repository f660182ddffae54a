"""The two forms of GELU and their slopes, on pieces of arrays: y = x · factor, where factor is (nearly) P(X ≤ x)."""

from __future__ import annotations

import math

import numpy as np

from engine.arrays import Array

ROOT_HALF = math.sqrt(0.5)
DENSITY = 1 / math.sqrt(2 * math.pi)
K0 = math.sqrt(2 / math.pi)
K1 = 0.044715 * K0

# log(erfc(z) exp(z²) / t) as a polynomial in 2 t - 1, where t = 2 / (2 + z), z ≥ 0: a Chebyshev fit. Errors of erfc are
# 8e-8 and 1e-15.
_SINGLE = (
    -0.67179409168, 0.67264221716, 0.04734388761, -0.04687488818, -0.00988001932, 0.00870381204, 0.00179406625,
    -0.00204873476, -0.00022791097, 0.00033373589, 8.00074e-06,
)  # fmt: skip
_DOUBLE = (
    -0.6717940840566922, 0.6726432239776535, 0.047343306841868486, -0.04689561023091556, -0.009872689364142668,
    0.008824938550384454, 0.0017589335144253824, -0.0023458124047130964, -0.00014624647419308058, 0.0006736779568437578,
    -9.373685843203319e-05, -0.00017429822495894004, 7.140502347791011e-05, 3.172736307419215e-05,
    -3.018614662784676e-05, 1.8405565883249187e-07, 8.525722691589536e-06, -3.0321654343038177e-06,
    -1.1601756433638733e-06, 1.3567649936464575e-06, -3.5581183254456223e-07, -3.422022034155704e-07,
    3.47422839488472e-07, 5.389222521674268e-08, -1.636336591585878e-07, -6.29622460561399e-09, 4.94887803602128e-08,
    7.059392724441286e-10, -7.235183973738421e-09,
)  # fmt: skip


def normal_factor(x: Array, z: Array, u: Array, factor: Array) -> None:
    """Write P(X ≤ x) of the normal distribution into `factor`; `z` and `u` are work arrays."""
    np.abs(x, out=z)
    np.multiply(z, ROOT_HALF, out=z)
    np.add(z, 2, out=u)
    np.divide(4, u, out=u)
    np.subtract(u, 1, out=u)  # 2 t - 1
    polynomial = _DOUBLE if x.dtype == np.float64 else _SINGLE
    np.multiply(u, polynomial[-1], out=factor)
    for coefficient in polynomial[-2:0:-1]:
        np.add(factor, coefficient, out=factor)
        np.multiply(factor, u, out=factor)
    np.add(factor, polynomial[0], out=factor)
    np.multiply(z, z, out=z)
    np.subtract(factor, z, out=factor)
    np.exp(factor, out=factor)
    np.add(u, 1, out=u)
    np.multiply(u, -0.25, out=u)
    np.multiply(factor, u, out=factor)  # -erfc(z) / 2
    np.add(factor, 0.5, out=factor)
    np.copysign(factor, x, out=factor)
    np.add(factor, 0.5, out=factor)


def normal_slope(x: Array, factor: Array, grad: Array, out: Array) -> None:
    """Write `grad` times the slope of x · P(X ≤ x)."""
    np.multiply(x, x, out=out)
    np.multiply(out, -0.5, out=out)
    np.exp(out, out=out)
    np.multiply(out, DENSITY, out=out)
    np.multiply(out, x, out=out)
    np.add(out, factor, out=out)
    np.multiply(out, grad, out=out)


def tanh_factor(x: Array, factor: Array) -> None:
    """Write (1 + tanh(k0 x + k1 x³)) / 2 into `factor`."""
    np.multiply(x, x, out=factor)
    np.multiply(factor, K1, out=factor)
    np.add(factor, K0, out=factor)
    np.multiply(factor, x, out=factor)
    np.tanh(factor, out=factor)
    np.add(factor, 1, out=factor)
    np.multiply(factor, 0.5, out=factor)


def tanh_slope(x: Array, factor: Array, grad: Array, work: Array, out: Array) -> None:
    """Write `grad` times the slope of x · factor: factor · (1 + 2 x (1 - factor) (k0 + 3 k1 x²)); `work` is overwritten."""
    np.multiply(x, x, out=out)
    np.multiply(out, 6 * K1, out=out)
    np.add(out, 2 * K0, out=out)
    np.multiply(out, x, out=out)
    np.subtract(1, factor, out=work)
    np.multiply(out, work, out=out)
    np.add(out, 1, out=out)
    np.multiply(out, factor, out=out)
    np.multiply(out, grad, out=out)
