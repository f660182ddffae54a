"""The parameters of pooling on series, images and volumes.

A layer names one of these before its other base, so that these parameters are the ones that count.
"""

from __future__ import annotations

from typing import ClassVar

from engine.layers.pool import Pool
from engine.layers.sided import Triple
from engine.spec import param


class Pool1D(Pool, abstract=True):
    """Pooling of series."""

    rank: ClassVar[int] = 1
    kernel: int = param("How many steps a window has.", default=2, min=1, max=1024)
    stride: int = param("How many steps lie between two windows.", default=2, min=1, max=1024)
    padding: int = param(
        "How far windows may reach over either end of the series.", default=0, min=0, max=512, advanced=True
    )


class Pool2D(Pool, abstract=True):
    """Pooling of images."""

    rank: ClassVar[int] = 2
    kernel: tuple[int, int] = param("Height and width of a window.", default=(2, 2), min=1, max=64, unit=" px")
    stride: tuple[int, int] = param("Step between two windows.", default=(2, 2), min=1, max=64, unit=" px")
    padding: tuple[int, int] = param(
        "How far windows may reach over the edge: above and below, left and right.",
        default=(0, 0),
        min=0,
        max=32,
        unit=" px",
        advanced=True,
    )


class Pool3D(Pool, abstract=True):
    """Pooling of volumes."""

    rank: ClassVar[int] = 3
    kernel: Triple = param("Depth, height and width of a window.", default=(2, 2, 2), min=1, max=64, unit=" px")
    stride: Triple = param("Step between two windows.", default=(2, 2, 2), min=1, max=64, unit=" px")
    padding: Triple = param(
        "How far windows may reach over the edge: before and behind, above and below, left and right.",
        default=(0, 0, 0),
        min=0,
        max=32,
        unit=" px",
        advanced=True,
    )
