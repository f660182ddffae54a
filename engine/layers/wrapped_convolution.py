"""A convolution that is computed in another way, or together with what is behind it."""

from __future__ import annotations

from engine.arrays import Shape
from engine.layer import Layer, Weight
from engine.layers.convolution import Convolution
from engine.spec import param


class WrappedConvolution(Layer, abstract=True):
    """What the compiler puts in place of a convolution, no box of its own: it has its weights and its cost.

    `convolution` is declared anew by every layer, with the type that it takes.
    """

    category = "Convolution"
    convolution: Convolution = param("The convolution.", default=Convolution(), hidden=True)

    def shape(self, x: Shape) -> Shape:
        return self.convolution.shape(x)

    def weights(self, x: Shape) -> dict[str, Weight]:
        return self.convolution.weights(x)

    def multiply_adds(self, x: Shape) -> int:
        return self.convolution.multiply_adds(x)

    def summary(self) -> str:
        return self.convolution.summary()
