"""Normalisation over the batch."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.kernels.batch_normalisation import combining, gradient_sums, moving, scaling, statistics
from engine.kernels.memory import channels_last, constant, shaped
from engine.kernels.reductions import block_values
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError, Weight, Workers
from engine.spec import param

LONG = 1024  # values of a row of steps


def _channels(x: Shape) -> int:
    return x[0] if len(x) > 2 else x[-1]


def _width(x: Shape) -> int:
    """Return how many values a row has: those of a line of pixels, of some steps, or of one vector."""
    if len(x) != 2:
        return _channels(x) * (x[-1] if len(x) > 2 else 1)
    steps, features = x
    return features * next(n for n in range(max(min(LONG // features, steps), 1), 0, -1) if steps % n == 0)


def _rows(x: Array, rows: Array) -> Array:
    return channels_last(x).reshape(-1, rows.shape[1])


def _count(x: Array, workers: Workers) -> float:
    """Return how many values each channel has in the whole batch."""
    return workers.samples(len(x)) * x.size / (len(x) * _channels(x.shape[1:]))


class BatchNorm(Pointwise):
    """Gives every feature or channel mean 0 and spread 1 over the batch, then a learned scale and shift.

    Formula: y = weight · (x - mean) / √(variance + epsilon) + bias.

    Afterwards it uses running means of both, which the training kept. On a series it takes all steps together. Ioffe
    and Szegedy, 2015. ONNX: BatchNormalization. PyTorch: nn.BatchNorm1d, nn.BatchNorm2d and nn.BatchNorm3d.

    Use it behind convolutions, before the curve: networks learn faster and bear larger rates. Avoid it with fewer than
    about eight samples in a batch, or in recurrent networks and transformers: take GroupNorm or LayerNorm.
    """

    category = "Normalisation"
    straight = "passes"
    momentum: float = param("The share of a new batch in the running means.", default=0.1, min=0.0, max=1.0)
    epsilon: float = param(
        "Added to the variance, so as not to divide by zero.", default=1e-5, min=1e-8, max=1e-1, advanced=True
    )

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2, 3, 4):
            raise ShapeError(f"BatchNorm takes a vector, a series, an image or a volume, not {describe(x)}.")
        return x

    def weights(self, x: Shape) -> dict[str, Weight]:
        shape = (_channels(x),)
        return {
            "weight": Weight(shape, fill=1.0),
            "bias": Weight(shape),
            "running_mean": Weight(shape, trained=False),
            "running_var": Weight(shape, fill=1.0, trained=False),
        }

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        width = _width(x)
        each, rows = Scratch((_channels(x),), batched=False), Scratch((4, width), batched=False)
        work = Scratch((block_values(width),), batched=False)
        found = {"mean": each, "spread": each, "factor": each, "offset": each, "work": work, "rows": rows}
        return found | {"sums": Scratch((3, _channels(x)), batched=False), "back_work": work, "back_rows": rows}

    @prepared
    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array,
        running_mean: Array,
        running_var: Array,
        mean: Array,
        spread: Array,
        factor: Array,
        offset: Array,
        work: Array,
        rows: Array,
        training: bool,
        workers: Workers,
        y: Array,
    ) -> Run:
        source, out = _rows(x, rows), _rows(y, rows)
        centred = training and source.size <= work.size  # then x - mean is in `work`, and need not be found again
        calls: list[Run] = []
        if training:
            count, squares = _count(x, workers), out if centred else None
            calls += statistics(source, mean, spread, work, rows, 1 / count, workers.sum, squares)
            calls += moving(running_mean, mean, self.momentum, 1, offset)
            calls += moving(running_var, spread, self.momentum, count / max(count - 1, 1), offset)
        middle, variance = (mean, spread) if training else (running_mean, running_var)
        calls += [partial(np.add, variance, constant(self.epsilon, spread.dtype), spread)]
        calls += [partial(np.sqrt, spread, spread), partial(np.divide, weight, spread, factor)]
        if centred:
            source, offset = shaped(work, source.shape), bias
        else:
            calls += [partial(np.multiply, middle, factor, offset), partial(np.subtract, bias, offset, offset)]
        return in_turn((*calls, *scaling(source, factor, offset, rows, out)))

    @prepared
    def backward(
        self,
        x: Array,
        mean: Array,
        spread: Array,
        factor: Array,
        sums: Array,
        back_work: Array,
        back_rows: Array,
        workers: Workers,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array,
    ) -> Run:
        source, grad = _rows(x, back_rows), _rows(grad_y, back_rows)
        out = None if grad_x is None else _rows(grad_x, back_rows)
        centred = source.size <= back_work.size
        products = out if centred else None
        shift, by_x, work = sums
        calls = list(gradient_sums(source, grad, mean, back_work, back_rows, grad_bias, by_x, products))
        calls.append(partial(np.divide, by_x, spread, grad_weight))
        if out is None:
            return in_turn(calls)
        # The gradient is factor · (grad - mean(grad) - (x - mean) · mean(grad · normal) / spread).
        share = constant(1 / _count(x, workers), grad.dtype)
        calls += [partial(np.multiply, grad_bias, share, shift), partial(np.multiply, grad_weight, share, by_x)]
        calls += [partial(workers.sum, sums[:2]), partial(np.divide, by_x, spread, by_x)]
        if centred:
            source = shaped(back_work, source.shape)
        else:
            calls += [partial(np.multiply, mean, by_x, work), partial(np.subtract, shift, work, shift)]
        return in_turn((*calls, *combining(source, grad, by_x, shift, factor, back_work, back_rows, out)))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        series = len(g.shape("x")) == 2  # ONNX wants the features right behind the batch
        x = g.op("Transpose", x, perm=[0, 2, 1]) if series else x
        names = ("weight", "bias", "running_mean", "running_var")
        y = g.op("BatchNormalization", x, *map(g.weight, names), epsilon=float(self.epsilon))
        return g.op("Transpose", y, perm=[0, 2, 1]) if series else y

    def torch(self, x: Shape) -> str:
        rank = max(len(x) - 1, 1)
        module = f"nn.BatchNorm{rank}d({_channels(x)}, eps={self.epsilon}, momentum={self.momentum})"
        return f"{module}(x.transpose(1, 2)).transpose(1, 2)" if len(x) == 2 else module

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3,),))
        yield Example(cls(momentum=0.3, epsilon=1e-3), ((2, 3, 4),))
        yield Example(cls(), ((5, 3),))
        yield Example(cls(), ((2, 2, 3, 4),))
