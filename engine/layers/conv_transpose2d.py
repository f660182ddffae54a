"""Convolution that enlarges images."""

from __future__ import annotations

from collections.abc import Iterator

from engine.layer import Example
from engine.layers.image_filtering import ImageFiltering
from engine.layers.transposed_convolution import TransposedConvolution
from engine.spec import param


class ConvTranspose2D(ImageFiltering, TransposedConvolution):
    """Enlarges an image with learned filters: every pixel paints each filter, times its value, onto a larger image.

    Formula: y[f, i · stride + k, j · stride + l] += Σ x[c, i, j] · weight[c, f, k, l] for every pixel and tap, plus
    b[f].

    It is the gradient of a Conv2D, used forwards. Zeiler et al., 2010. ONNX: ConvTranspose. PyTorch: nn.ConvTranspose2d.

    Use it in decoders and in networks that paint: autoencoders, segmentation. Avoid it where a pattern of squares
    would harm: let the stride divide the kernel, or take Upsample and a Conv2D.
    """

    stride: tuple[int, int] = param("How many times higher and wider.", default=(2, 2), min=1, max=16, unit=" px")
    padding: str = param(
        "What becomes of the edge: same makes the size times the stride, valid keeps all, explicit cuts border off.",
        default="same",
        choices=("same", "valid", "explicit"),
    )
    border: tuple[int, int] = param(
        "What is cut off above and below, left and right, where padding is explicit.",
        default=(1, 1),
        min=0,
        max=64,
        unit=" px",
        advanced=True,
    )

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((3, 2, 3),))
        yield Example(cls(filters=6, padding="valid", use_bias=False), ((2, 3, 2),))
        yield Example(cls(filters=2, kernel=(2, 4), stride=(1, 2), padding="explicit", border=(0, 1)), ((2, 3, 2),))
        yield Example(cls(filters=2, kernel=(2, 1), stride=(3, 2)), ((3, 2, 2),))
        yield Example(cls(filters=2, kernel=(2, 2), stride=(1, 1), dilation=(2, 1)), ((2, 3, 3),))
