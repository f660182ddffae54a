"""The loss of answers that are distributions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.classes import normalise, shift, softmax
from engine.kernels.reductions import mean_of_samples, sum_last
from engine.layer import OnnxGraph, Scratch, ShapeError
from engine.loss import Loss, Values


class KLDivergence(Loss):
    """How far the softmax is from the shares of the target: Σ t log(t / softmax(x)) along the last axis.

    Formula: Σ t log(t / softmax(x)).

    For targets that are shares of several classes, which add up to 1. Takes logits. Kullback and Leibler, 1951. PyTorch:
    nn.KLDivLoss of the log softmax.

    Use it where targets are shares of several classes, as from several people or a larger network. Avoid it where each
    sample has one class: CrossEntropy is the same and simpler.
    """

    values: ClassVar[Values] = "shares"

    def target_shape(self, x: Shape) -> Shape:
        if not x or x[-1] < 2:
            raise ShapeError(
                f"KL divergence compares shares of at least two classes, but {describe(x)} comes in. "
                "Give the Dense before it more units."
            )
        return x

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row = Scratch((*x[:-1], 1))
        return {"softmax": Scratch(x), "each": Scratch(x), "row": row, "whole": row}

    def forward(
        self, x: Array, target: Array, softmax: Array, each: Array, row: Array, whole: Array, losses: Array
    ) -> None:
        shift(x, row, softmax)
        np.maximum(target, np.finfo(x.dtype).tiny, out=each)
        np.log(each, out=each)
        each -= softmax
        np.multiply(each, target, out=each)  # t (log t - shifted x), 0 where t is 0
        normalise(softmax, row)
        sum_last(target, whole)
        np.multiply(row, whole, out=row)
        row[..., 0] += each.sum(axis=-1)
        mean_of_samples(row, out=losses)

    def backward(self, softmax: Array, target: Array, whole: Array, scale: float, grad_x: Array) -> None:
        np.multiply(softmax, whole, out=grad_x)
        np.subtract(grad_x, target, out=grad_x)
        np.multiply(grad_x, scale * whole.shape[0] / whole.size, out=grad_x)

    def answer(self, x: Array) -> Array:
        return softmax(x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Softmax", x, axis=-1)

    def torch(self) -> str:
        divergence = 'nn.functional.kl_div(x.log_softmax(-1), target, reduction="none")'
        return f"lambda x, target: {divergence}.sum(-1).mean()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (4,)
        yield cls(), (2, 3)
