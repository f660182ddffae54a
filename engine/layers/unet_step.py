"""One step up in a U-Net."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Shape, describe
from engine.composite import Composite, Wire, Wiring
from engine.layer import Example, ShapeError
from engine.layers.concatenate import Concatenate
from engine.layers.conv2d import Conv2D
from engine.layers.conv_transpose2d import ConvTranspose2D
from engine.layers.relu import ReLU
from engine.layers.sided import check_rank
from engine.problems import Insert
from engine.spec import param


def _fixes(larger: Shape, skip: Shape) -> tuple[Insert, ...]:
    """Return what mends a difference of one pixel, as halving an odd side makes it."""
    height, width = (there - here for there, here in zip(skip[1:], larger[1:], strict=True))
    if {height, width} <= {0, 1}:
        return (Insert("Crop", {"border": (height, 0, width, 0)}),)
    return (Insert("ZeroPad", {"border": (-height, 0, -width, 0)}),) if {height, width} <= {-1, 0} else ()


class UNetStep(Composite):
    """Doubles an image, puts beside it what the way down saw at that size, and convolves both twice.

    Formula: y = relu(conv(relu(conv([upsample(x), skip])))).

    `x` comes from below, `skip` from the other side of the U. Ronneberger, Fischer and Brox, 2015.

    Use it on the way up of a segmentation network, once for each pooling on the way down. Avoid it where only one
    answer for an image is wanted.
    """

    category = "Composites"
    filters: int = param("How many output channels.", default=16, min=1, max=4096)

    def expand(self, wiring: Wiring, x: Wire, skip: Wire) -> Wire:
        for port, wire in (("x", x), ("skip", skip)):
            check_rank("UNetStep", 2, wire.shape, port)
        larger = wiring.add("up", ConvTranspose2D(filters=self.filters, kernel=(2, 2)), x)
        if larger.shape[1:] != skip.shape[1:]:
            raise ShapeError(
                f"UNetStep makes {describe(larger.shape[1:])} out of x, but skip is {describe(skip.shape[1:])}. "
                "Wire the layer that had that size, or begin with an image whose sides halve evenly.",
                *_fixes(larger.shape, skip.shape),
                port="skip",
            )
        found = wiring.add("join", Concatenate(), skip, larger)
        for number in (1, 2):
            convolved = wiring.add(f"conv{number}", Conv2D(filters=self.filters), found)
            found = wiring.add(f"relu{number}", ReLU(), convolved)
        return found

    def summary(self) -> str:
        return f"{self.filters} filters"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(filters=2), ((3, 2, 1), (2, 4, 2)))
