"""The plain recurrent layer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import recurrent
from engine.kernels.products import columns, product
from engine.kernels.reductions import row_sums
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.recurrent import Recurrent, flat, take_in, time_first
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
        return {
            "inputs": Scratch((steps, features + 1)),
            "h": Scratch((steps + 1, self.units)),
            "work": Scratch((self.units,)),
            "grad": Scratch((steps, self.units)),
            "weights": Scratch((features + 1, self.units), batched=False),
            "across": Scratch((self.units, self.units), batched=False),
            "back_across": Scratch((self.units, self.units), batched=False),
            "back_h": Scratch((self.units,)),
            "back_inputs": Scratch((steps, features)),
        }

    @prepared
    def forward(
        self,
        x: Array,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        bias_ih_l0: Array,
        bias_hh_l0: Array,
        inputs: Array,
        h: Array,
        work: Array,
        weights: Array,
        across: Array,
        y: Array,
    ) -> Run:
        series, states = time_first(inputs), time_first(h)
        laid = columns(across, len(x))
        return in_turn(
            (
                *take_in(x, series),
                partial(np.copyto, weights[:-1], weight_ih_l0.T),
                partial(np.add, bias_ih_l0, bias_hh_l0, weights[-1]),
                product(flat(series), weights, flat(states[1:])),  # (T·N, F + 1) @ (F + 1, H) -> (T·N, H)
                partial(states[0].fill, 0),
                partial(np.copyto, laid, weight_hh_l0.T.reshape(laid.shape)),
                *recurrent.forward(states, laid, self.activation == "tanh", work),
                self.leave(states, y),
            )
        )

    @prepared
    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        h: Array,
        grad: Array,
        back_across: Array,
        back_h: Array,
        back_inputs: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
    ) -> Run:
        series, states, every, back = map(time_first, (inputs, h, grad, back_inputs))
        rows, laid, (come, _) = flat(every), columns(back_across, len(inputs)), self.arrive(grad_y, every, ())
        return in_turn(
            (
                partial(np.copyto, laid, weight_hh_l0.reshape(laid.shape)),
                *recurrent.backward(states, laid, self.activation == "tanh", every, come, back_h),
                product(rows.T, flat(series)[:, :-1], grad_weight_ih_l0),  # (H, T·N) @ (T·N, F) -> (H, F)
                product(rows.T, flat(states[:-1]), grad_weight_hh_l0),  # (H, T·N) @ (T·N, H) -> (H, H)
                row_sums(rows, grad_bias_ih_l0),
                *self.pass_on(rows[None], weight_ih_l0[None], back[None], grad_x, ()),
            )
        )

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.onnx_operator(g, "RNN", x, (0,), activations=[self.activation.capitalize()])

    def torch(self, x: Shape) -> str:
        return self.torch_call(f'nn.RNN({x[1]}, {self.units}, nonlinearity="{self.activation}", ')

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True, activation="relu"), ((5, 3),))
        yield Example(cls(units=2, layers=2), ((3, 2),))
