"""Products of matrices, prepared once and done again and again in the way that is fastest for their sizes.

A large product begins by copying both matrices into the order in which the processor reads them. OpenBLAS leaves that out
for small ones where it has AVX-512, which gains 15 % with many rows and half with few, as the steps of an LSTM have.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, partial

import numpy as np

from engine.arrays import Array, aligned
from engine.calls import Run
from engine.kernels.blocks import block_shape, fit, in_blocks, turned

AVX512 = {"X86_V4", "AVX512_SKX"}  # as NumPy names it, from 2.4 on and before
CORES = {"", "SkylakeX", "Cooperlake", "SapphireRapids"}  # whose kernels these are; "" is whatever fits the processor
CACHED = 1 << 16  # values of a matrix that stays in the cache while all others pass by
MANY = 256  # rows


def product(a: Array, b: Array, out: Array) -> Run:
    """Return a function that writes a @ b into the contiguous `out`: (M, K) @ (K, N) -> (M, N)."""
    if not small_kernels() or out.dtype != np.float32:
        return partial(a.dot, b, out)
    if turned(b) and not turned(a) and len(a) >= MANY and b.size <= min(64 * len(a), CACHED):
        return _turning(a, b, out)
    shape = block_shape(a, b)
    return in_blocks(a, b, out, *shape) if shape else partial(a.dot, b, out)


def _turning(a: Array, b: Array, out: Array) -> Run:
    """Multiply by a copy of `b` that does not lie transposed."""
    copy = aligned(b.size, b.dtype).reshape(b.shape)
    multiply = product(a, copy, out)

    def run() -> None:
        np.copyto(copy, b)
        multiply()

    return run


def steps(b: Array, out: Array) -> Callable[[Array], object]:
    """Return a function of `a` that writes a @ b into `out`, all contiguous: (N, K) @ (..., K, U) -> (..., N, U)."""
    (*first, depth, columns), rows = b.shape, out.shape[-2]
    shape = fit(rows, depth, columns, 64, lowest=8) if small_kernels() and out.dtype == np.float32 else None
    if shape is None or rows % shape[0] or columns % shape[1]:
        return (lambda a: a.dot(b, out)) if b.ndim == 2 else (lambda a: np.matmul(a, b, out))
    height, width = shape
    right = b.reshape(*first, 1, depth, -1, width).swapaxes(-2, -3)
    target = out.reshape(*first, -1, height, columns // width, width).swapaxes(-2, -3)
    return lambda a: np.matmul(a.reshape(-1, 1, height, depth), right, target)


@cache
def small_kernels() -> bool:
    """Tell whether this process multiplies small matrices as they lie: OpenBLAS with AVX-512, and one thread.

    Settled by what the process was started with, never by a clock, so that results can be repeated to the last bit.
    """
    config = np.show_config(mode="dicts")
    blas = config.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    found = {*config.get("SIMD Extensions", {}).get("found", ())}
    core, threads = os.environ.get("OPENBLAS_CORETYPE", ""), os.environ.get("OPENBLAS_NUM_THREADS")
    return "openblas" in blas and bool(found & AVX512) and core in CORES and threads == "1"
