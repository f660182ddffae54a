"""Convolution in groups as few products of a good size: neighbouring groups are merged into one.

A product of few channels with few filters takes a processor as long as one of WIDE by WIDE. So the filters of neighbouring
groups stand on the diagonal of one matrix, whose zeros cost nothing up to there. Four filters of two channels each:

    as they are   merged, two by two
    a c e g       a 0   e 0
    b d f h       b 0   f 0
                  0 c   0 g
                  0 d   0 h
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.arrays import Array

WIDE = 16  # channels, or filters, below which a product is no faster
WIDE_SCATTERED = 32  # where gradients are added back window by window, which is slow for few channels


@dataclass(frozen=True)
class Grouping:
    """How groups are computed: in so many products, each of which has so many neighbouring groups `merged`."""

    products: int = 1
    merged: int = 1

    def blocks(self, filters: Array) -> Array:
        """Return filters (F, C, *kernel), C the channels of one group, as a view (products, *kernel, merged, C, F)."""
        apart = filters.reshape(self.products, self.merged, -1, *filters.shape[1:])
        return apart.transpose(0, *range(4, apart.ndim), 1, 3, 2)

    def flipped_blocks(self, filters: Array) -> Array:
        """Return filters as a view (products, *kernel, merged, F, C) that runs backwards along the kernel."""
        blocks = self.blocks(filters).swapaxes(-1, -2)
        return np.flip(blocks, tuple(range(1, blocks.ndim - 3)))

    def describe(self, each: int = 1) -> str:
        """Return how many products there are, `each` of them for so many, in words."""
        count = each * self.products
        words = "one product" if count == 1 else f"{count} products"
        return words + (f" of {self.merged} groups each" if self.merged > 1 and self.products > 1 else "")


def grouping(groups: int, channels: int, filters: int, wide: int = WIDE) -> Grouping:
    """Return the cheapest way to compute groups of so many channels and filters each; of equals, the fewest products."""

    def cost(merged: int) -> int:
        return groups // merged * max(merged * channels, wide) * max(merged * filters, wide)

    merged = min((m for m in range(groups, 0, -1) if groups % m == 0), key=cost)
    return Grouping(groups // merged, merged)


def on_diagonal(matrices: Array, blocks: Array) -> Array:
    """Return where blocks (..., count, A, B) stand on the diagonal of matrices (..., count · A, count · B), as a view."""
    *rest, count, rows, columns = blocks.shape
    return np.einsum("...iaib->...iab", matrices.reshape(*rest, count, rows, count, columns))
