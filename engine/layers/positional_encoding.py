"""Where a step stands in its series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.initializer import Initializer
from engine.initializers.he import HeNormal
from engine.kernels.reductions import row_sums
from engine.layer import Example, OnnxGraph, Parts, Pointwise, ShapeError, Weight
from engine.layers.moved_steps import at_places
from engine.spec import param


@lru_cache(maxsize=64)
def _waves(steps: int, width: int, dtype: Any) -> Array:
    """Return (T, F): sines in even places, cosines in odd ones, from pair to pair slower."""
    features = np.arange(width)
    angles = np.arange(steps)[:, None] * 10_000.0 ** (-2 * (features // 2) / width)
    waves: Array = np.sin(angles + features % 2 * (np.pi / 2)).astype(dtype)
    return waves


class PositionalEncoding(Pointwise):
    """Adds to every step of a series what tells its place, which attention alone cannot see.

    Formula: y[t, 2i] = x[t, 2i] + sin(t / 10000^(2i / F)), y[t, 2i + 1] = x[t, 2i + 1] + cos(t / 10000^(2i / F)).

    The formula is that of the sinusoidal form for F features; what is learned is y = x + weight. Vaswani et al., 2017.
    ONNX: Add. PyTorch: an addition; nn.Embedding holds what is learned.

    Use it once, behind the Embedding of a transformer. Avoid it before recurrent layers and convolutions, which see
    the order anyway.
    """

    category = "Attention"
    form: str = param(
        "Fixed waves of many lengths, or a learned vector for each step.",
        default="sinusoidal",
        choices=("sinusoidal", "learned"),
    )
    initializer: Initializer = param("First values of the learned vectors.", default=HeNormal(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"PositionalEncoding takes a series (steps × features), not {describe(x)}.")
        return x

    def weights(self, x: Shape) -> dict[str, Weight]:
        learned = Weight(x, self.initializer, fan_in=x[1], fan_out=x[1])
        return {"weight": learned} if self.form == "learned" else {}

    @prepared
    def forward(self, x: Array, weight: Array | None, y: Array) -> Run:
        return partial(np.add, x, _waves(*x.shape[1:], x.dtype) if weight is None else weight, y)

    @prepared
    def backward(self, grad_y: Array, grad_x: Array | None, grad_weight: Array | None) -> Run:
        calls: list[Run] = [] if grad_x is None else [partial(np.copyto, grad_x, grad_y)]
        if grad_weight is not None:
            calls.append(row_sums(grad_y.reshape(len(grad_y), -1), grad_weight.reshape(-1)))
        return in_turn(calls)

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return masks[0]

    def lower(self, parts: Parts, x: Any) -> None:
        at_places(parts, self, x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        if self.form == "learned":
            return g.op("Add", x, g.weight("weight"))
        return g.op("Add", x, g.constant(_waves(*g.shape("x"), np.float32)))

    def torch(self, x: Shape) -> str:
        steps, width = x
        if self.form == "learned":
            return f"x + nn.Embedding({steps}, {width}).weight"
        places, features = f"torch.arange({steps}, dtype=x.dtype)[:, None]", f"torch.arange({width}, dtype=x.dtype)"
        angles = f"{places} * 10000 ** (-2 * ({features} // 2) / {width})"
        return f"x + torch.sin({angles} + {features} % 2 * (torch.pi / 2))"

    def summary(self) -> str:
        return self.form

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4, 5),))
        yield Example(cls(form="learned"), ((3, 2),))
