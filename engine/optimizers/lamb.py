"""LAMB: Adam for very large batches."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Optimizer
from engine.spec import param


class LAMB(Optimizer):
    """Moves each weight as Adam does, but by a share of its own length, so that very large batches still learn.

    Formula: m = β1 m + (1 - β1) g; v = β2 v + (1 - β2) g²; r = m̂ / (√v̂ + ε) + decay · w; w -= rate · |w| / |r| · r.

    Lengths are those of a whole weight. You et al.,
    2020, algorithm 2. PyTorch: none.

    Use it with very large batches, of a thousand samples and more. Avoid it with small ones: AdamW is simpler and as
    good.
    """

    usual_rate: ClassVar[float] = 0.01
    slots: ClassVar[tuple[str, ...]] = ("mean", "square")
    scratch: ClassVar[tuple[str, ...]] = ("work", "move")
    whole: ClassVar[bool] = True
    beta1: float = param("How slowly the mean gradient changes.", default=0.9, min=0.0, max=0.9999, advanced=True)
    beta2: float = param("How slowly the mean square changes.", default=0.999, min=0.0, max=0.999999, advanced=True)
    epsilon: float = param(
        "Added to the root, so as not to divide by zero.", default=1e-6, min=1e-16, max=1.0, advanced=True
    )
    weight_decay: float = param("Share of every parameter in its own move.", default=0.01, min=0.0, max=1.0)

    def update(
        self,
        parameter: Array,
        grad: Array,
        mean: Array,
        square: Array,
        work: Array,
        move: Array,
        rate: float,
        step: int,
    ) -> None:
        np.multiply(grad, grad, out=work)
        np.subtract(work, square, out=work)
        np.multiply(work, 1 - self.beta2, out=work)
        np.add(square, work, out=square)
        np.subtract(grad, mean, out=work)
        np.multiply(work, 1 - self.beta1, out=work)
        np.add(mean, work, out=mean)
        np.multiply(square, 1 / (1 - self.beta2**step), out=work)
        np.sqrt(work, out=work)
        np.add(work, self.epsilon, out=work)
        np.divide(mean, work, out=move)
        np.multiply(move, 1 / (1 - self.beta1**step), out=move)
        np.multiply(parameter, self.weight_decay, out=work)
        np.add(move, work, out=move)
        ours, theirs = _length(parameter, work), _length(move, work)
        np.multiply(move, rate * (ours / theirs if ours and theirs else 1.0), out=move)
        np.subtract(parameter, move, out=parameter)

    def torch(self) -> str:
        return ""


def _length(array: Array, work: Array) -> float:
    np.multiply(array, array, out=work)
    return sqrt(float(work.sum()))
