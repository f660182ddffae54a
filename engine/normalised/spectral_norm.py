"""Spectral normalisation: the weight as a matrix, by its largest singular value."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Arrays, Shape
from engine.calls import Run, prepared
from engine.layer import Weight
from engine.normalised.rule import TINY, Rule, blocks, laid

FIRST = 15  # steps of the power iteration before the training, as in PyTorch


@dataclass(frozen=True)
class SpectralNorm(Rule):
    """w = W / σ, where σ = uᵀ W v is close to the largest singular value of the matrix with a row for each unit.

    Each training step brings u and v closer by power iteration; they are running statistics, through which no gradient
    goes. `u` has a value for each unit, `v` the shape of the other axes. Miyato et al., 2018. PyTorch:
    torch.nn.utils.parametrizations.spectral_norm.
    """

    names: ClassVar[dict[str, str]] = {
        "parametrizations.weight.original": "weight",
        "parametrizations.weight.0._u": "weight_u",
        "parametrizations.weight.0._v": "weight_v",
    }

    @property
    def _units(self) -> int:
        return self.weight.units or 0

    def parts(self) -> dict[str, Weight]:
        shape, units = self.weight.shape, self._units
        rest = shape[:units] + shape[units + 1 :]
        memory = tuple(axis - (axis > units) for axis in self.weight.memory if axis != units)
        return {"u": Weight((shape[units],), trained=False), "v": Weight(rest, trained=False, memory=memory)}

    def start(self, first: Array, rng: Any) -> Arrays:
        learned = laid(first, self.weight.memory)
        u, v = (laid(rng.normal(size=part.shape), part.memory) for part in self.parts().values())
        matrix, refill = self._matrix(learned, np.empty_like(learned))
        refill()
        _iterate(matrix, u, self._flat(v), FIRST)
        return {"u": u, "v": v}

    def torch(self) -> str:
        turns = self.weight.learning.power_iterations
        return f"torch.nn.utils.parametrizations.spectral_norm(module, n_power_iterations={turns})"

    def scratch(self) -> dict[str, Shape]:
        return {"sigma": (1,), "images": (self.weight.shape[self._units],)}

    @prepared
    def forward(
        self, learned: Array, out: Array, training: bool, u: Array, v: Array, sigma: Array, images: Array
    ) -> Run:
        matrix, refill = self._matrix(learned, out)
        right, steps = self._flat(v), self.weight.learning.power_iterations if training else 0

        def run() -> None:
            refill()
            _iterate(matrix, u, right, steps)
            matrix.dot(right, images)
            along = u.dot(images)
            sigma[0] = along if abs(along) > TINY else TINY
            np.divide(learned, sigma[0], out=out)

        return run

    @prepared
    def backward(
        self,
        learned: Array,
        out: Array,
        grad: Array,
        grad_learned: Array,
        u: Array,
        v: Array,
        sigma: Array,
        images: Array,
    ) -> Run:
        """Compute the gradient of W: that of σ is u vᵀ, so it is (grad - ⟨grad, w⟩ · u vᵀ) / σ."""
        work, given = self._blocks(out), self._blocks(grad)
        weights, grads = work.reshape(-1), given.reshape(-1)
        right, left = self._flat(v).reshape(len(work), 1, -1), u[:, None]

        def run() -> None:
            along = grads.dot(weights)
            np.multiply(left, right, out=work)
            np.multiply(work, along, out=work)
            np.subtract(grad, out, out=grad_learned)
            np.divide(grad_learned, sigma[0], out=grad_learned)

        return run

    def _blocks(self, array: Array) -> Array:
        return blocks(array, self.weight.memory, self._units)

    def _flat(self, v: Array) -> Array:
        """Return v as it lies in memory, a view."""
        return v.transpose(self.parts()["v"].memory or tuple(range(v.ndim))).reshape(-1)

    def _matrix(self, learned: Array, room: Array) -> tuple[Array, Run]:
        """Return the weight with a row for each unit, and what is to be called before each use.

        It is a view where units come first or last in memory, else a copy in `room`, an array like the weight.
        """
        before, units, after = (there := self._blocks(learned)).shape
        if before == 1:
            return there[0], _nothing
        if after == 1:
            return there[:, :, 0].T, _nothing
        copy = self._blocks(room).reshape(units, before, after)
        return copy.reshape(units, -1), lambda: np.copyto(copy, there.transpose(1, 0, 2))


def _nothing() -> None:
    """Do what is to be done for a view."""


def _iterate(matrix: Array, u: Array, v: Array, steps: int) -> None:
    """Bring u and v closer to the singular vectors of the largest singular value."""
    for _ in range(steps):
        matrix.dot(v, u)
        np.divide(u, max(sqrt(u.dot(u)), TINY), out=u)
        u.dot(matrix, v)
        np.divide(v, max(sqrt(v.dot(v)), TINY), out=v)
