"""What SimpleRNN and GRU have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.layer import Layer, OnnxGraph, ShapeError, Weight
from engine.spec import param


def time_first(work: Array) -> Array:
    """Return a contiguous working array (N, T, ...) as (T, N, ...): the same memory, read in another way."""
    return work.reshape(work.shape[1], work.shape[0], *work.shape[2:])


def flat(work: Array) -> Array:
    """Return (T, N, F) as (T·N, F)."""
    return work.reshape(-1, work.shape[-1])


class Recurrent(Layer, abstract=True):
    """A layer that reads a series step by step and has a state."""

    category = "Recurrent"
    gates: ClassVar[int] = 1  # how many times the state's width its weights have
    second_bias: ClassVar[bool] = False  # whether the bias of the state is trained too
    units: int = param("How many values the state has.", default=32, min=1, max=8192)
    sequence: bool = param(
        "Give the state at every step, for another recurrent layer; not only the last.", default=False
    )
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"{type(self).__name__} takes a series (steps × features), not {describe(x)}.")
        return (x[0], self.units) if self.sequence else (self.units,)

    def weights(self, x: Shape) -> dict[str, Weight]:
        features, units, rows = x[1], self.units, self.gates * self.units
        return {
            "weight_ih_l0": Weight((rows, features), self.initializer, fan_in=features, fan_out=units),
            "weight_hh_l0": Weight((rows, units), self.initializer, fan_in=units, fan_out=units),
            "bias_ih_l0": Weight((rows,)),
            "bias_hh_l0": Weight((rows,), trained=self.second_bias),
        }

    def multiply_adds(self, x: Shape) -> int:
        return x[0] * self.gates * self.units * (x[1] + self.units)

    def leave(self, states: Array, y: Array) -> None:
        """Write the states (T + 1, N, H) that leave the layer."""
        y[...] = states[1:].swapaxes(0, 1) if self.sequence else states[-1]

    def arrive(self, grad_y: Array, arriving: Array) -> Array | None:
        """Write the gradient of the last state; return those of every state (T, N, H) where all have left."""
        arriving[...] = 0 if self.sequence else grad_y
        return grad_y.swapaxes(0, 1) if self.sequence else None

    def onnx_operator(self, g: OnnxGraph, kind: str, x: str, order: tuple[int, ...], **attributes: Any) -> Any:
        """Write a recurrent operator of ONNX, whose gates stand in another `order`."""

        def turned(name: str) -> Array:
            parts = np.split(g.weight_array(name), self.gates)
            return np.concatenate([parts[gate] for gate in order])

        weights = [g.constant(turned(name)[None]) for name in ("weight_ih_l0", "weight_hh_l0")]
        bias = g.constant(np.concatenate([turned("bias_ih_l0"), turned("bias_hh_l0")])[None])
        series = g.op("Transpose", x, perm=[1, 0, 2])  # ONNX wants the steps first
        every, last = g.op(kind, series, *weights, bias, outputs=2, hidden_size=self.units, **attributes)
        if not self.sequence:
            return g.op("Squeeze", last, g.constant(np.array([0])))
        return g.op("Transpose", g.op("Squeeze", every, g.constant(np.array([1]))), perm=[1, 0, 2])

    def torch_call(self, call: str) -> str:
        """Return PyTorch's expression, given its constructor."""
        return f"{call}(x)[0]" + ("" if self.sequence else "[:, -1]")

    def summary(self) -> str:
        return f"{self.units} units" + (" · every step" if self.sequence else "")
