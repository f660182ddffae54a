"""What ZeroPad and Crop have in common: the border of an image."""

from __future__ import annotations

from engine.arrays import Array, Shape
from engine.layer import Layer
from engine.layers.sided import check_rank
from engine.spec import param


class Border(Layer, abstract=True):
    """A layer that works on the border of an image."""

    category = "Convolution"
    border: tuple[int, int, int, int] = param(
        "How wide: above, below, left, right.", default=(1, 1, 1, 1), min=0, max=1024, unit=" px"
    )

    def check_image(self, x: Shape) -> None:
        """Raise ShapeError where `x` is no image."""
        check_rank(type(self).__name__, 2, x)

    def inside(self, image: Array) -> Array:
        """Return what lies within the border, as a view."""
        top, bottom, left, right = self.border
        return image[:, :, top : image.shape[2] - bottom, left : image.shape[3] - right]

    def summary(self) -> str:
        return ", ".join(map(str, self.border))
