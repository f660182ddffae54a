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
from engine.layer import Example, OnnxGraph, Scratch
from engine.layers.recurrent import Recurrent, flat, pass_on, take_in, time_first


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
        (steps, features), units = x, self.units
        return {
            "inputs": Scratch((steps, features + 1)),
            "fed": Scratch((4, steps, units)),
            "every": Scratch((steps, 4, units)),
            "h": Scratch((steps + 1, units)),
            "work": Scratch((3, units)),
            "weights": Scratch((3, features + 1, units), batched=False),
            "across": Scratch((3, units, units), batched=False),
            "grads": Scratch((4, steps, units)),
            "arriving": Scratch((units,)),
            "back_work": Scratch((4, units)),
            "some": Scratch((3, room(steps, units), units)),
            "back_across": Scratch((3, units, units), batched=False),
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
        y: Array,
    ) -> Run:
        n, units, series, states = len(x), self.units, time_first(inputs), time_first(h)
        given, laid, gates = fed.reshape(4, -1, n, units), columns(across, n), every.reshape(-1, 4, n, units)
        return in_turn(
            (
                *take_in(x, series),
                *scale(by_gate(weight_ih_l0, 3).swapaxes(1, 2), weights[:, :-1], gru.FED),
                *gru.add_biases(by_gate(bias_ih_l0, 3), by_gate(bias_hh_l0, 3), weights[:, -1]),
                product(flat(series), weights, given.reshape(4, -1, units)[1:]),  # (3, F + 1, H) -> (3, T·N, H)
                partial(np.copyto, given[0], bias_hh_l0[2 * units :]),
                *scale(by_gate(weight_hh_l0, 3).swapaxes(1, 2).reshape(laid.shape), laid, gru.ORDER),
                partial(states[0].fill, 0),
                *gru.forward(given, gates if training else gates[:1], laid, states, work.reshape(3, n, units)),
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
        arriving: Array,
        back_work: Array,
        some: Array,
        back_across: Array,
        back_inputs: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
        grad_bias_hh_l0: Array,
    ) -> Run:
        n, units, states = len(inputs), self.units, time_first(h)
        back, gates = grads.reshape(4, -1, n, units), every.reshape(-1, 4, n, units)
        laid, whole = columns(back_across, n), self.whole(grad_y)
        work, few = back_work.reshape(4, n, units), some.reshape(3, -1, n, units)
        rows, before = back.reshape(4, -1, units), flat(states[:-1])
        series, each = flat(time_first(inputs))[:, :-1], back_inputs.reshape(3, -1, n, back_inputs.shape[-1])
        return in_turn(
            (
                self.arrive(grad_y, arriving),
                *arrange(by_gate(weight_hh_l0, 3).reshape(laid.shape), laid, gru.ORDER),
                *gru.backward(back, laid, gates, states, arriving, whole, work, few),
                *_weigh(rows, series, before, by_gate(grad_weight_ih_l0, 3), by_gate(grad_weight_hh_l0, 3)),
                *_add_up(rows, by_gate(grad_bias_ih_l0, 3), by_gate(grad_bias_hh_l0, 3)),
                *(() if grad_x is None else pass_on(rows[1:], by_gate(weight_ih_l0, 3), each, grad_x)),
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
    """Yield the calls that write the gradients of weights (3, H, ...), given those of the gates (4, T·N, H)."""
    turned = grads.swapaxes(1, 2)
    yield product(turned[1:], inputs, grad_ih)  # (3, H, T·N) @ (T·N, F) -> (3, H, F)
    yield product(turned[1:3], before, grad_hh[:2])  # (2, H, T·N) @ (T·N, H) -> (2, H, H)
    yield product(turned[0], before, grad_hh[2])  # (H, T·N) @ (T·N, H) -> (H, H)


def _add_up(grads: Array, grad_ih: Array, grad_hh: Array) -> Iterator[Run]:
    """Yield the calls that write the gradients of biases (3, H)."""
    yield row_sums(grads[1:], grad_ih)  # (3, T·N, H) -> (3, H)
    yield partial(np.copyto, grad_hh[:2], grad_ih[:2])
    yield row_sums(grads[0], grad_hh[2])
