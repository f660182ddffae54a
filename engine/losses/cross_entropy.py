"""The loss of classification."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.reductions import mean_of_samples, sum_columns
from engine.layer import OnnxGraph, Scratch, ShapeError
from engine.loss import Loss, Target
from engine.problems import Insert


class CrossEntropy(Loss):
    """Cross entropy of the softmax, for one class out of several: -log softmax(x)[class].

    Takes logits, so no Softmax belongs before the Output. A series of logits (steps, classes) has a class at each step.
    PyTorch: nn.CrossEntropyLoss.
    """

    target: ClassVar[Target] = "class"

    def target_shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2):
            fix = (Insert("Flatten"),) if x else ()
            raise ShapeError(
                f"Cross entropy takes one number for each class, not {describe(x)}. Put a Flatten before it.", *fix
            )
        if x[-1] < 2:
            raise ShapeError(
                "Cross entropy needs at least two classes, but one value comes in. Give the Dense before it more units."
            )
        return x[:-1]

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        return {"softmax": Scratch(x), "row": Scratch((*x[:-1], 1))}

    def forward(self, x: Array, target: Array, softmax: Array, row: Array, losses: Array) -> None:
        x.max(axis=-1, keepdims=True, out=row)
        np.subtract(x, row, out=softmax)
        chosen = softmax[_chosen(target)]
        np.exp(softmax, out=softmax)
        sums = row.reshape(-1)
        sum_columns(softmax.reshape(-1, softmax.shape[-1]), out=sums)
        softmax /= row
        np.log(sums, out=sums)
        sums -= chosen.reshape(-1)
        mean_of_samples(sums, out=losses)

    def backward(self, softmax: Array, target: Array, scale: float, grad_x: Array) -> None:
        share = scale / (target.size // len(target))
        np.multiply(softmax, share, out=grad_x)
        grad_x[_chosen(target)] -= share

    def answer(self, x: Array) -> Array:
        powers: Array = np.exp(x - x.max(axis=-1, keepdims=True))
        powers /= powers.sum(axis=-1, keepdims=True)
        return powers

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Softmax", x, axis=-1)

    def torch(self) -> str:
        return "nn.CrossEntropyLoss()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (5,)
        yield cls(), (3, 4)


@lru_cache(maxsize=16)
def _places(shape: Shape) -> tuple[Array, ...]:
    return tuple(np.indices(shape, sparse=True))


def _chosen(target: Array) -> tuple[Array, ...]:
    """Return the index of each sample's own class in an array of all classes."""
    return (*_places(target.shape), target)
