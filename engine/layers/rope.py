"""Rotary position embedding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, prepared
from engine.kernels.rotation import rotating, turns
from engine.layer import Example, OnnxGraph, Parts, Pointwise, ShapeError
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

    @prepared
    def forward(self, x: Array, y: Array) -> Run:
        return rotating(x, self.heads, self.base, y)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array) -> Run:
        return rotating(grad_y, self.heads, self.base, grad_x, back=True)

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return masks[0]

    def lower(self, parts: Parts, x: Any) -> None:
        at_places(parts, self, x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        steps, width = g.shape("x")
        return rotated_in_onnx(g, x, steps, width, self.heads, self.base)

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


def rotated_in_onnx(g: OnnxGraph, x: str, steps: int, width: int, heads: int, base: float) -> Any:
    """Describe a rotation of `x` (steps, width) in ONNX: each of a pair times a cosine, plus the other one times a sine."""
    cosines, sines = turns(steps, width // (2 * heads), base, np.float32)
    signed = np.stack((-sines, sines), axis=-1).reshape(steps, -1)
    other = np.arange(width).reshape(-1, 2)[:, ::-1].reshape(-1)
    direct = g.op("Mul", x, g.constant(np.tile(np.repeat(cosines, 2, axis=1), heads)))
    across = g.op("Gather", x, g.constant(other), axis=2)
    return g.op("Add", direct, g.op("Mul", across, g.constant(np.tile(signed, heads))))
