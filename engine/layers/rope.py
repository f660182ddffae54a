"""Rotary position embedding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels.rotation import rotate, turns
from engine.layer import Example, OnnxGraph, Parts, Pointwise, Scratch, ShapeError
from engine.layers.moved_steps import at_places
from engine.problems import Change
from engine.spec import param


class RoPE(Pointwise):
    """Rotates pairs of features by an angle that grows with the step, so that a product of two tells how far apart they are.

    Formula: y[2i] = x[2i] cos a - x[2i + 1] sin a, y[2i + 1] = x[2i] sin a + x[2i + 1] cos a, a = t / base^(2i / d).

    t is the step and d the width of a head. For queries and keys before their product. Su et al., 2021. ONNX: Mul,
    Gather and Add. PyTorch: a product of complex numbers.

    Use it on queries and keys, where the distance of two steps matters more than their places. Avoid it on values, and
    together with a PositionalEncoding.
    """

    category = "Attention"
    heads: int = param(
        "Into how many parts the features are cut, each with the same angles.", default=1, min=1, max=256
    )
    base: float = param("How slowly the last pair turns.", default=10_000.0, min=1.0, max=1e9, advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"RoPE takes a series (steps × features), not {describe(x)}.")
        if x[1] % 2:
            raise ShapeError(f"RoPE rotates pairs, so it needs an even number of features, not {x[1]}. Take one more.")
        if x[1] % (2 * self.heads):
            fits = max(heads for heads in range(1, self.heads) if x[1] % (2 * heads) == 0)
            raise ShapeError(
                f"RoPE cannot share {x[1] // 2} pairs of features evenly among {self.heads} heads. "
                f"Take a number of heads that divides {x[1] // 2}.",
                Change("heads", fits),
            )
        return x

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        half = Scratch((x[0], self.heads, x[1] // (2 * self.heads)))
        return {"work": half, "back_work": half}

    def _pairs(self, x: Array) -> Array:
        return x.reshape(*x.shape[:2], self.heads, -1, 2)

    def _turns(self, x: Shape, dtype: Any) -> tuple[Array, Array]:
        return turns(x[0], x[1] // (2 * self.heads), self.base, dtype)

    def forward(self, x: Array, work: Array, y: Array) -> None:
        rotate(self._pairs(x), *self._turns(x.shape[1:], x.dtype), work, self._pairs(y))

    def backward(self, back_work: Array, grad_y: Array, grad_x: Array) -> None:
        cosines, sines = self._turns(grad_y.shape[1:], grad_y.dtype)
        rotate(self._pairs(grad_y), cosines, -sines, back_work, self._pairs(grad_x))

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return masks[0]

    def lower(self, parts: Parts, x: Any) -> None:
        at_places(parts, self, x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        steps, width = g.shape("x")
        cosines, sines = self._turns((steps, width), np.float32)
        signed = np.stack((-sines, sines), axis=-1).reshape(steps, -1)
        other = np.arange(width).reshape(-1, 2)[:, ::-1].reshape(-1)  # the other of each pair
        direct = g.op("Mul", x, g.constant(np.tile(np.repeat(cosines, 2, axis=1), self.heads)))
        across = g.op("Gather", x, g.constant(other), axis=2)
        return g.op("Add", direct, g.op("Mul", across, g.constant(np.tile(signed, self.heads))))

    def torch(self, x: Shape) -> str:
        pairs = x[1] // (2 * self.heads)
        places = f"torch.arange({x[0]}, dtype=x.dtype)[:, None, None]"
        angles = f"{places} * {float(self.base)} ** (-torch.arange({pairs}, dtype=x.dtype) / {pairs})"
        numbers = f"torch.view_as_complex(x.contiguous().reshape(-1, {x[0]}, {self.heads}, {pairs}, 2))"
        return f"torch.view_as_real({numbers} * torch.exp(1j * ({angles}))).flatten(2)"

    def summary(self) -> str:
        return f"{self.heads} heads" if self.heads > 1 else ""

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4),))
        yield Example(cls(heads=2, base=100.0), ((4, 8),))
