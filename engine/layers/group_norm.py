"""Normalisation of groups of channels."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.layer import Example, OnnxGraph, ShapeError
from engine.layers.grouped_norm import GroupedNorm, channels_of
from engine.problems import Change
from engine.spec import param


class GroupNorm(GroupedNorm):
    """Gives every group of channels of a sample mean 0 and spread 1, then each channel a learned scale and shift.

    Formula: y = weight · (x - mean) / √(variance + epsilon) + bias.

    Unlike BatchNorm it works with small batches. Wu and He, 2018. ONNX: InstanceNormalization on groups. PyTorch:
    nn.GroupNorm.

    Use it behind convolutions with small batches, where BatchNorm's means are too rough. Avoid it on vectors: take
    LayerNorm.
    """

    groups: int = param("How many groups of channels.", default=1, min=1, max=65_536)

    def shape(self, x: Shape) -> Shape:
        if len(x) not in (1, 2, 3):
            raise ShapeError(f"GroupNorm takes a vector, a series or an image, not {describe(x)}.")
        channels = channels_of(x)
        if channels % self.groups:
            raise ShapeError(
                f"GroupNorm makes {self.groups} equal groups, but {channels} channels cannot be shared out so. "
                "Choose a number that divides them.",
                Change("groups", gcd(self.groups, channels)),
            )
        return x

    def count(self, channels: int) -> int:
        return self.groups

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        shape = g.shape("x")
        series = len(shape) == 2
        x = g.op("Transpose", x, perm=[0, 2, 1]) if series else x
        sizes = shape[::-1] if series else shape
        flat = g.op("Reshape", x, g.constant(np.array([0, self.groups, -1])))
        one, zero = np.ones(self.groups, np.float32), np.zeros(self.groups, np.float32)
        plain = g.op("InstanceNormalization", flat, g.constant(one), g.constant(zero), epsilon=float(self.epsilon))
        y = g.op("Reshape", plain, g.constant(np.array([0, *sizes])))
        y = g.op("Add", g.op("Mul", y, self._each(g, "weight", sizes)), self._each(g, "bias", sizes))
        return g.op("Transpose", y, perm=[0, 2, 1]) if series else y

    @staticmethod
    def _each(g: OnnxGraph, name: str, sizes: Shape) -> str:
        values: Array = g.weight_array(name)
        return g.constant(values.reshape(-1, *(1 for _ in sizes[1:])))

    def torch(self, x: Shape) -> str:
        module = f"nn.GroupNorm({self.groups}, {channels_of(x)}, eps={self.epsilon})"
        return f"{module}(x.transpose(1, 2)).transpose(1, 2)" if len(x) == 2 else module

    def summary(self) -> str:
        return f"{self.groups} group{'s' if self.groups > 1 else ''}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((4,),))
        yield Example(cls(groups=2), ((4, 2, 3),))
        yield Example(cls(groups=3, epsilon=1e-3), ((2, 6),))
