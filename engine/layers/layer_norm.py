"""Normalisation of each sample, or each step of a series, by itself."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, ClassVar

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import channels_last
from engine.kernels.normalisation import normalising, normalising_back
from engine.kernels.reductions import block_values
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError, Weight
from engine.spec import param


def _normalised(x: Shape) -> Shape:
    """Return the axes of one sample that are normalised together."""
    return x[-1:] if len(x) == 2 else x


def _last(weight: Array) -> Array:
    """Return a weight (C, H, W) as (H, W, C), others as they are."""
    return weight.transpose(1, 2, 0) if weight.ndim == 3 else weight


def _flat(weight: Array) -> Array:
    return _last(weight).reshape(-1)


def _rows(x: Array, width: int) -> Array:
    return channels_last(x).reshape(-1, width)


class LayerNorm(Pointwise):
    """Gives the values of each sample mean 0 and spread 1, then a learned scale and shift.

    Formula: y = weight · (x - mean) / √(variance + epsilon) + bias.

    Over all values of a vector or an image, over the features of each step of a series. Ba, Kiros and Hinton, 2016.
    ONNX: LayerNormalization. PyTorch: nn.LayerNorm.

    Use it in transformers and recurrent networks; it does not care about the size of the batch. Avoid it behind
    convolutions of images: BatchNorm and GroupNorm suit channels better.
    """

    category = "Normalisation"
    apart = "step"
    in_place: ClassVar[bool] = True
    epsilon: float = param(
        "Added to the variance, so as not to divide by zero.", default=1e-5, min=1e-8, max=1e-1, advanced=True
    )

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2, 3):
            raise ShapeError(f"LayerNorm takes a vector, a series or an image, not {describe(x)}.")
        return x

    def weights(self, x: Shape) -> dict[str, Weight]:
        memory = (1, 2, 0) if len(x) == 3 else ()
        return {
            "weight": Weight(_normalised(x), fill=1.0, memory=memory),
            "bias": Weight(_normalised(x), memory=memory),
        }

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        each, width = Scratch(x[:1] if len(x) == 2 else ()), prod(_normalised(x))
        work, rows = (Scratch(shape, batched=False) for shape in ((block_values(width),), (2, width)))
        found = {"normal": Scratch(x), "spread": each, "mean": each}
        return found | {"back_mean": each, "back_work": work, "back_rows": rows}

    @prepared
    def forward(self, x: Array, weight: Array, bias: Array, normal: Array, spread: Array, mean: Array, y: Array) -> Run:
        scale, shift = _flat(weight), _flat(bias)
        source, out = _rows(x, scale.size), _rows(y, scale.size)
        z, s, m = normal.reshape(out.shape), spread.reshape(-1), mean.reshape(-1)
        return in_turn(normalising(source, scale, shift, self.epsilon, z, s, m, out))

    @prepared
    def backward(
        self,
        weight: Array,
        normal: Array,
        spread: Array,
        back_mean: Array,
        back_work: Array,
        back_rows: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array,
    ) -> Run:
        scale, grads = _flat(weight), (_flat(grad_weight), _flat(grad_bias))
        grad, out = _rows(grad_y, scale.size), None if grad_x is None else _rows(grad_x, scale.size)
        z, s, m = normal.reshape(grad.shape), spread.reshape(-1), back_mean.reshape(-1)
        return in_turn(normalising_back(scale, z, s, grad, m, back_work, back_rows, *grads, out))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        axis = -len(_normalised(g.shape("x")))
        return g.op(
            "LayerNormalization", x, g.weight("weight"), g.weight("bias"), axis=axis, epsilon=float(self.epsilon)
        )

    def torch(self, x: Shape) -> str:
        return f"nn.LayerNorm({_normalised(x)}, eps={self.epsilon})"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((5,),))
        yield Example(cls(epsilon=1e-3), ((3, 4),))
        yield Example(cls(), ((2, 3, 4),))
