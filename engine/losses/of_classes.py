"""What losses for one class out of several have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from engine.arrays import Array, Shape, describe
from engine.kernels.classes import softmax
from engine.layer import OnnxGraph, ShapeError
from engine.loss import Loss, Target
from engine.problems import Change, Insert
from engine.spec import param


class OfClasses(Loss, abstract=True):
    """Takes one logit for each class, and answers with their softmax. A series has a class at each step."""

    target: ClassVar[Target] = "class"
    spoken: ClassVar[str]  # its name, as a sentence begins with it
    class_weights: tuple[float, ...] = param(
        "How much each class counts, in the order of classes; empty: all the same. Raise it for rare ones.",
        default=(),
        min=0.0,
        max=1e6,
        advanced=True,
    )

    def target_shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2):
            fix = (Insert("Flatten"),) if x else ()
            raise ShapeError(
                f"{self.spoken} takes one number for each class, not {describe(x)}. Put a Flatten before it.", *fix
            )
        if x[-1] < 2:
            raise ShapeError(
                f"{self.spoken} needs at least two classes, but one value comes in. Give the Dense before it more units."
            )
        if self.class_weights and len(self.class_weights) != x[-1]:
            raise ShapeError(
                f"{self.spoken} has {len(self.class_weights)} class weights, but {x[-1]} classes come in. "
                "Give it one for each class, or none.",
                Change("loss", self.with_(class_weights=()), "Take the class weights away"),
            )
        return x[:-1]

    def answer(self, x: Array) -> Array:
        return softmax(x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Softmax", x, axis=-1)

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (5,)
        yield cls(), (3, 4)
