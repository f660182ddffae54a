"""What GroupNorm and InstanceNorm have in common."""

from __future__ import annotations

from math import prod

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.group_normalisation import normalising, normalising_back, rows_of
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
        each, group = Scratch((channels,)), Scratch((self.count(channels),))
        length = (channels * x[2] if len(x) == 3 else channels,)
        kept = {"centred": Scratch((prod(x),)), "spread": group, "factor": each}
        there = {"mean": group, "wide": Scratch(length), "shift": Scratch(length, batched=False)}
        back = {"back_mean": group, "back_wide": Scratch(length), **dict.fromkeys(("plain", "weighted", "part"), each)}
        return kept | there | back

    @prepared
    def forward(
        self,
        x: Array,
        weight: Array,
        bias: Array,
        centred: Array,
        spread: Array,
        factor: Array,
        mean: Array,
        wide: Array,
        shift: Array,
        y: Array,
    ) -> Run:
        source, out = rows_of(x), rows_of(y)
        d = centred.reshape(out.shape)
        return in_turn(normalising(source, weight, bias, self.epsilon, d, spread, factor, mean, wide, shift, out))

    @prepared
    def backward(
        self,
        centred: Array,
        spread: Array,
        factor: Array,
        plain: Array,
        weighted: Array,
        part: Array,
        back_mean: Array,
        back_wide: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight: Array,
        grad_bias: Array,
    ) -> Run:
        grad, out = rows_of(grad_y), None if grad_x is None else rows_of(grad_x)
        d, work = centred.reshape(grad.shape), (plain, weighted, part, back_mean, back_wide)
        return in_turn(normalising_back(grad, d, spread, factor, *work, grad_weight, grad_bias, out))
