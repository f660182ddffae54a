"""Normalisation over the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels import normalisation
from engine.kernels.reductions import block_values, channel_rows, give_back, repeat
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError, Weight, Workers
from engine.spec import param


def _channels(x: Shape) -> int:
    return x[0] if len(x) > 2 else x[-1]


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
        each = Scratch((_channels(x),), batched=False)
        work = Scratch((block_values(x[0] * x[-1] if len(x) > 2 else x[-1]),), batched=False)
        return {"mean": each, "spread": each, "work": work, "back_work": work}

    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array,
        running_mean: Array,
        running_var: Array,
        mean: Array,
        spread: Array,
        work: Array,
        training: bool,
        workers: Workers,
        y: Array,
    ) -> None:
        rows, out = channel_rows(x), channel_rows(y)
        np.copyto(mean, running_mean)
        np.copyto(spread, running_var)
        if training:
            count = _count(x, workers)
            normalisation.statistics(rows, mean, spread, work, count, workers.sum)
            running_mean += self.momentum * (mean - running_mean)
            running_var += self.momentum * (spread * (count / max(count - 1, 1)) - running_var)
        np.add(spread, self.epsilon, out=spread)
        np.sqrt(spread, out=spread)
        np.divide(1, spread, out=spread)
        factor = weight * spread
        normalisation.scale_and_shift(rows, repeat(factor, x), repeat(bias - mean * factor, x), out)
        give_back(out, y)

    def backward(
        self,
        x: Array,
        weight: Array,
        mean: Array,
        spread: Array,
        back_work: Array,
        workers: Workers,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array,
    ) -> None:
        rows, grad = channel_rows(x), channel_rows(grad_y)
        plain, weighted = normalisation.gradient_sums(rows, grad, repeat(mean, x), back_work)
        sums = np.stack((normalisation.fold(plain, mean.size), normalisation.fold(weighted, mean.size) * spread))
        grad_bias[...], grad_weight[...] = sums
        if grad_x is None:
            return
        # The gradient is weight · spread · (grad - mean(grad) - normal · mean(grad · normal)).
        workers.sum(sums)
        sums /= _count(x, workers)
        factor = weight * spread
        x_factor = -factor * spread * sums[1]
        offset = -factor * sums[0] - x_factor * mean
        out = channel_rows(grad_x)
        by_x, by_grad, shift = (repeat(values, x) for values in (x_factor, factor, offset))
        normalisation.combine(rows, grad, by_x, by_grad, shift, back_work, out)
        give_back(out, grad_x)

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
