"""Products of matrices, prepared once and done again and again in the way that is fastest for their sizes.

A large product begins by copying both matrices into the order in which the processor reads them. OpenBLAS leaves that out
for small ones where it has AVX-512, which gains 15 % with many rows and half with few, as the steps of an LSTM have.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from engine.arrays import Array, aligned
from engine.calls import Run, in_turn
from engine.kernels.blocks import FEW, LINE, SMALL, block_shape, fit, in_blocks, pays, turned
from engine.kernels.memory import ones, stretches

AVX512 = {"X86_V4", "AVX512_SKX"}  # as NumPy names it, from 2.4 on and before
CORES = {"", "SkylakeX", "Cooperlake", "SapphireRapids"}  # whose kernels these are; "" is whatever fits the processor
CACHED = 1 << 16  # values of a matrix that stays in the cache while all others pass by
MANY = 256  # rows
MOST = 64  # rows that are few beside so many columns
DEEP = 256  # rows of a matrix that is multiplied, transposed, with another: with fewer at a time, sums take too long
BEYOND = 1 << 18  # values of matrices that the cache does not keep from one step to the next


def product(a: Array, b: Array, out: Array) -> Run:
    """Return a function that writes a @ b into `out`: (..., M, K) @ (..., K, N) -> (..., M, N)."""
    if out.ndim == 2 and out.flags.f_contiguous and not out.flags.c_contiguous:
        return product(b.T, a.T, out.T)
    if out.ndim == 3 and b.ndim == 2 and out.flags.c_contiguous and a.strides[0] == a.shape[1] * a.strides[1]:
        return product(a.reshape(-1, a.shape[2]), b, out.reshape(-1, out.shape[2]))  # (G·M, K) @ (K, N) -> (G·M, N)
    dots = out.ndim == 2 and out.flags.c_contiguous and _in_order(a) and _in_order(b)
    whole = partial(a.dot, b, out) if dots else partial(np.matmul, a, b, out)
    if not small_kernels() or out.dtype != np.float32:
        return whole
    if out.ndim == 2 and turned(b) and not turned(a) and len(a) >= MANY and b.size <= min(64 * len(a), CACHED):
        return _turning(a, b, out)
    shape = block_shape(a, b)
    return in_blocks(a, b, out, *shape) if shape else whole


def summed(a: Array, b: Array, out: Array, part: Array | None = None, *, more: bool = False) -> Iterator[Run]:
    """Yield calls that write a @ b into `out`, or add it to that where there is `more`: (M, K) @ (K, N) -> (M, N).

    A small result of a great depth is the sum of products of as much of it as is multiplied as it lies: 0.5 to 0.8 of the
    time. `part` is a work array like `out`; without one it is made where it is needed, which is for small results only.
    """
    for place in _stretches(a, b):
        if part is None and place.start:
            part = np.empty_like(out)
        target = part if part is not None and (more or place.start) else out
        yield product(a[:, place], b[place], target)
        if target is part:
            yield partial(np.add, out, part, out)


def _stretches(a: Array, b: Array) -> Iterator[slice]:
    """Yield the parts of the depth of a @ b that are multiplied one after the other."""
    (rows, depth), columns = a.shape, b.shape[1]
    count = -(-rows * depth * columns // SMALL)
    each = -(-depth // count // LINE) * LINE
    gains = small_kernels() and a.dtype == np.float32 and not turned(b) and block_shape(a, b) is None
    return stretches(depth, each if gains and each >= DEEP else depth)


def _in_order(matrix: Array) -> bool:
    """Tell whether a matrix has no gaps; `dot` copies one that has, value by value, which takes longer than the product."""
    return bool(matrix.flags.forc)


def _turning(a: Array, b: Array, out: Array) -> Run:
    """Multiply by a copy of `b` that does not lie transposed."""
    copy = aligned(b.size, b.dtype).reshape(b.shape)
    multiply = product(a, copy, out)

    def run() -> None:
        np.copyto(copy, b)
        multiply()

    return run


def steps(b: Array, out: Array) -> Callable[[Array], Run]:
    """Return a function that prepares a @ b into `out` for each `a`: (..., N, K) @ (..., K, U) -> (..., N, U).

    The rows of `a` are contiguous, and so is `out`; `b` is what `columns` returns for N rows: (..., K, J, w).
    """
    (*first, depth, blocks, width), rows = b.shape, out.shape[-2]
    shape = (_height(rows, depth, width), width) if blocks > 1 else _step_shape(rows, depth, width, out)
    if shape is None:
        whole = b.reshape(*first, depth, width)
        alone = whole.ndim == 2
        return (lambda a: partial(a.dot, whole, out)) if alone else (lambda a: partial(np.matmul, a, whole, out))
    height, width = shape
    right = b.reshape(*first, depth, -1, width).swapaxes(-2, -3)  # (..., J, K, w)
    split = out.reshape(*first, -1, height, right.shape[-3], width)  # (..., I, h, J, w)
    if blocks > 1:  # more than the cache holds: each block of columns is read for all rows in turn
        right, target, order = right[..., None, :, :], np.moveaxis(split, -2, -4), (1, -1)
    else:
        right, target, order = right[..., None, :, :, :], split.swapaxes(-2, -3), (-1, 1)
    return lambda a: partial(np.matmul, a.reshape(*a.shape[:-2], *order, height, depth), right, target)


def summed_steps(b: Array, out: Array, work: Array) -> Callable[[Array], Run]:
    """Return a function that prepares a @ b into `out` for each `a`: (N, D·K) @ (D·K, U) -> (N, U).

    `b` is what `columns` returns for N rows: (D, K, J, w). Where it is deep, D products of a part are added up.
    `work` is (D, N, U).
    """
    if len(b) == 1:
        return steps(b[0], out)
    multiply, add_up = steps(b, work), partial(ones(len(b), out.dtype).dot, work.reshape(len(b), -1), out.reshape(-1))
    return lambda a: in_turn((multiply(a.reshape(len(a), len(b), -1).swapaxes(0, 1)), add_up))


def apart(b: Array, count: int) -> Array:
    """Return a deep (K, U) as (D, K/D, U) for `summed_steps`: D is `count` where the cache does not hold it, else 1."""
    cut = b.size > BEYOND and small_kernels() and b.dtype == np.float32
    return b.reshape(count if cut else 1, -1, b.shape[-1])


def columns(b: Array, rows: int) -> Array:
    """Return a contiguous (..., K, U) as (..., K, J, w), to be filled: its J blocks of columns lie one behind the other.

    J is 1 but where few rows are multiplied, again and again, by more than the cache holds: whoever reads short pieces of
    long lines then waits for the memory longer than for the products (0.5 to 0.7 of the time with 512 units and 8 rows).
    """
    *first, depth, across = b.shape
    few = 1 < rows <= MOST and b.size > BEYOND and small_kernels() and b.dtype == np.float32
    widths = (w for w in (64, 48, 32, 16) if few and across % w == 0 and _height(rows, depth, w))
    width = next(widths, across)
    return b.reshape(*first, -1, depth, width).swapaxes(-2, -3)


def _height(rows: int, depth: int, width: int) -> int:
    """Return by how many rows blocks of so many columns are multiplied at once; 0 where none suits."""
    heights = (height for height in (16, 8, rows) if rows % height == 0 and height <= FEW)
    return next((height for height in heights if height * depth * width <= SMALL), 0)


def _step_shape(rows: int, depth: int, across: int, out: Array) -> tuple[int, int] | None:
    gains = small_kernels() and out.dtype == np.float32 and pays(rows, depth, across)
    shape = fit(rows, depth, across, 64, lowest=8) if gains else None
    return None if shape is None or rows % shape[0] or across % shape[1] else shape


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
