"""Muon: momentum whose matrices are made orthogonal."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import ClassVar

import numpy as np

from engine.arrays import Array
from engine.optimizer import Update
from engine.optimizers.adamw import AdamW
from engine.spec import param

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
TINY = 1e-7


class Muon(AdamW):
    """Moves every matrix in a direction that is equally strong in all its dimensions, and all else as AdamW does.

    Formula: m = μ m + g; X = orthogonal(m) by X = a X + (b G + c G²) X, with G = X Xᵀ; w -= rate · scale · X.

    The momentum of a matrix is brought near the closest orthogonal one by Newton-Schulz steps, then scaled to the size
    that a move of AdamW has. Filters of convolutions are matrices with a row for each filter. Jordan et al., 2024;
    scaling: Liu et al., 2025. PyTorch: torch.optim.Muon, for matrices only.

    Use it for the hidden matrices of transformers and large networks, for fewer steps than AdamW needs. Avoid it for
    networks of a few small layers, where its products cost more than they save.
    """

    whole: ClassVar[bool] = True
    momentum: float = param("Share of the last direction of a matrix that is kept.", default=0.95, min=0.0, max=0.9999)
    nesterov: bool = param("Look ahead: add the momentum once more.", default=True, advanced=True)
    turns: int = param("Newton-Schulz steps: more come nearer to orthogonal.", default=5, min=1, max=20, advanced=True)
    weight_decay: float = param(
        "Share of every parameter that is taken away in each step, times the rate.", default=0.1, min=0.0, max=1.0
    )

    def update(
        self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array, rate: float, step: int
    ) -> None:
        self.prepare(parameter=parameter, grad=grad, mean=mean, square=square, work=work)(rate, step)

    def prepare(self, **vectors: Array) -> Update:
        return self._turner(**vectors) if vectors["parameter"].ndim > 1 else super().prepare(**vectors)

    def _turner(self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array) -> Update:
        direction = np.empty(parameter.shape, parameter.dtype)
        rows = direction.reshape(len(direction), -1)
        matrix = rows.T if rows.shape[0] > rows.shape[1] else rows  # wide: the product with itself is then smaller
        turn, size = orthogonal(matrix, self.turns), 0.2 * sqrt(max(matrix.shape))

        def update(rate: float, step: int) -> None:
            np.subtract(grad, mean, out=work)
            np.multiply(work, 1 - self.momentum, out=work)
            np.add(mean, work, out=mean)
            self._look(grad, mean, direction)
            turn()
            self._shrink(parameter, rate)
            np.multiply(direction, rate * size, out=direction)
            np.subtract(parameter, direction, out=parameter)

        return update

    def _look(self, grad: Array, mean: Array, direction: Array) -> None:
        if not self.nesterov:
            np.copyto(direction, mean)
            return
        np.subtract(mean, grad, out=direction)
        np.multiply(direction, self.momentum, out=direction)
        np.add(direction, grad, out=direction)

    def torch(self) -> str:
        return ""  # it takes matrices only


def orthogonal(matrix: Array, turns: int) -> Callable[[], None]:
    """Return what brings a wide matrix (R, C) near the closest one whose rows are orthogonal and of length 1."""
    wide, part = np.empty(matrix.shape, matrix.dtype), np.empty(matrix.shape, matrix.dtype)
    gram, squared = (np.empty((len(matrix), len(matrix)), matrix.dtype) for _ in range(2))
    flat = wide.reshape(-1)
    a, b, c = COEFFICIENTS

    def turn() -> None:
        np.copyto(wide, matrix)
        np.divide(wide, max(sqrt(float(flat.dot(flat))), TINY), out=wide)
        for _ in range(turns):
            np.dot(wide, wide.T, out=gram)  # (R, C) @ (C, R) -> (R, R)
            np.dot(gram, gram, out=squared)
            np.multiply(squared, c, out=squared)
            np.multiply(gram, b, out=gram)
            np.add(gram, squared, out=gram)
            np.dot(gram, wide, out=part)  # (R, R) @ (R, C) -> (R, C)
            np.multiply(wide, a, out=wide)
            np.add(wide, part, out=wide)
        np.copyto(matrix, wide)

    return turn
