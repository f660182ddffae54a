"""A loss at each step of a padded series: what the compiler makes of the loss of an Output, no loss of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, prepared, ready
from engine.kernels.reductions import sum_columns
from engine.layer import OnnxGraph, Scratch
from engine.loss import Loss
from engine.losses.cross_entropy import CrossEntropy
from engine.spec import param

OWN = ("x", "target", "mask", "known", "shares", "sums", "each")
SAME = ("x", "target", "losses", "scale", "grad_x")  # what the other loss asks for by a name of ours


class PerStep(Loss, abstract=True):
    """The mean of another loss over those steps of a series that are no padding and have a target.

    A target of a class below 0, or a number that is NaN, is none. A sample without any step has the loss 0.
    """

    loss: Loss = param("What is counted at each step.", default=CrossEntropy(), hidden=True)

    @property
    def target(self) -> Any:  # type: ignore[override]
        return self.loss.target

    @property
    def values(self) -> Any:  # type: ignore[override]
        return self.loss.values

    def target_shape(self, x: Shape) -> Shape:
        return (x[0], *self.loss.target_shape(x[1:]))

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        steps, target = x[:1], self.target_shape(x)
        inner = {
            f"step_{name}": Scratch((*steps, *s.shape) if s.batched else s.shape, s.batched, s.dtype, s.kept)
            for name, s in self.loss.scratch(x[1:]).items()
        }
        known = Scratch(target, dtype="intp" if self.target == "class" else "")
        return inner | {"known": known, "shares": Scratch(steps), "sums": Scratch((1,)), "each": Scratch(steps)}

    def asks(self, method: str) -> tuple[str, ...]:
        own = (*OWN, "losses") if method == "forward" else (*OWN, "scale", "grad_x")
        return own + self._inner(method)

    def _inner(self, method: str) -> tuple[str, ...]:
        """Return our names of the working arrays that the other loss asks for."""
        return tuple(f"step_{name}" for name in self.loss.asks(method) if name not in SAME)

    def _ready(self, method: str, arrays: dict[str, Any], inner: tuple[Array, ...]) -> Run:
        """Return the other loss, bound to all steps of all samples as if each were a sample."""
        scratch = self.loss.scratch(np.shape(arrays["x"])[1:])
        for name, array in zip(self._inner(method), inner, strict=True):
            bare = name.removeprefix("step_")
            arrays[bare] = _rows(array) if bare in scratch and scratch[bare].batched else array
        return ready(getattr(self.loss, method), *(arrays.get(name) for name in self.loss.asks(method)))

    @prepared
    def forward(
        self,
        x: Array,
        target: Array,
        mask: Array,
        known: Array,
        shares: Array,
        sums: Array,
        each: Array,
        losses: Array,
        *inner: Array,
    ) -> Run:
        arrays: dict[str, Any] = {"x": _rows(x), "target": _rows(known), "losses": each.reshape(-1)}
        run = self._ready("forward", arrays, inner)
        classes = self.target == "class"

        def count() -> None:
            there = target >= 0 if classes else ~np.isnan(target).reshape(*mask.shape, -1).any(axis=2)
            np.multiply(mask, there, out=shares)
            np.maximum(target, 0, out=known) if classes else np.copyto(known, np.nan_to_num(target))
            sum_columns(shares, sums[:, 0])
            np.maximum(sums, 1, out=sums)
            np.divide(shares, sums, out=shares)

        def both() -> None:
            count()
            run()
            np.vecdot(each, shares, out=losses)  # (N, T) . (N, T) -> (N,)

        return both

    @prepared
    def backward(
        self,
        x: Array,
        target: Array,
        mask: Array,
        known: Array,
        shares: Array,
        sums: Array,
        each: Array,
        scale: float,
        grad_x: Array,
        *inner: Array,
    ) -> Run:
        arrays: dict[str, Any] = {"x": _rows(x), "target": _rows(known), "scale": scale, "grad_x": _rows(grad_x)}
        run, along = self._ready("backward", arrays, inner), shares[..., None]

        def both() -> None:
            run()
            np.multiply(grad_x, along, out=grad_x)

        return both

    def answer(self, x: Array) -> Array:
        return self.loss.answer(x)

    def onnx(self, g: OnnxGraph, x: str) -> str:
        return self.loss.onnx(g, x)


def _rows(x: Array) -> Array:
    return x.reshape(-1, *x.shape[2:])
