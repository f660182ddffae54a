"""The loss of classification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.classes import chosen, normalise, shift
from engine.kernels.reductions import mean_of_samples
from engine.layer import Scratch
from engine.loss import Loss
from engine.losses.of_classes import OfClasses
from engine.spec import param


class CrossEntropy(OfClasses):
    """Cross entropy of the softmax, for one class out of several: -log softmax(x)[class].

    Formula: -Σ q w log softmax(x), where q is 1 - ε at the class, plus ε / classes everywhere.

    Takes logits, so no Softmax belongs before the Output. A series of logits (steps, classes) has a class at each
    step. ε is the smoothing, w the weight of a class. PyTorch: nn.CrossEntropyLoss, but the mean of samples is plain,
    not divided by their weights.

    Use it for one class out of several: the first choice. Avoid it where several classes may be true at once:
    BinaryCrossEntropy.
    """

    spoken: ClassVar[str] = "Cross entropy"
    label_smoothing: float = param(
        "Share of each target that is spread over all classes, against too much confidence.",
        default=0.0,
        min=0.0,
        max=0.99,
    )

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row = Scratch((*x[:-1], 1))
        return {"softmax": Scratch(x), "row": row} | ({} if self._plain else {"total": row})

    @property
    def _plain(self) -> bool:
        return not (self.label_smoothing or self.class_weights)

    def _shares(self, target: Array, classes: int, dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
        """Return q w of each sample's own class, shaped like `target`, and what every class has besides (classes,)."""
        weights = np.array(self.class_weights or (1.0,) * classes, dtype)
        return weights[target] * dtype.type(1 - self.label_smoothing), weights * (self.label_smoothing / classes)

    def forward(self, x: Array, target: Array, softmax: Array, row: Array, total: Array | None, losses: Array) -> None:
        shift(x, row, softmax)
        picked = softmax[chosen(target)]
        if total is not None:
            own, every = self._shares(target, x.shape[-1], x.dtype)
            picked *= own
            picked += softmax.dot(every)  # (..., K) @ (K,) -> (...)
            total[..., 0] = own + every.sum()
        normalise(softmax, row)
        if total is not None:
            np.multiply(row, total, out=row)
        sums = row.reshape(-1)
        sums -= picked.reshape(-1)
        mean_of_samples(sums, out=losses)

    def backward(self, softmax: Array, target: Array, total: Array | None, scale: float, grad_x: Array) -> None:
        share = scale / (target.size // len(target))
        np.multiply(softmax, share, out=grad_x)
        if total is None:
            grad_x[chosen(target)] -= share
            return
        own, every = self._shares(target, softmax.shape[-1], softmax.dtype)
        np.multiply(grad_x, total, out=grad_x)
        np.subtract(grad_x, every * share, out=grad_x)
        grad_x[chosen(target)] -= own * share

    def torch(self) -> str:
        if not self.class_weights:
            smoothing = f"label_smoothing={self.label_smoothing}" if self.label_smoothing else ""
            return f"nn.CrossEntropyLoss({smoothing})"
        given = f"weight=x.new_tensor({list(self.class_weights)}), label_smoothing={self.label_smoothing}"
        return f'lambda x, target: nn.functional.cross_entropy(x, target, {given}, reduction="none").mean()'

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield from super().examples()
        yield cls(label_smoothing=0.1), (3, 4)
        yield cls(class_weights=(1.0, 0.5, 2.0), label_smoothing=0.2), (3,)
        yield cls(class_weights=(1.0, 0.0, 3.0)), (2, 3)
