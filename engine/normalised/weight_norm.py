"""Weight normalisation: a length and a direction for each unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Arrays, Shape
from engine.calls import Run, prepared
from engine.layer import Weight
from engine.learning import Learning
from engine.normalised.rule import TINY, Rule, blocks


@dataclass(frozen=True)
class WeightNorm(Rule):
    """w = g · v / ‖v‖ for each slice along the first axis. Salimans and Kingma, 2016.

    `v` has the weight's shape, `g` (F,) are the lengths. PyTorch: torch.nn.utils.parametrizations.weight_norm.
    """

    names: ClassVar[dict[str, str]] = {
        "parametrizations.weight.original0": "weight_g",
        "parametrizations.weight.original1": "weight",
    }

    def parts(self) -> dict[str, Weight]:
        return {"g": Weight(self.weight.shape[:1], learning=Learning(frozen=self.weight.learning.frozen))}

    def start(self, first: Array, rng: Any) -> Arrays:
        return {"g": np.sqrt(np.square(first).reshape(len(first), -1).sum(axis=1))}

    def torch(self) -> str:
        return "torch.nn.utils.parametrizations.weight_norm(module)"

    def scratch(self) -> dict[str, Shape]:
        return dict.fromkeys(("norms", "factors"), self.weight.shape[:1])

    def _blocks(self, array: Array) -> Array:
        return blocks(array, self.weight.memory, 0)

    @prepared
    def forward(self, v: Array, out: Array, training: bool, g: Array, norms: Array, factors: Array) -> Run:
        directions, made = self._blocks(v), self._blocks(out)

        def run() -> None:
            np.multiply(directions, directions, out=made)
            np.add.reduce(made, axis=(0, 2), out=norms)
            np.sqrt(norms, out=norms)
            np.maximum(norms, TINY, out=norms)
            np.divide(g, norms, out=factors)
            np.multiply(directions, factors[:, None], out=made)

        return run

    @prepared
    def backward(
        self, v: Array, out: Array, grad: Array, grad_v: Array, grad_g: Array, g: Array, norms: Array, factors: Array
    ) -> Run:
        """Compute the gradients of g and v: the latter is that of w without its part along v, times g / ‖v‖."""
        directions, work, given, found = map(self._blocks, (v, out, grad, grad_v))

        def run() -> None:
            np.multiply(given, directions, out=work)
            np.add.reduce(work, axis=(0, 2), out=grad_g)
            np.divide(grad_g, norms, out=grad_g)
            np.divide(grad_g, norms, out=norms)
            np.multiply(directions, norms[:, None], out=work)
            np.subtract(given, work, out=found)
            np.multiply(found, factors[:, None], out=found)

        return run
