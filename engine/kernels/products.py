"""Products of matrices, cut into blocks that BLAS multiplies as they lie.

A large product begins by copying both matrices into the order in which the processor reads them. OpenBLAS leaves that out
for small ones where it has AVX-512, which gains 15 % with many rows and half with few, as the steps of an LSTM have.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from engine.arrays import Array

SMALL = (
    1_000_000  # multiply-adds up to which OpenBLAS copies nothing: `sgemm_small_matrix_permit` of its SkylakeX kernels
)
SMALL_TURNED = 1200  # values of the result up to which it copies nothing where the second matrix lies transposed
AVX512 = {"X86_V4", "AVX512_SKX"}  # as NumPy names it, from 2.4 on and before
CORES = {"", "SkylakeX", "Cooperlake", "SapphireRapids"}  # whose kernels these are; "" is whatever fits the processor

Multiply = Callable[[], object]


def product(a: Array, b: Array, out: Array) -> Multiply:
    """Return a function that writes a @ b into the contiguous `out`: (M, K) @ (K, N) -> (M, N)."""
    shape = block_shape(a, b) if small_kernels() and out.dtype == np.float32 else None
    return in_blocks(a, b, out, *shape) if shape else partial(a.dot, b, out)


def steps(b: Array, out: Array) -> Callable[[Array], object]:
    """Return a function of `a` that writes a @ b into `out`, all contiguous: (N, K) @ (..., K, U) -> (..., N, U)."""
    (*first, depth, columns), rows = b.shape, out.shape[-2]
    shape = _fit(rows, depth, columns, 64, lowest=8) if small_kernels() and out.dtype == np.float32 else None
    if shape is None or rows % shape[0] or columns % shape[1]:
        return (lambda a: a.dot(b, out)) if b.ndim == 2 else (lambda a: np.matmul(a, b, out))
    height, width = shape
    right = b.reshape(*first, 1, depth, -1, width).swapaxes(-2, -3)
    target = out.reshape(*first, -1, height, columns // width, width).swapaxes(-2, -3)
    return lambda a: np.matmul(a.reshape(-1, 1, height, depth), right, target)


def in_blocks(a: Array, b: Array, out: Array, height: int, width: int) -> Multiply:
    """Return a function that writes a @ b into `out`, in blocks of so many rows and columns of the result."""
    parts = list(_blocks(a, b, out, height, width))
    if len(parts) == 1:
        return partial(np.matmul, *parts[0])

    def run() -> None:
        for left, right, target in parts:
            np.matmul(left, right, target)

    return run


def _blocks(a: Array, b: Array, out: Array, height: int, width: int) -> Iterator[tuple[Array, Array, Array]]:
    """Yield stacks of blocks as views: (I, 1, h, K) @ (J, K, w) -> (I, J, h, w); at the edges they are smaller."""
    depth = a.shape[1]
    for rows, h in _cuts(out.shape[0], height):
        left = a[rows].reshape(-1, 1, h, depth)
        for columns, w in _cuts(out.shape[1], width):
            right = b[:, columns].reshape(depth, -1, w).transpose(1, 0, 2)
            yield left, right, out[rows, columns].reshape(len(left), h, -1, w).transpose(0, 2, 1, 3)


def _cuts(size: int, step: int) -> Iterator[tuple[slice, int]]:
    """Yield the part of `size` things that falls into whole steps, and the rest, each with its step."""
    whole = size - size % step
    if whole:
        yield slice(0, whole), step
    if whole < size:
        yield slice(whole, size), size - whole


def block_shape(a: Array, b: Array) -> tuple[int, int] | None:
    """Return the rows and columns of the best blocks of a @ b; None where it should be left whole.

    The sizes are measured: blocks a few cache lines wide, and as high as SMALL allows.
    """
    (rows, depth), columns = a.shape, b.shape[1]
    turned = b.strides[0] < b.strides[1]
    if a.strides[0] < a.strides[1]:
        return None if turned else _fit(rows, depth, columns, 64, lowest=32)
    if turned:
        gains = rows < 256 or depth >= 256
        return _fit(rows, depth, columns, 32, lowest=8) if gains and depth >= 32 else None
    return _fit(rows, depth, columns, 64, lowest=8)


def _fit(rows: int, depth: int, columns: int, width: int, lowest: int) -> tuple[int, int] | None:
    """Return the highest block of a width, at most 64 and not under `lowest` rows; with fewer rows a wider one."""
    most = 64 if width == 64 else SMALL_TURNED // width
    height = min(SMALL // (width * depth), most) // 8 * 8
    whole = rows * depth * columns <= SMALL and (width == 64 or rows * columns <= SMALL_TURNED)
    if height < lowest or whole:
        return None
    height = _evenly(rows, height, 8)
    if rows <= height and width == 64:
        width = max(SMALL // (max(rows, 8) * depth) // 64 * 64, 64)
    return height, _evenly(columns, width, 16)


def _evenly(size: int, most: int, unit: int) -> int:
    """Return a step, at most `most`, by which `size` things fall into equal whole units; `most` where there is none near."""
    if size <= most:
        return size
    fewest = -(-size // most)
    counts = [count for count in range(fewest, 2 * fewest + 1) if size % (count * unit) == 0]
    return size // counts[0] if counts else most


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
