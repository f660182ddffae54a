"""The loss of answers that are distributions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.classes import by_class, normalising, shifting, softmax
from engine.kernels.memory import constant, ones
from engine.kernels.reductions import sample_means
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
        each = Scratch(x[:-1])
        return {"softmax": Scratch(x), "each": Scratch(x), **dict.fromkeys(("row", "sums", "whole"), each)}

    @prepared
    def forward(
        self,
        x: Array,
        target: Array,
        softmax: Array,
        each: Array,
        row: Array,
        sums: Array,
        whole: Array,
        losses: Array,
    ) -> Run:
        values, terms, shares = by_class(softmax), _rows(each), _rows(target)
        every, row, sums, whole = ones(x.shape[-1], x.dtype), row.reshape(-1), sums.reshape(-1), whole.reshape(-1)
        calls: tuple[Run, ...] = (
            partial(np.copyto, each, x),
            *shifting(terms, row, values),
            partial(np.maximum, shares, constant(np.finfo(x.dtype).tiny, x.dtype), out=terms),
            partial(np.log, terms, terms),
            partial(np.subtract, terms, values, terms),
            partial(np.multiply, terms, shares, terms),  # t (log t - shifted x), 0 where t is 0
            partial(terms.dot, every, sums),  # (·, K) @ (K,) -> (·,)
            partial(shares.dot, every, whole),
            *normalising(values, row),
            partial(np.multiply, row, whole, row),
            partial(np.add, row, sums, row),
        )
        return in_turn((*calls, sample_means(row, losses)))

    @prepared
    def backward(self, softmax: Array, each: Array, target: Array, whole: Array, scale: float, grad_x: Array) -> Run:
        terms, whole = _rows(each), whole.reshape(-1)
        calls = (
            partial(np.multiply, by_class(softmax), whole[:, None], terms),
            partial(np.subtract, terms, _rows(target), terms),
            partial(np.multiply, each, constant(scale * len(each) / whole.size, each.dtype), grad_x),
        )
        return in_turn(calls)

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


def _rows(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])
