"""Images as four arrays, by the place of each pixel in its square of 2 × 2: pooling then compares whole arrays.

The order is top left, top right, bottom left, bottom right; within each, the squares of an image in rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.convolution import Columns
from engine.kernels.memory import stretches
from engine.kernels.windows import Windows


class QuadColumns:
    """Turns images (N, H, W, C), block by block, into a matrix (P, K) of their windows in the order of quads.

    See `Columns`; the number of windows must be even both ways, and a block be of whole images.
    """

    def __init__(self, windows: Windows, padded: Array, columns: Array) -> None:
        plain = Columns(windows, padded, columns)
        self._plain, self._width, self._columns = plain, windows.width, columns
        (oh, ow), n = windows.out, plain.images
        if plain.planar:
            split = plain.patches.reshape(*plain.patches.shape[:3], n, oh // 2, 2, ow // 2, 2)
            self._patches = split.transpose(0, 1, 2, 5, 7, 3, 4, 6)
        else:
            split = plain.patches.reshape(n, oh // 2, 2, ow // 2, 2, *plain.patches.shape[3:])
            self._patches = split.transpose(2, 4, 0, 1, 3, 5, 6, 7)

    def blocks(self, x: Array) -> Iterator[tuple[slice, list[Run], Array]]:
        """Yield (images, calls, matrix) for every block of `x`. The calls fill the matrix; those of the next overwrite it."""
        for images in stretches(len(x), self._plain.images):
            count = images.stop - images.start
            patches = self._patches[:, :, :, :, :, :count] if self._plain.planar else self._patches[:, :, :count]
            flat = self._columns[: patches.size]
            arrive = partial(np.copyto, self._plain.inside[:count], x[images])
            matrix = flat.reshape(self._width, -1).T if self._plain.planar else flat.reshape(-1, self._width)
            yield images, [arrive, partial(np.copyto, flat.reshape(patches.shape), patches)], matrix


def largest_of_quads(quads: Iterable[Array], chosen: Array, out: Array) -> None:
    """Write the largest of four values (4, M) into `out` (M,); the quads are overwritten.

    `chosen` (3, M) tells whether on the left, on the right the upper one was taken, and whether the left one was.
    """
    (top_left, top_right, bottom_left, bottom_right), (left, right, side) = quads, chosen
    np.greater_equal(top_left, bottom_left, left)
    np.maximum(top_left, bottom_left, out=out)
    np.greater_equal(top_right, bottom_right, right)
    np.maximum(top_right, bottom_right, out=top_right)
    np.greater_equal(out, top_right, side)
    np.maximum(out, top_right, out=out)


def quads_back(grad: Array, chosen: Array, quads: Array) -> None:
    """Give each gradient (M,) to the value that was taken, the others get zero: `quads` (4, M)."""
    (top_left, top_right, bottom_left, bottom_right), (left, right, side) = quads, chosen
    np.multiply(grad, side, bottom_left)
    np.subtract(grad, bottom_left, bottom_right)
    np.multiply(bottom_left, left, top_left)
    np.subtract(bottom_left, top_left, bottom_left)
    np.multiply(bottom_right, right, top_right)
    np.subtract(bottom_right, top_right, bottom_right)


def into_quads(images: Array, quads: Array) -> None:
    """Put quads where they belong in images (n, H, W, F), which need not be contiguous."""
    n, height, width, features = images.shape
    split = images.reshape(n, height // 2, 2, width // 2, 2, features)
    assert np.may_share_memory(split, images)
    np.copyto(split.transpose(2, 4, 0, 1, 3, 5), quads.reshape(2, 2, n, height // 2, width // 2, features))
