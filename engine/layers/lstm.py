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
from engine.kernels.gates import scale
from engine.kernels.products import apart, columns, product
from engine.kernels.spans import room
from engine.layer import Example, OnnxGraph, Scratch, Weight, Workers
from engine.layers.recurrent import Recurrent, flat, take_in, time_first
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
        (steps, features), units, part = x, self.units, self.part
        wide, mine = units + features + 1, part.stop - part.start
        return {
            "inputs": Scratch((steps + 1, wide)),
            "cells": Scratch((steps + 1, lstm.PLACES, mine)),
            "tanh_c": Scratch((steps, mine)),
            "work": Scratch((6 * mine,)),
            "weights": Scratch((4, wide, mine), batched=False),
            "grads": Scratch((steps, 4 * units)),
            "few": Scratch((7, mine)),
            "some": Scratch((6, room(steps, mine), mine)),
            "back_inputs": Scratch((steps, features)),
            "back_hh": Scratch((4 * units, mine), batched=False),
            "back_weights": Scratch((4, mine, wide), batched=False),
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
        workers: Workers,
        y: Array,
    ) -> Run:
        n, units, rows, meet = len(inputs), self.units, time_first(inputs), self.meeting(workers)
        places, slopes, own = cells.reshape(len(rows), lstm.PLACES, n, -1), time_first(tanh_c), self.share(n)
        if not training:
            places, slopes = places[:2], slopes[:1]
        states, laid = rows[..., :units], columns(weights, n)
        hh, ih, biases = laid[:, :units], laid[:, units:-1], laid[:, -1]
        of_hh, of_ih, one, other = self.of_part(weight_hh_l0, weight_ih_l0, bias_ih_l0, bias_hh_l0)
        return in_turn(
            (
                *take_in(x, rows[:-1, own, units:]),
                partial(states[0, own].fill, 0),
                *scale(of_hh.swapaxes(1, 2).reshape(hh.shape), hh, lstm.ORDER),
                *scale(of_ih.swapaxes(1, 2).reshape(ih.shape), ih, lstm.ORDER),
                *lstm.add_biases(one, other, biases),
                partial(places[0, 0].fill, 0),
                *meet,
                *lstm.forward(rows, laid, states[..., self.part], places, slopes, work.reshape(-1), meet),
                self.leave(states, y),
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
        some: Array,
        back_inputs: Array,
        back_hh: Array,
        back_weights: Array,
        workers: Workers,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
    ) -> Run:
        (n, *_, mine), units, part, meet = tanh_c.shape, self.units, self.part, self.meeting(workers)
        rows, every, places = time_first(inputs), time_first(grads), cells.reshape(-1, lstm.PLACES, n, mine)[:-1]
        gates = every.reshape(-1, n, 4, units)
        own, (come, bring) = gates[..., part], self.arrive(grad_y, gates[:, :, 3], meet)
        laid, work = columns(apart(back_hh, 4), n), (few.reshape(7, n, mine), some.reshape(6, -1, n, mine))
        found = self.of_part(grad_weight_hh_l0, grad_weight_ih_l0, grad_bias_ih_l0)
        return in_turn(
            (
                partial(np.copyto, laid, weight_hh_l0[:, part].reshape(laid.shape)),
                *bring,
                *lstm.backward(every, own.swapaxes(1, 2), laid, places, time_first(tanh_c), come, *work, meet),
                *self.pass_on(flat(every)[None], weight_ih_l0[None], time_first(back_inputs)[None], grad_x, meet),
                *_weigh(own, flat(rows[:-1]), back_weights, *found),
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


def _weigh(grads: Array, inputs: Array, work: Array, grad_hh: Array, grad_ih: Array, grad_bias: Array) -> Iterator[Run]:
    """Yield the calls that write the gradients of weights (4, U, ...), given those of the gates (T, N, 4, U)."""
    turned, units = grads.reshape(-1, *grads.shape[2:]).transpose(1, 2, 0), grad_hh.shape[-1]
    yield product(turned, inputs, work)  # (4, U, T·N) @ (T·N, K) -> (4, U, K)
    yield partial(np.copyto, grad_hh, work[..., :units])
    yield partial(np.copyto, grad_ih, work[..., units:-1])
    yield partial(np.copyto, grad_bias, work[..., -1])
