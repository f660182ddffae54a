"""The long short-term memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.calls import Run, prepared
from engine.kernels import lstm
from engine.kernels.products import columns, product
from engine.layer import Example, OnnxGraph, Scratch, Weight
from engine.layers.recurrent import Recurrent
from engine.layers.recurrent import flat as _flat
from engine.layers.recurrent import time_first as _time_first
from engine.spec import param

AT_ONCE = 4  # steps that are handled together where their order does not matter


@dataclass(frozen=True)
class _Forget:
    """Starts a bias at zero but for the forget gate, the second of four. Jozefowicz, Zaremba and Sutskever, 2015."""

    value: float

    def draw(self, rng: Generator, shape: Shape, fan_in: int, fan_out: int) -> Array:
        out = np.zeros(shape)
        out.reshape(4, -1)[1] = self.value
        return out


class LSTM(Recurrent):
    """Reads a series step by step and remembers: c = f · c + i · g, h = o · tanh(c).

    The gates are i, f, o = sigmoid(W x + U h + b) and g = tanh(W x + U h + b). Hochreiter and Schmidhuber, 1997; Gers,
    Schmidhuber and Cummins, 2000. ONNX: LSTM. PyTorch: nn.LSTM, whose second bias stays zero and is not trained.

    Use it on series and texts in which something early matters much later. Avoid it on short or easy ones: GRU is
    smaller; on very long ones: attention.
    """

    gates: ClassVar[int] = 4
    forget_bias: float = param(
        "What the bias of the forget gate begins with; with 1 it remembers longer before it has learned to.",
        default=0.0,
        min=-10.0,
        max=10.0,
        advanced=True,
    )

    def weights(self, x: Shape) -> dict[str, Weight]:
        forget = _Forget(self.forget_bias) if self.forget_bias else None
        found = super().weights(x).items()
        return {name: replace(w, initializer=forget) if name.startswith("bias_ih") else w for name, w in found}

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        (steps, features), units = x, self.units
        wide = units + features + 1
        return {
            "inputs": Scratch((steps + 1, wide)),
            "cells": Scratch((steps + 1, lstm.PLACES, units)),
            "tanh_c": Scratch((steps, units)),
            "work": Scratch((6 * units,)),
            "weights": Scratch((4, wide, units), batched=False),
            "grads": Scratch((steps, 4 * units)),
            "few": Scratch((3, units)),
            "some": Scratch((6, min(AT_ONCE, steps), units)),
            "back_inputs": Scratch((steps, features)),
            "back_ih": Scratch((4 * units, features), batched=False),
            "back_hh": Scratch((4 * units, units), batched=False),
            "back_weights": Scratch((4 * units, wide), batched=False),
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
        cells: Array,
        tanh_c: Array,
        work: Array,
        weights: Array,
        y: Array,
    ) -> Run:
        units, rows = self.units, _time_first(inputs)
        states, series, steps = rows[:, :, :units], rows[:-1, :, units:-1], x.swapaxes(0, 1)
        every = cells.reshape(len(rows), lstm.PLACES, -1, units)
        inner = columns(weights, len(x))
        hh, ih, bias = inner[:, :units], inner[:, units:-1], inner[:, -1:]
        over_time = lstm.forward(rows, inner, every, _time_first(tanh_c), work.reshape(-1))

        def run() -> None:
            lstm.turn(weight_hh_l0, hh)
            lstm.turn(weight_ih_l0, ih)
            lstm.turn((bias_ih_l0 + bias_hh_l0)[:, None], bias)
            np.copyto(series, steps)
            rows[:-1, :, -1] = 1
            states[0] = every[0, 0] = 0
            over_time()
            y[...] = states[1:].swapaxes(0, 1) if self.sequence else states[-1]

        return run

    @prepared
    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        cells: Array,
        tanh_c: Array,
        grads: Array,
        few: Array,
        some: Array,
        back_inputs: Array,
        back_ih: Array,
        back_hh: Array,
        back_weights: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
    ) -> Run:
        n, units, rows, every = len(inputs), self.units, _time_first(inputs), _time_first(grads)
        grad_h, rest = few.reshape(3, n, units)[0], few.reshape(3, n, units)[1:]
        tanh_cells, places = _time_first(tanh_c), cells.reshape(len(rows), lstm.PLACES, n, units)
        whole = grad_y.swapaxes(0, 1) if self.sequence else None
        room = some.reshape(6, -1, n, units)
        recurrent = columns(back_hh, n)
        over_time = lstm.backward(every, recurrent, tanh_cells, places[:-1], grad_h, whole, rest, room)
        flat = _flat(every)
        weigh = product(flat.T, _flat(rows[:-1]), back_weights)  # (4·H, T·N) @ (T·N, K) -> (4·H, K)
        pass_on = product(flat, back_ih, _flat(back_inputs))  # (T·N, 4·H) @ (4·H, F) -> (T·N, F)

        def run() -> None:
            grad_h[...] = 0 if self.sequence else grad_y
            lstm.arrange(weight_hh_l0, recurrent)
            over_time()
            if grad_x is not None:
                lstm.arrange(weight_ih_l0, back_ih)
                pass_on()
                grad_x[...] = _time_first(back_inputs).swapaxes(0, 1)
            weigh()
            lstm.rearrange(back_weights[:, :units], grad_weight_hh_l0)
            lstm.rearrange(back_weights[:, units:-1], grad_weight_ih_l0)
            lstm.rearrange(back_weights[:, -1], grad_bias_ih_l0)

        return run

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.onnx_operator(g, "LSTM", x, (0, 3, 1, 2))

    def torch(self, x: Shape) -> str:
        return self.torch_call(f"nn.LSTM({x[1]}, {self.units}, ")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True), ((11, 3),))
        yield Example(cls(units=3, layers=2, sequence=True), ((4, 2),))
