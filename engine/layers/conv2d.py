"""Convolution of images."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.block_convolution import BlockConvolution
from engine.layers.image_filtering import ImageFiltering


class Conv2D(ImageFiltering, BlockConvolution):
    """Slides learned filters over an image: y[f] = sum of x over each window, weighted by filter f, plus b[f].

    LeCun et al., 1989; in groups: Krizhevsky et al., 2012. ONNX: Conv. PyTorch: nn.Conv2d.

    Use it on images: the first choice, with a stride or a pooling to shrink them. Avoid it on tables, whose columns
    have no neighbours: take a Dense.
    """

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((3, 5, 6),))
        yield Example(cls(filters=3, padding="valid", use_bias=False), ((5, 5, 4),))
        yield Example(cls(filters=3, kernel=(2, 3), stride=(2, 1), padding="explicit", border=(1, 2)), ((2, 5, 4),))
        yield Example(cls(filters=2, kernel=(3, 2), stride=(2, 2)), ((6, 7, 6),))
        yield Example(cls(filters=2, kernel=(2, 3), dilation=(2, 3)), ((5, 6, 9),))
        yield Example(cls(filters=4, kernel=(1, 1)), ((6, 3, 3),))
        yield Example(cls(filters=20, kernel=(4, 4)), ((1, 6, 6),))
        yield Example(cls(filters=6, kernel=(3, 2), stride=(2, 1), groups=2), ((4, 4, 3),))
        yield Example(cls(filters=3, groups=3, padding="valid", use_bias=False), ((3, 3, 4),))
        yield Example(cls(filters=24, kernel=(1, 1), groups=2), ((24, 2, 3),))
        yield Example(cls(filters=24, kernel=(2, 1), groups=4), ((24, 3, 2),))
        yield Example(cls(filters=48, kernel=(1, 2), stride=(1, 2), groups=4), ((48, 2, 4),))
