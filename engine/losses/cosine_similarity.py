"""The loss of directions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import bound, constant
from engine.kernels.reductions import sample_means
from engine.layer import Scratch, ShapeError
from engine.loss import Loss

SMALLEST = 1e-8  # lengths below count as this, as in PyTorch


class CosineSimilarity(Loss):
    """Compares directions, whatever the lengths: 1 - cos of the angle between x and target, along the last axis.

    Formula: 1 - Σ x t / (|x| |t|).

    0 where both point the same way, 2 where they are opposed. For embeddings. PyTorch: F.cosine_similarity.

    Use it where directions matter, as of embeddings. Avoid it where the size of the values matters.
    """

    def target_shape(self, x: Shape) -> Shape:
        if not x or x[-1] < 2:
            raise ShapeError(
                f"Cosine similarity compares directions of at least two values, but {describe(x)} comes in. "
                "Give the Dense before it more units."
            )
        return x

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row = Scratch((*x[:-1], 1))
        return {"alike": row, "length": row, "lengths": row, "each": row, "work": Scratch(x)}

    @prepared
    def forward(
        self, x: Array, target: Array, alike: Array, length: Array, lengths: Array, each: Array, losses: Array
    ) -> Run:
        calls: list[Run] = []
        for one, other, out in ((x, x, length), (target, target, lengths), (x, target, alike)):
            calls.append(partial(np.vecdot, one, other, out[..., 0]))
        for out in (length, lengths):
            calls.append(partial(np.sqrt, out, out))
            calls.append(partial(np.maximum, out, bound(SMALLEST, out), out=out))
            calls.append(partial(np.divide, alike, out, alike))
        calls.append(partial(np.subtract, constant(1, x.dtype), alike, each))
        return in_turn((*calls, sample_means(each, losses)))

    @prepared
    def backward(
        self,
        x: Array,
        target: Array,
        alike: Array,
        length: Array,
        lengths: Array,
        work: Array,
        scale: float,
        grad_x: Array,
    ) -> Run:
        # The slope of the cosine is (target / |target| - cos · x / |x|) / |x|.
        share = constant(scale * len(x) / alike.size, x.dtype)
        calls = (
            partial(np.divide, alike, length, alike),
            partial(np.multiply, x, alike, work),
            partial(np.divide, target, lengths, grad_x),
            partial(np.subtract, work, grad_x, grad_x),
            partial(np.divide, share, length, length),
            partial(np.multiply, grad_x, length, grad_x),
        )
        return in_turn(calls)

    def torch(self) -> str:
        return "lambda x, target: (1 - nn.functional.cosine_similarity(x, target, dim=-1)).mean()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (3,)
        yield cls(), (2, 4)
