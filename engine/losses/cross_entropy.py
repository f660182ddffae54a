"""The loss of classification."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.classes import by_class, finding, normalising, shifting, taking_away
from engine.kernels.memory import constant
from engine.kernels.reductions import room_for_means, sample_means
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
        each = Scratch(x[:-1])
        found = {"softmax": Scratch(x), "place": replace(each, dtype="intp"), "row": each, "picked": each}
        return found | ({} if self._plain else {"own": each, "total": each})

    @property
    def _plain(self) -> bool:
        return not (self.label_smoothing or self.class_weights)

    def _shares(self, classes: int, dtype: np.dtype[np.generic]) -> tuple[Array, Array]:
        """Return q w of each class where it is the sample's own, and what it has of that anyway: (K,) and (K,)."""
        weights = np.array(self.class_weights or (1.0,) * classes, dtype)
        return weights * dtype.type(1 - self.label_smoothing), weights * dtype.type(self.label_smoothing / classes)

    @prepared
    def forward(
        self,
        x: Array,
        target: Array,
        softmax: Array,
        place: Array,
        row: Array,
        picked: Array,
        own: Array | None,
        total: Array | None,
        losses: Array,
    ) -> Run:
        values, rows = by_class(softmax), x.reshape(-1, x.shape[-1])
        place, row, picked = place.reshape(-1), row.reshape(-1), picked.reshape(-1)
        calls: list[Run] = [finding(target, rows, place), partial(rows.reshape(-1).take, place, None, picked)]
        calls += [*shifting(rows, row, values), partial(np.subtract, picked, row, picked)]
        if own is None or total is None:
            calls += normalising(values, row)
        else:
            calls += self._weighing(target, values, picked, own.reshape(-1), total.reshape(-1))
            calls += [*normalising(values, row), partial(np.multiply, row, total.reshape(-1), row)]
        each = room_for_means(losses, row)
        return in_turn((*calls, partial(np.subtract, row, picked, each), sample_means(each, losses)))

    def _weighing(self, target: Array, shifted: Array, picked: Array, own: Array, total: Array) -> Iterator[Run]:
        """Yield calls that turn what is `picked` into the sum of all shifted values by their shares, and add these up."""
        mine, every = self._shares(shifted.shape[1], shifted.dtype)
        yield partial(mine.take, target.reshape(-1), None, own)
        yield partial(np.multiply, picked, own, picked)
        yield partial(shifted.dot, every, total)  # (N, K) @ (K,) -> (N,)
        yield partial(np.add, picked, total, picked)
        yield partial(np.add, own, every.sum(), total)

    @prepared
    def backward(
        self,
        softmax: Array,
        place: Array,
        picked: Array,
        own: Array | None,
        total: Array | None,
        scale: float,
        grad_x: Array,
    ) -> Run:
        values, grad = by_class(softmax), grad_x.reshape(-1, grad_x.shape[-1])
        share = constant(scale / (place.size // len(place)), grad.dtype)
        calls: list[Run] = [partial(np.multiply, values, share, grad)]
        lost: Array = share
        if own is not None and total is not None:
            every = self._shares(grad.shape[1], grad.dtype)[1] * share
            calls += [partial(np.multiply, grad, total.reshape(-1, 1), grad), partial(np.subtract, grad, every, grad)]
            calls.append(partial(np.multiply, own, share, own))
            lost = own.reshape(-1)
        return in_turn((*calls, *taking_away(lost, grad, place.reshape(-1), picked.reshape(-1))))

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
