"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels import rnn
from engine.kernels.reductions import sum_rows
from engine.kernels.series import flat, time_first
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.recurrent import Recurrent
from engine.spec import param


class SimpleRNN(Recurrent):
    """Reads a series step by step: h = tanh(W x + U h + b). It forgets within some ten steps; GRU and LSTM do not.

    Elman, 1990. ONNX: RNN. PyTorch: nn.RNN, whose second bias stays zero and is not trained.
    """

    activation: str = param(
        "The curve over every sum: tanh, or relu, which is max(0, ·).", default="tanh", choices=("tanh", "relu")
    )

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        (steps, features), units = x, self.units
        return {
            "inputs": Scratch((steps, features)),
            "h": Scratch((steps + 1, units)),
            "part": Scratch((units,)),
            "ih": Scratch((features, units), batched=False),
            "hh": Scratch((units, units), batched=False),
            "sums": Scratch((steps, units)),
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
        h: Array,
        part: Array,
        ih: Array,
        hh: Array,
        y: Array,
    ) -> None:
        series, states = time_first(inputs), time_first(h)
        np.copyto(ih, weight_ih_l0.T)
        np.copyto(hh, weight_hh_l0.T)
        np.copyto(series, x.swapaxes(0, 1))
        rows = flat(states[1:])
        flat(series).dot(ih, rows)  # (T·N, F) @ (F, H) -> (T·N, H)
        np.add(rows, bias_ih_l0, out=rows)
        np.add(rows, bias_hh_l0, out=rows)
        states[0] = 0
        rnn.forward(states, hh, self.activation == "relu", part)
        y[...] = states[1:].swapaxes(0, 1) if self.sequence else states[-1]

    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        h: Array,
        sums: Array,
        few: Array,
        back_inputs: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
    ) -> None:
        states, grads = time_first(h), time_first(sums)
        grad_h, part = few.reshape(2, len(inputs), self.units)
        grad_h[...] = 0 if self.sequence else grad_y
        whole = grad_y.swapaxes(0, 1) if self.sequence else None
        rnn.backward(states, weight_hh_l0, self.activation == "relu", grads, grad_h, whole, part)
        rows = flat(grads)
        if grad_x is not None:
            rows.dot(weight_ih_l0, flat(back_inputs))  # (T·N, H) @ (H, F) -> (T·N, F)
            grad_x[...] = time_first(back_inputs).swapaxes(0, 1)
        rows.T.dot(flat(states[:-1]), grad_weight_hh_l0)  # (H, T·N) @ (T·N, H) -> (H, H)
        rows.T.dot(flat(inputs), grad_weight_ih_l0)  # (H, T·N) @ (T·N, F) -> (H, F)
        sum_rows(rows, out=grad_bias_ih_l0)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.described(g, "RNN", x, (0,), activations=["Relu" if self.activation == "relu" else "Tanh"])

    def torch(self, x: Shape) -> str:
        module = f'nn.RNN({x[1]}, {self.units}, nonlinearity="{self.activation}", batch_first=True)'
        return f"{module}(x)[0]" + ("" if self.sequence else "[:, -1]")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True, activation="relu"), ((5, 3),))
