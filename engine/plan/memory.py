"""Place the arrays of a step in one arena, so that those which never live at the same time share memory."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from itertools import accumulate
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.arrays import ALIGNMENT, Array, Shape, aligned
from engine.kernels.memory import FIRST
from engine.plan.program import ArraySpec, Key, Program


def place(sizes: Mapping[Key, int], spans: Mapping[Key, tuple[int, int]]) -> dict[Key, int]:
    """Return an offset for each array such that arrays whose spans overlap do not overlap in memory.

    Greedy by size, each at the lowest gap that fits: within a few per cent of the best for networks.
    """
    placed: list[tuple[int, int, tuple[int, int]]] = []  # start, end, span
    offsets: dict[Key, int] = {}
    for key in sorted(sizes, key=lambda k: (-sizes[k], spans[k])):
        first, last = spans[key]
        start = 0
        for other_start, other_end, (other_first, other_last) in placed:
            alive = other_first <= last and first <= other_last
            if alive and other_end > start and other_start < start + sizes[key]:
                start = other_end
        offsets[key] = start
        insort(placed, (start, start + sizes[key], spans[key]))
    return offsets


def allocate(program: Program, given: Mapping[Key, Array] = MappingProxyType({})) -> tuple[dict[Key, Array], int]:
    """Return every array of a program, and the bytes that they take together. Those `given` are there already."""
    spans, owners = _owners(program)
    sizes = {key: _bytes(program.arrays[key]) for key in spans}
    offsets = place(sizes, spans)
    total = max((offsets[key] + sizes[key] for key in spans), default=0)
    arena = aligned(total, np.uint8)
    arrays = dict(given)
    for key, spec in program.arrays.items():
        if key not in given:
            owner = owners.get(key)
            raw = arena[offsets[owner] : offsets[owner] + sizes[owner]] if owner else aligned(_bytes(spec), np.uint8)
            arrays[key] = _shaped(raw, spec, _is_image(key))
            if spec.augmented:
                arrays[key], arrays[key._replace(kind="augmented")] = _augmented(arrays[key])
    return arrays, total + sum(_bytes(spec) for key, spec in program.arrays.items() if key not in owners)


def _owners(program: Program) -> tuple[dict[Key, tuple[int, int]], dict[Key, Key]]:
    """Return the first and last call for which each piece of memory is needed, and the piece in which each array lies.

    A piece is named by its first array; those that take over the memory of another one lie in the same.
    """
    spans, reused = program.lifetimes(), program.reused()
    owners: dict[Key, Key] = {}
    for key in sorted(spans, key=lambda key: spans[key]):
        owners[key] = owners[reused[key]] if key in reused else key
    pieces = {key: spans[key] for key, owner in owners.items() if key == owner}
    for key, owner in owners.items():
        pieces[owner] = pieces[owner][0], max(pieces[owner][1], spans[key][1])
    return pieces, owners


class Rooms:
    """Arrays by key, one after the other in one piece of memory, each beginning at a cache line."""

    def __init__(self, specs: Mapping[Any, ArraySpec]) -> None:
        self.specs = dict(specs)
        ends = list(accumulate(map(_bytes, self.specs.values()), initial=0))
        self._starts, self.size = dict(zip(self.specs, ends, strict=False)), ends[-1]

    def arrays(self, memory: Array) -> dict[Any, Array]:
        """Return the arrays in `memory`, `size` bytes."""
        return {
            key: _shaped(memory[self._starts[key] :], spec, isinstance(key, Key) and _is_image(key))
            for key, spec in self.specs.items()
        }


def _is_image(key: Key) -> bool:
    return key.kind in ("value", "grad", "part")


def _bytes(spec: ArraySpec) -> int:
    count = int(np.prod(spec.whole, dtype=np.int64)) * np.dtype(spec.dtype).itemsize
    return -(-count // ALIGNMENT) * ALIGNMENT


def _shaped(raw: Array, spec: ArraySpec, images_last: bool) -> Array:
    """Give bytes their type and shape; images and volumes lie channels-last in memory, which convolutions want."""
    dtype = np.dtype(spec.dtype)
    flat = raw[: int(np.prod(spec.whole, dtype=np.int64)) * dtype.itemsize].view(dtype)
    if spec.memory:
        return in_memory_order(flat, spec.whole, spec.memory)
    if len(spec.shape) not in FIRST or not images_last:
        return flat.reshape(spec.whole)
    n, c, *sides = spec.shape
    return flat.reshape(n, *sides, c).transpose(FIRST[len(spec.shape)])


def _augmented(whole: Array) -> tuple[Array, Array]:
    """Return the values before the last feature, and the whole, in which that is set to ones for ever."""
    whole[..., -1] = 1
    return whole[..., :-1], whole


def in_memory_order(flat: Array, shape: Shape, order: tuple[int, ...]) -> Array:
    """Return a flat array as one of this shape whose axes lie in memory in another order."""
    return flat.reshape([shape[axis] for axis in order]).transpose(np.argsort(order))


def poison(array: Array) -> None:
    """Fill an array with NaN (whole numbers: with the largest), so that reading what is free shows."""
    kind = array.dtype.kind
    array[...] = np.nan if kind == "f" else np.iinfo(array.dtype).max if kind == "i" else 1
