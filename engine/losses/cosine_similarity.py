"""The loss of directions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.reductions import mean_of_samples
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

    def forward(
        self, x: Array, target: Array, alike: Array, length: Array, lengths: Array, each: Array, losses: Array
    ) -> None:
        for one, other, out in ((x, x, length), (target, target, lengths), (x, target, alike)):
            np.vecdot(one, other, out=out[..., 0])
        for out in (length, lengths):
            np.sqrt(out, out=out)
            np.maximum(out, SMALLEST, out=out)
        np.divide(alike, length, out=alike)
        np.divide(alike, lengths, out=alike)
        np.subtract(1, alike, out=each)
        mean_of_samples(each, out=losses)

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
    ) -> None:
        # The slope of the cosine is (target / |target| - cos · x / |x|) / |x|.
        np.divide(x, length, out=work)
        np.multiply(work, alike, out=work)
        np.divide(target, lengths, out=grad_x)
        np.subtract(work, grad_x, out=grad_x)
        np.divide(grad_x, length, out=grad_x)
        np.multiply(grad_x, scale * len(x) / alike.size, out=grad_x)

    def torch(self) -> str:
        return "lambda x, target: (1 - nn.functional.cosine_similarity(x, target, dim=-1)).mean()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (3,)
        yield cls(), (2, 4)
