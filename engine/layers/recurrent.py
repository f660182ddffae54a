"""What recurrent layers with one state have in common: what they take, their weights, how many steps come out."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from engine.arrays import Shape, describe
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.layer import Layer, OnnxGraph, ShapeError, Weight
from engine.spec import param

AT_ONCE = 8  # steps that are handled together where their order does not matter


class Recurrent(Layer, abstract=True):
    """A layer that reads a series step by step and keeps one state."""

    category = "Recurrent"
    gates: ClassVar[int] = 1  # how many products with the input and the state it makes
    second_bias: ClassVar[bool] = False  # whether a bias within the second product is another than one beside it
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
        rows, features, units = self.gates * self.units, x[1], self.units
        return {
            "weight_ih_l0": Weight((rows, features), self.initializer, fan_in=features, fan_out=units),
            "weight_hh_l0": Weight((rows, units), self.initializer, fan_in=units, fan_out=units),
            "bias_ih_l0": Weight((rows,)),
            "bias_hh_l0": Weight((rows,), trained=self.second_bias),
        }

    def described(self, g: OnnxGraph, kind: str, x: str, order: tuple[int, ...], **attributes: Any) -> Any:
        """Write the ONNX operator; `order` says where its gates stand in ours."""

        def gates(name: str) -> Any:
            parts = np.split(g.weight_array(name), self.gates)
            return np.concatenate([parts[gate] for gate in order])

        weights = [g.constant(gates(name)[None]) for name in ("weight_ih_l0", "weight_hh_l0")]
        bias = g.constant(np.concatenate([gates("bias_ih_l0"), gates("bias_hh_l0")])[None])
        series = g.op("Transpose", x, perm=[1, 0, 2])  # ONNX wants the steps first
        every, last = g.op(kind, series, *weights, bias, outputs=2, hidden_size=self.units, **attributes)
        if not self.sequence:
            return g.op("Squeeze", last, g.constant(np.array([0])))
        return g.op("Transpose", g.op("Squeeze", every, g.constant(np.array([1]))), perm=[1, 0, 2])

    def summary(self) -> str:
        return f"{self.units} units" + (" · every step" if self.sequence else "")

    def multiply_adds(self, x: Shape) -> int:
        return x[0] * self.gates * self.units * (x[1] + self.units)
