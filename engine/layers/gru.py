"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.recurrent import gated_backward, gated_forward
from engine.kernels.reductions import sum_rows
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.recurrent import Recurrent, flat, in_columns, time_first


class GRU(Recurrent):
    """Reads a series step by step and decides what to keep: h = (1 - z) · n + z · h, n = tanh(W x + b + r · (U h + c)).

    The gates are r, z = sigmoid(W x + U h + b). Simpler than an LSTM and often as good. Cho et al., 2014. ONNX: GRU.
    PyTorch: nn.GRU.

    Use it on series and texts of up to a few hundred steps. Avoid it on long ones: attention or dilated convolutions
    see further and work on all steps at once.
    """

    gates: ClassVar[int] = 3
    second_bias: ClassVar[bool] = True

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        steps, features = x
        return {
            "inputs": Scratch(x),
            "every": Scratch((steps, 3 * self.units)),
            "h": Scratch((steps + 1, self.units)),
            "inner": Scratch((steps, self.units)),
            "work": Scratch((3 * self.units,)),
            "across": Scratch((self.units, 3 * self.units), batched=False),
            "recurrent": Scratch((3 * self.units, self.units), batched=False),
            "back_work": Scratch((4 * self.units,)),
            "arriving": Scratch((self.units,)),
            "back_inputs": Scratch((steps, features)),
        }

    def forward(
        self,
        x: Array,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        bias_ih_l0: Array,
        bias_hh_l0: Array,
        inputs: Array,
        every: Array,
        h: Array,
        inner: Array,
        work: Array,
        across: Array,
        y: Array,
    ) -> None:
        series, gates, states, new = map(time_first, (inputs, every, h, inner))
        np.copyto(series, x.swapaxes(0, 1))
        rows = flat(gates)
        flat(series).dot(weight_ih_l0.T, rows)  # (T·N, F) @ (F, 3·H) -> (T·N, 3·H)
        np.add(rows, bias_ih_l0, out=rows)
        states[0] = 0
        gated_forward(gates, in_columns(weight_hh_l0.T, across, len(x)), bias_hh_l0, states, new, work)
        self.leave(states, y)

    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        every: Array,
        h: Array,
        inner: Array,
        recurrent: Array,
        back_work: Array,
        arriving: Array,
        back_inputs: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
        grad_bias_hh_l0: Array,
    ) -> None:
        series, gates, states, new, back = map(time_first, (inputs, every, h, inner, back_inputs))
        whole = self.arrive(grad_y, arriving)
        across = in_columns(weight_hh_l0, recurrent, len(inputs))
        gated_backward(gates, across, states, new, back_work.reshape(-1), arriving, whole)
        rows, before, width = flat(gates), flat(states[:-1]), 2 * self.units
        rows.T.dot(flat(series), grad_weight_ih_l0)  # (3·H, T·N) @ (T·N, F) -> (3·H, F)
        sum_rows(rows, out=grad_bias_ih_l0)
        np.dot(rows[:, :width].T, before, out=grad_weight_hh_l0[:width])  # (2·H, T·N) @ (T·N, H) -> (2·H, H)
        np.dot(flat(new).T, before, out=grad_weight_hh_l0[width:])  # (H, T·N) @ (T·N, H) -> (H, H)
        grad_bias_hh_l0[:width] = grad_bias_ih_l0[:width]
        sum_rows(flat(new), out=grad_bias_hh_l0[width:])
        if grad_x is not None:
            rows.dot(weight_ih_l0, flat(back))  # (T·N, 3·H) @ (3·H, F) -> (T·N, F)
            grad_x[...] = back.swapaxes(0, 1)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.onnx_operator(g, "GRU", x, (1, 0, 2), linear_before_reset=1)

    def torch(self, x: Shape) -> str:
        return self.torch_call(f"nn.GRU({x[1]}, {self.units}, ")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True), ((5, 3),))
        yield Example(cls(units=2, layers=3, sequence=True), ((3, 4),))
