"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.recurrent import plain_backward, plain_forward
from engine.kernels.reductions import sum_rows
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.recurrent import Recurrent, flat, in_columns, time_first
from engine.spec import param


class SimpleRNN(Recurrent):
    """Reads a series step by step: h = tanh(W x + U h + b). Forgets soon; GRU and LSTM remember longer.

    Elman, 1990. ONNX: RNN. PyTorch: nn.RNN, whose second bias stays zero and is not trained.

    Use it on short series, and to see how recurrence works. Avoid it on series of more than some twenty steps: LSTM
    and GRU remember longer.
    """

    activation: str = param("What bends the state at each step.", default="tanh", choices=("tanh", "relu"))

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        steps, features = x
        every = Scratch((steps, self.units))
        return {
            "inputs": Scratch(x),
            "h": Scratch((steps + 1, self.units)),
            "sums": every,
            "grad": every,
            "across": Scratch((self.units, self.units), batched=False),
            "recurrent": Scratch((self.units, self.units), batched=False),
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
        sums: Array,
        h: Array,
        across: Array,
        y: Array,
    ) -> None:
        series, states, every = map(time_first, (inputs, h, sums))
        np.copyto(series, x.swapaxes(0, 1))
        flat(series).dot(weight_ih_l0.T, flat(every))  # (T·N, F) @ (F, H) -> (T·N, H)
        np.add(every, bias_ih_l0 + bias_hh_l0, out=states[1:])
        states[0] = 0
        plain_forward(states, in_columns(weight_hh_l0.T, across, len(x)), self.activation == "tanh", every[0])
        self.leave(states, y)

    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        h: Array,
        grad: Array,
        recurrent: Array,
        arriving: Array,
        back_inputs: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
    ) -> None:
        series, states, every, back = map(time_first, (inputs, h, grad, back_inputs))
        whole = self.arrive(grad_y, arriving)
        across = in_columns(weight_hh_l0, recurrent, len(inputs))
        plain_backward(states, across, self.activation == "tanh", every, arriving, whole)
        rows = flat(every)
        rows.T.dot(flat(series), grad_weight_ih_l0)  # (H, T·N) @ (T·N, F) -> (H, F)
        rows.T.dot(flat(states[:-1]), grad_weight_hh_l0)  # (H, T·N) @ (T·N, H) -> (H, H)
        sum_rows(rows, out=grad_bias_ih_l0)
        if grad_x is not None:
            rows.dot(weight_ih_l0, flat(back))  # (T·N, H) @ (H, F) -> (T·N, F)
            grad_x[...] = back.swapaxes(0, 1)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.onnx_operator(g, "RNN", x, (0,), activations=[self.activation.capitalize()])

    def torch(self, x: Shape) -> str:
        return self.torch_call(f'nn.RNN({x[1]}, {self.units}, nonlinearity="{self.activation}", ')

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True, activation="relu"), ((5, 3),))
        yield Example(cls(units=2, layers=2), ((3, 2),))
