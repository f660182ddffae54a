"""The contract of losses: how far an output is from its target, and what the output says at inference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from engine.arrays import Array, Shape
from engine.layer import OnnxGraph, Scratch, needs
from engine.spec import Spec

Target = Literal["class", "binary", "value", "label", "text"]
Values = Literal["any", "counts", "shares"]


class Loss(Spec, family=True):
    """Compares what reaches an Output (`x`, shape (N, ...)) with its target, and gives the gradient of the mean.

    `target` says what the targets are: "class", one class number (an integer of shape (N, ...) without the axis of
    classes); "binary", zeros and ones shaped like `x`; "value", numbers shaped like `x`; "label", one class number (N,),
    however many values come in; "text", numbers of characters (N, length), which zeros fill up. `values` says which
    numbers: any, which may be standardised; counts from 0 on; or shares that add up to 1 along the last axis. Arrays
    arrive by name, as in a layer: `forward` and `backward` may name `x`, `target` and their scratch arrays.
    """

    target: ClassVar[Target] = "value"
    values: ClassVar[Values] = "any"
    whole_batch: ClassVar[bool] = False  # a sample's loss depends on which others are in the batch

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        """Yield worked cases: a loss and the shape of one sample of `x`."""
        raise NotImplementedError

    def target_shape(self, x: Shape) -> Shape:
        """Return the shape of one sample's target; raise ShapeError where `x` suits no target."""
        return x

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        """Return the working arrays of one step by name; they live from `forward` to `backward`."""
        return {}

    def asks(self, method: str) -> tuple[str, ...]:
        """Return the names of the arrays that `forward` or `backward` is called with, in order."""
        return needs(type(self), method)

    def forward(self, *args: Any, **kwargs: Any) -> None:
        """Write each sample's loss into `losses` (N,): the mean over what a sample has."""
        raise NotImplementedError

    def backward(self, *args: Any, **kwargs: Any) -> None:
        """Write into `grad_x` the gradient of `scale` (a float: 1 over the samples of a step) times the sum of `losses`."""
        raise NotImplementedError

    def answer(self, x: Array) -> Array:
        """Return what the output says at inference, from `x`: probabilities, or the values themselves."""
        return x

    def onnx(self, g: OnnxGraph, x: str) -> str:
        """Describe `answer` in ONNX operators."""
        return x

    def torch(self) -> str:
        """Return PyTorch's expression for this loss: a module or function of (x, target) that gives the mean.

        Known names: torch and nn.
        """
        raise NotImplementedError
