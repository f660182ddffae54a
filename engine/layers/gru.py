"""The gated recurrent unit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import gru
from engine.kernels.gates import arrange, by_gate, scale
from engine.kernels.products import columns, product
from engine.kernels.reductions import row_sums
from engine.kernels.spans import room
from engine.layer import Example, OnnxGraph, Scratch, Workers
from engine.layers.recurrent import Recurrent, flat, take_in, time_first


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
        (steps, features), units, part = x, self.units, self.part
        mine = part.stop - part.start
        return {
            "inputs": Scratch((steps, features + 1)),
            "fed": Scratch((4, steps, mine)),
            "every": Scratch((steps, 4, mine)),
            "h": Scratch((steps + 1, units)),
            "work": Scratch((3, mine)),
            "weights": Scratch((3, features + 1, mine), batched=False),
            "across": Scratch((3, units, mine), batched=False),
            "grads": Scratch((4, steps, units)),
            "few": Scratch((5, mine)),
            "some": Scratch((3, room(steps, mine), mine)),
            "back_across": Scratch((3, units, mine), batched=False),
            "back_inputs": Scratch((3, steps, features)),
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
        fed: Array,
        every: Array,
        h: Array,
        work: Array,
        weights: Array,
        across: Array,
        training: bool,
        workers: Workers,
        y: Array,
    ) -> Run:
        (n, steps), meet, own = inputs.shape[:2], self.meeting(workers), self.share(len(inputs))
        series, states, laid = time_first(inputs), time_first(h), columns(across, n)
        given, gates = fed.reshape(4, steps, n, -1), every.reshape(steps, 4, n, -1)[: None if training else 1]
        of_hh, of_ih = self.of_part(weight_hh_l0, weight_ih_l0)
        bias, state_bias = self.of_part(bias_ih_l0, bias_hh_l0)
        return in_turn(
            (
                *take_in(x, series[:, own]),
                partial(states[0, own].fill, 0),
                *scale(of_ih.swapaxes(1, 2), weights[:, :-1], gru.FED),
                *gru.add_biases(bias, state_bias, weights[:, -1]),
                *meet,
                product(flat(series), weights, given[1:].reshape(3, steps * n, -1)),  # (3, F + 1, U) -> (3, T·N, U)
                partial(np.copyto, given[0], state_bias[2]),
                *scale(of_hh.swapaxes(1, 2).reshape(laid.shape), laid, gru.ORDER),
                *gru.forward(given, gates, laid, states, states[..., self.part], work.reshape(3, n, -1), meet),
                self.leave(states, y),
            )
        )

    @prepared
    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        every: Array,
        h: Array,
        grads: Array,
        few: Array,
        some: Array,
        back_across: Array,
        back_inputs: Array,
        workers: Workers,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
        grad_bias_hh_l0: Array,
    ) -> Run:
        (n, steps), meet, part = inputs.shape[:2], self.meeting(workers), self.part
        series, states, laid = time_first(inputs), time_first(h), columns(back_across, n)
        back, gates = grads.reshape(4, steps, n, -1), every.reshape(steps, 4, n, -1)
        own, (come, bring) = back[..., part], self.arrive(grad_y, back[3], meet)
        work, each = (few.reshape(5, n, -1), some.reshape(3, -1, *own.shape[2:])), back_inputs.reshape(3, steps, n, -1)
        rows, mine = back.reshape(4, -1, self.units), own.reshape(4, -1, own.shape[-1])
        to_hh, to_ih, *biases = self.of_part(grad_weight_hh_l0, grad_weight_ih_l0, grad_bias_ih_l0, grad_bias_hh_l0)
        return in_turn(
            (
                *arrange(by_gate(weight_hh_l0, 3)[..., part].reshape(laid.shape), laid, gru.ORDER),
                *bring,
                *gru.backward(back, own, laid, gates, states[..., part], come, *work, meet),
                *_weigh(mine, flat(series)[:, :-1], flat(states[:-1]), to_ih, to_hh),
                *_add_up(mine, *biases),
                *self.pass_on(rows[1:], by_gate(weight_ih_l0, 3), each, grad_x, meet),
            )
        )

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return self.onnx_operator(g, "GRU", x, (1, 0, 2), linear_before_reset=1)

    def torch(self, x: Shape) -> str:
        return self.torch_call(f"nn.GRU({x[1]}, {self.units}, ")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True), ((5, 3),))
        yield Example(cls(units=2, layers=3, sequence=True), ((3, 4),))


def _weigh(grads: Array, inputs: Array, before: Array, grad_ih: Array, grad_hh: Array) -> Iterator[Run]:
    """Yield the calls that write the gradients of weights (3, U, ...), given those of the gates (4, T·N, U)."""
    turned = grads.swapaxes(1, 2)
    yield product(turned[1:], inputs, grad_ih)  # (3, U, T·N) @ (T·N, F) -> (3, U, F)
    yield product(turned[1:3], before, grad_hh[:2])  # (2, U, T·N) @ (T·N, H) -> (2, U, H)
    yield product(turned[0], before, grad_hh[2])  # (U, T·N) @ (T·N, H) -> (U, H)


def _add_up(grads: Array, grad_ih: Array, grad_hh: Array) -> Iterator[Run]:
    """Yield the calls that write the gradients of biases (3, U)."""
    yield row_sums(grads[1:], grad_ih)  # (3, T·N, U) -> (3, U)
    yield partial(np.copyto, grad_hh[:2], grad_ih[:2])
    yield row_sums(grads[0], grad_hh[2])
