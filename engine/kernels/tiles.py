"""Images in tiles of 2 × 2 pixels, a block at a time: how minimal filtering (see `winograd`) walks through them.

Volumes are stacks of images: (n, D, H, W, C).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod

from engine.arrays import Array, Shape
from engine.kernels.memory import stretches
from engine.kernels.windows import Windows

CACHE = 1 << 18  # values of a block's planes before and after the product: about the second-level cache of one core
FEWEST = 16  # tiles of a block of volumes
MOST = 512  # tiles of a block where channels are many: then a few large products are better than the cache

Phases = tuple[Array, Array, Array, Array]  # top left, top right, bottom left, bottom right of each square of pixels
Block = tuple[slice, slice]  # images, and rows of their tiles


@dataclass(frozen=True)
class Tiles:
    """The tiles of the outputs of (KD ×) 3 × 3 windows that move by one pixel, and how many of them make a block.

    A block is some images, or some rows of tiles of a large one; within it the images stand side by side, so that calls
    run through long rows.
    """

    windows: Windows
    filters: int
    products: int = 1  # into which channels and filters are divided

    @cached_property
    def grid(self) -> tuple[int, int]:
        """How many tiles an image has, down and across."""
        height, width = self.windows.out[-2:]
        return -(-height // 2), -(-width // 2)

    @property
    def depth(self) -> Shape:
        """How many planes a padded volume has; nothing for images."""
        return self.windows.padded[:-2]

    @cached_property
    def block(self) -> tuple[int, int]:
        """How many images make a block, and how many rows of their tiles. Channels and filters count alike."""
        rows, columns = self.grid
        channels = self.windows.channels, self.filters
        wanted = max(CACHE // (16 * sum(channels) * prod(self.depth)), self._fewest())
        images = max(1, round(wanted / (rows * columns)))
        return images, rows if images > 1 else -(-rows // max(1, round(rows * columns / wanted)))

    def _fewest(self) -> int:
        """Return how many tiles a block has at least, as far as there are so many."""
        if self.depth:
            return FEWEST
        return min(2 * min(self.windows.channels, self.filters) // self.products, MOST)

    @property
    def canvas(self) -> Shape:
        """The shape of a block's padded images: side, pair of rows, side, pair of columns, image, (plane,) channel."""
        rows, columns = self.grid
        return 2, rows + 1, 2, columns + 1, self.block[0], *self.depth, self.windows.channels

    @property
    def sums(self) -> int:
        """How many values the sums of a block along one axis have."""
        images, rows = self.block
        return 8 * rows * (self.grid[1] + 1) * images * prod(self.depth) * self.windows.channels

    def planes(self, channels: int) -> int:
        """Return how many values a block's planes have."""
        images, rows = self.block
        return 16 * images * rows * self.grid[1] * prod(self.depth) * channels

    def images(self, count: int) -> Iterator[slice]:
        """Return the images of each block."""
        return stretches(count, self.block[0])

    def rows(self) -> Iterator[slice]:
        """Return the rows of tiles of each block of the same images."""
        return stretches(self.grid[0], self.block[1])

    def span(self, images: slice, rows: slice) -> slice:
        """Return which they are, of all tiles' values in the order of blocks: one for each filter."""
        (height, width), count = self.grid, images.stop - images.start
        row = width * self.filters
        first = (images.start * height + count * rows.start) * row
        return slice(first, first + count * (rows.stop - rows.start) * row)

    def inside(self, canvas: Array) -> Phases:
        """Return where the pixels of images belong on their canvas, which is zero around them."""
        (top, _), (left, _) = self.windows.padding[-2:]
        *_, height, width = self.windows.size
        planes = [slice(p, p + n) for n, (p, _) in zip(self.windows.size[:-2], self.windows.padding, strict=False)]

        def phase(down: int, right: int) -> Array:
            (row, upper), (column, side) = divmod(top + down, 2), divmod(left + right, 2)
            tall, wide = (height - down + 1) // 2, (width - right + 1) // 2
            part = canvas[upper, row : row + tall, side, column : column + wide][:, :, :, *planes]
            return part.transpose(*range(2, part.ndim - 1), 0, 1, -1)

        return phase(0, 0), phase(0, 1), phase(1, 0), phase(1, 1)


def phases(images: Array) -> Phases:
    """Return images (n, H, W, C) as four views (n, H/2, W/2, C), by the place of each pixel in its square of 2 × 2."""
    upper, lower = images[..., ::2, :, :], images[..., 1::2, :, :]
    return upper[..., ::2, :], upper[..., 1::2, :], lower[..., ::2, :], lower[..., 1::2, :]


def rows_first(images: Array) -> Array:
    """Return images (n, H, W, C) as a view (H, W, n, C)."""
    return images.transpose(-3, -2, *range(images.ndim - 3), -1)
