"""The long short-term memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import lstm
from engine.kernels.gates import arrange, by_gate, rearrange, scale
from engine.kernels.products import apart, columns, product
from engine.kernels.spans import room
from engine.layer import Example, OnnxGraph, Scratch, Weight
from engine.layers.recurrent import Recurrent, flat, pass_on, take_in, time_first
from engine.spec import param


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
            "parts": Scratch((4, units)),
            "some": Scratch((6, room(steps, units), units)),
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
        training: bool,
        y: Array,
    ) -> Run:
        n, units, rows, slopes = len(x), self.units, time_first(inputs), time_first(tanh_c)
        places, laid = cells.reshape(len(rows), lstm.PLACES, n, units), columns(weights, n)
        if not training:
            places, slopes = places[:2], slopes[:1]
        hh, ih = laid[:, :units], laid[:, units:-1]
        return in_turn(
            (
                *scale(by_gate(weight_hh_l0, 4).swapaxes(1, 2).reshape(hh.shape), hh, lstm.ORDER),
                *scale(by_gate(weight_ih_l0, 4).swapaxes(1, 2).reshape(ih.shape), ih, lstm.ORDER),
                *lstm.add_biases(bias_ih_l0, bias_hh_l0, laid[:, -1]),
                *take_in(x, rows[:-1, :, units:]),
                partial(rows[0, :, :units].fill, 0),
                partial(places[0, 0].fill, 0),
                *lstm.forward(rows, laid, rows[:, :, :units], places, slopes, work.reshape(-1)),
                self.leave(rows[:, :, :units], y),
            )
        )

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
        parts: Array,
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
        n, units, rows, every = len(inputs), self.units, time_first(inputs), time_first(grads)
        (grad_h, *rest), tanh_cells = few.reshape(3, n, units), time_first(tanh_c)
        places, whole = cells.reshape(len(rows), lstm.PLACES, n, units)[:-1], self.whole(grad_y)
        laid, work = columns(apart(back_hh, 4), n), (parts.reshape(4, n, units), some.reshape(6, -1, n, units))
        by_gates = laid.reshape(4, -1, *laid.shape[2:])
        own = every.reshape(-1, n, 4, units).swapaxes(1, 2)
        given = flat(every)[None], back_ih[None], time_first(back_inputs)[None]
        found = by_gate(back_weights, 4)
        return in_turn(
            (
                self.arrive(grad_y, grad_h),
                *arrange(by_gate(weight_hh_l0, 4).reshape(by_gates.shape), by_gates, lstm.ORDER),
                *lstm.backward(every, own, laid, tanh_cells, places, grad_h, whole, rest, *work),
                *arrange(by_gate(weight_ih_l0, 4), by_gate(back_ih, 4), () if grad_x is None else lstm.ORDER),
                *(() if grad_x is None else pass_on(*given, grad_x)),
                product(flat(every).T, flat(rows[:-1]), back_weights),  # (4·H, T·N) @ (T·N, K) -> (4·H, K)
                *rearrange(found[..., :units], by_gate(grad_weight_hh_l0, 4), lstm.ORDER),
                *rearrange(found[..., units:-1], by_gate(grad_weight_ih_l0, 4), lstm.ORDER),
                *rearrange(found[..., -1], by_gate(grad_bias_ih_l0, 4), lstm.ORDER),
            )
        )

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.onnx_operator(g, "LSTM", x, (0, 3, 1, 2))

    def torch(self, x: Shape) -> str:
        return self.torch_call(f"nn.LSTM({x[1]}, {self.units}, ")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True), ((11, 3),))
        yield Example(cls(units=3, layers=2, sequence=True), ((4, 2),))
