"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import gru
from engine.kernels.reductions import sum_rows
from engine.kernels.series import flat, time_first
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.recurrent import AT_ONCE, Recurrent


class GRU(Recurrent):
    """Reads a series step by step and renews a part of what it remembers: h = (1 - z) · n + z · h.

    The gates are r, z = sigmoid(W x + b + U h + c) and n = tanh(W x + b + r · (U h + c)). It has three quarters of an
    LSTM's weights and is often as good. Cho et al., 2014. ONNX: GRU. PyTorch: nn.GRU.
    """

    gates: ClassVar[int] = 3
    second_bias: ClassVar[bool] = True

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        (steps, features), units = x, self.units
        return {
            "inputs": Scratch((steps, features)),
            "sums": Scratch((steps, 3 * units)),
            "hidden": Scratch((steps, 3 * units)),
            "h": Scratch((steps + 1, units)),
            "part": Scratch((units,)),
            "ih": Scratch((features, 3 * units), batched=False),
            "hh": Scratch((units, 3 * units), batched=False),
            "row": Scratch((1, 3 * units), batched=False),
            "some": Scratch((2, min(AT_ONCE, steps), units)),
            "few": Scratch((2, units)),
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
        sums: Array,
        hidden: Array,
        h: Array,
        part: Array,
        ih: Array,
        hh: Array,
        row: Array,
        y: Array,
    ) -> None:
        series, every, inner, states = map(time_first, (inputs, sums, hidden, h))
        both = 2 * self.units
        gru.turn(weight_ih_l0, ih)
        gru.turn(weight_hh_l0, hh)
        gru.turn(bias_ih_l0[:, None], row)
        row[0, :both] += 0.5 * bias_hh_l0[:both]
        np.copyto(series, x.swapaxes(0, 1))
        rows = flat(every)
        flat(series).dot(ih, rows)  # (T·N, F) @ (F, 3·H) -> (T·N, 3·H)
        np.add(rows, row, out=rows)
        states[0] = 0
        gru.forward(every, hh, bias_hh_l0[both:], states, inner, part)
        y[...] = states[1:].swapaxes(0, 1) if self.sequence else states[-1]

    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        sums: Array,
        hidden: Array,
        h: Array,
        some: Array,
        few: Array,
        back_inputs: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
        grad_bias_hh_l0: Array,
    ) -> None:
        every, inner, states = map(time_first, (sums, hidden, h))
        gru.prepare(every, inner, states, *some.reshape(2, -1, len(inputs), self.units))
        grad_h, part = few.reshape(2, len(inputs), self.units)
        grad_h[...] = 0 if self.sequence else grad_y
        whole = grad_y.swapaxes(0, 1) if self.sequence else None
        gru.backward(every, inner, weight_hh_l0, grad_h, whole, part)
        rows, inner_rows = flat(every), flat(inner)
        if grad_x is not None:
            rows.dot(weight_ih_l0, flat(back_inputs))  # (T·N, 3·H) @ (3·H, F) -> (T·N, F)
            grad_x[...] = time_first(back_inputs).swapaxes(0, 1)
        inner_rows.T.dot(flat(states[:-1]), grad_weight_hh_l0)  # (3·H, T·N) @ (T·N, H) -> (3·H, H)
        rows.T.dot(flat(inputs), grad_weight_ih_l0)  # (3·H, T·N) @ (T·N, F) -> (3·H, F)
        sum_rows(rows, out=grad_bias_ih_l0)
        sum_rows(inner_rows, out=grad_bias_hh_l0)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.described(g, "GRU", x, (1, 0, 2), linear_before_reset=1)

    def torch(self, x: Shape) -> str:
        return f"nn.GRU({x[1]}, {self.units}, batch_first=True)(x)[0]" + ("" if self.sequence else "[:, -1]")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True), ((11, 3),))
