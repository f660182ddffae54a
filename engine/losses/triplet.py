"""The loss of embeddings whose classes are known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.layer import Scratch, ShapeError
from engine.loss import Loss, Target
from engine.problems import Insert
from engine.spec import param


class Triplet(Loss):
    """Brings samples of a class nearer to each other than to any other, by a margin m.

    Formula: max(0, m + |a - p| - |a - n|), p the farthest of the class of a, n the nearest of another.

    Both are chosen among the samples of a batch (batch hard); a sample without either costs nothing, and workers compare
    their own samples only. The answer is the embedding. Schroff et al., 2015; Hermans, Beyer and Leibe, 2017. PyTorch:
    from cdist.

    Use it to learn embeddings in which like is next to like, for classes to come as well. Avoid it with small batches:
    each must hold several samples of each class.
    """

    target: ClassVar[Target] = "label"
    whole_batch: ClassVar[bool] = True
    margin: float = param("How much nearer the own class must be than any other.", default=1.0, min=0.0, max=1e6)

    def target_shape(self, x: Shape) -> Shape:
        if len(x) != 1:
            fix = (Insert("Flatten"),) if x else ()
            raise ShapeError(
                f"Triplet takes one vector of each sample, not {describe(x)}. Put a Flatten before it.", *fix
            )
        return ()

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        number, value, whole = Scratch((), dtype="intp"), Scratch(()), Scratch(x)
        names = {"farthest": number, "nearest": number, "pull": value, "push": value}
        return {**names, "work": whole, "back_work": whole}

    def forward(
        self,
        x: Array,
        target: Array,
        farthest: Array,
        nearest: Array,
        pull: Array,
        push: Array,
        work: Array,
        losses: Array,
    ) -> None:
        same = target[:, None] == target  # (N, N)
        squares = np.vecdot(x, x)
        apart = squares[:, None] + squares - 2 * x.dot(x.T)  # only to choose: it cancels
        np.argmax(np.where(same, apart, -np.inf), axis=1, out=farthest)
        np.argmin(np.where(same, np.inf, apart), axis=1, out=nearest)
        _distance(x, farthest, work, pull)
        _distance(x, nearest, work, push)
        np.subtract(pull, push, out=losses)
        losses += self.margin
        losses *= (same.sum(axis=1) > 1) & ~same.all(axis=1)
        np.maximum(losses, 0, out=losses)
        for slope in (pull, push):  # of a distance |d| it is d / |d|
            np.divide(losses > 0, slope, out=slope, where=slope > 0)

    def backward(
        self,
        x: Array,
        farthest: Array,
        nearest: Array,
        pull: Array,
        push: Array,
        back_work: Array,
        scale: float,
        grad_x: Array,
    ) -> None:
        rows = np.arange(len(x))
        forces = np.zeros((len(x), len(x)), x.dtype)  # forces[a, b] (x[a] - x[b]) moves both, towards or away
        forces[rows, farthest] += pull * scale
        forces[rows, nearest] -= push * scale
        forces = forces + forces.T
        np.matmul(forces, x, out=grad_x)  # (N, N) @ (N, D) -> (N, D)
        np.multiply(x, forces.sum(axis=1)[:, None], out=back_work)
        np.subtract(back_work, grad_x, out=grad_x)

    def torch(self) -> str:
        own, other = "d.masked_fill(~same, -1).amax(1)", "d.masked_fill(same, torch.inf).amin(1)"
        each = f"nn.functional.relu({self.margin} + {own} - {other}) * (same.sum(1) > 1)"
        return f"lambda x, target: (lambda d, same: ({each}).mean())(torch.cdist(x, x), target[:, None] == target)"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(), (4,)
        yield cls(margin=0.2), (3,)


def _distance(x: Array, other: Array, work: Array, out: Array) -> None:
    """Write how far each row is from the one whose number is given."""
    np.take(x, other, axis=0, out=work, mode="clip")
    np.subtract(x, work, out=work)
    np.vecdot(work, work, out=out)
    np.sqrt(out, out=out)
