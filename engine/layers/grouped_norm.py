"""What GroupNorm and InstanceNorm have in common."""

from __future__ import annotations

from math import prod

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.group_normalisation import channel_sums, normalise, normalise_back, rows_of, wide
from engine.kernels.reductions import give_back
from engine.layer import Pointwise, Scratch, Weight
from engine.spec import param


def channels_of(x: Shape) -> int:
    """Return the channels of an image, the features of a series or the values of a vector."""
    return x[0] if len(x) == 3 else x[-1]


class GroupedNorm(Pointwise, abstract=True):
    """A normalisation of each sample over groups of channels, then a scale and shift for each channel."""

    category = "Normalisation"
    epsilon: float = param(
        "Added to the variance, so as not to divide by zero.", default=1e-5, min=1e-8, max=1e-1, advanced=True
    )

    def count(self, channels: int) -> int:
        """Return into how many groups the channels fall."""
        raise NotImplementedError

    def weights(self, x: Shape) -> dict[str, Weight]:
        return {"weight": Weight((channels_of(x),), fill=1.0), "bias": Weight((channels_of(x),))}

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        channels = channels_of(x)
        each = Scratch((channels,))
        return {"normal": Scratch((prod(x),)), "mean": each, "spread": each, "plain": each, "weighted": each}

    def forward(
        self, x: Array, weight: Array, bias: Array, normal: Array, mean: Array, spread: Array, y: Array
    ) -> None:
        source, out = rows_of(x), rows_of(y)
        z = normal.reshape(out.shape)
        normalise(source, self.count(weight.size), self.epsilon, mean, spread, z, out)
        np.multiply(z, wide(weight, out), out=out)
        np.add(out, wide(bias, out), out=out)
        give_back(out, y)

    def backward(
        self,
        weight: Array,
        normal: Array,
        spread: Array,
        plain: Array,
        weighted: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array,
    ) -> None:
        grad = rows_of(grad_y)
        z = normal.reshape(grad.shape)
        out = z if grad_x is None else rows_of(grad_x)
        channel_sums(grad, plain)
        np.multiply(grad, z, out=out)
        channel_sums(out, weighted)
        np.sum(plain, axis=0, out=grad_bias)
        np.sum(weighted, axis=0, out=grad_weight)
        if grad_x is not None:
            normalise_back(grad, weight, self.count(weight.size), spread, z, plain, weighted, out)
            give_back(out, grad_x)
