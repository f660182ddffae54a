"""The loss of classification."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, prepared
from engine.kernels.memory import constant
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

    @prepared
    def forward(self, x: Array, target: Array, softmax: Array, row: Array, losses: Array) -> Run:
        sums, matrix = row.reshape(-1), softmax.reshape(-1, softmax.shape[-1])
        places = _places(target.shape)

        def run() -> None:
            np.maximum.reduce(x, axis=-1, keepdims=True, out=row)
            np.subtract(x, row, softmax)
            chosen = softmax[*places, target]
            np.exp(softmax, softmax)
            sum_columns(matrix, sums)
            np.divide(softmax, row, softmax)
            np.log(sums, sums)
            np.subtract(sums, chosen.reshape(-1), sums)
            mean_of_samples(sums, losses)

        return run

    @prepared
    def backward(self, softmax: Array, target: Array, scale: float, grad_x: Array) -> Run:
        share = constant(scale / (target.size // len(target)), softmax.dtype)
        places = _places(target.shape)

        def run() -> None:
            np.multiply(softmax, share, grad_x)
            grad_x[*places, target] -= share

        return run

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
    """Return the index of every target but for its class: `x[*places, target]` is what x says of each sample's own class."""
    return tuple(np.indices(shape, sparse=True))
