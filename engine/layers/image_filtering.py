"""What layers that slide filters over images let a person choose."""

from __future__ import annotations

from engine.layers.filtering import Filtering
from engine.spec import param


class ImageFiltering(Filtering, abstract=True):
    """A layer with learned filters for images; how each computes comes from elsewhere."""

    kernel: tuple[int, int] = param("Height and width of a filter.", default=(3, 3), min=1, max=31, unit=" px")
    stride: tuple[int, int] = param(
        "Step between two positions of a filter.", default=(1, 1), min=1, max=16, unit=" px"
    )
    padding: str = param(
        "Zeros around the image: same keeps its size (divided by the stride), valid adds none, explicit adds border.",
        default="same",
        choices=("same", "valid", "explicit"),
    )
    border: tuple[int, int] = param(
        "Zeros above and below, left and right, where padding is explicit.",
        default=(1, 1),
        min=0,
        max=64,
        unit=" px",
        advanced=True,
    )
    dilation: tuple[int, int] = param(
        "Distance between two neighbours within a filter.", default=(1, 1), min=1, max=16, unit=" px", advanced=True
    )
