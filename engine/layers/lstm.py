"""The long short-term memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels import lstm
from engine.kernels.reductions import sum_rows
from engine.layer import Example, Layer, OnnxGraph, Scratch, ShapeError, Weight
from engine.spec import param

AT_ONCE = 8  # steps that are handled together where their order does not matter


def _time_first(work: Array) -> Array:
    """Return a contiguous working array (N, T, ...) as (T, N, ...): the same memory, read in another way."""
    return work.reshape(work.shape[1], work.shape[0], *work.shape[2:])


def _flat(work: Array) -> Array:
    return work.reshape(-1, work.shape[-1])


def _for_onnx(weight: Array) -> Array:
    """Return weights (4·H, ...) with their gates in ONNX's order i, o, f, c instead of PyTorch's i, f, g, o."""
    i, f, g, o = np.split(weight, 4)
    return np.concatenate((i, o, f, g))


class LSTM(Layer):
    """Reads a series step by step and remembers: c = f · c + i · g, h = o · tanh(c).

    The gates are i, f, o = sigmoid(W x + U h + b) and g = tanh(W x + U h + b). Hochreiter and Schmidhuber, 1997; Gers,
    Schmidhuber and Cummins, 2000. ONNX: LSTM. PyTorch: nn.LSTM, whose second bias stays zero and is not trained.

    Use it on series and texts in which something early matters much later. Avoid it on short or easy ones: GRU is
    smaller; on very long ones: attention.
    """

    category = "Recurrent"
    units: int = param("How many values the state has.", default=32, min=1, max=8192)
    sequence: bool = param(
        "Give the state at every step, for another recurrent layer; not only the last.", default=False
    )
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"LSTM takes a series (steps × features), not {describe(x)}.")
        return (x[0], self.units) if self.sequence else (self.units,)

    def weights(self, x: Shape) -> dict[str, Weight]:
        features, units = x[1], self.units
        return {
            "weight_ih_l0": Weight((4 * units, features), self.initializer, fan_in=features, fan_out=units),
            "weight_hh_l0": Weight((4 * units, units), self.initializer, fan_in=units, fan_out=units),
            "bias_ih_l0": Weight((4 * units,)),
            "bias_hh_l0": Weight((4 * units,), trained=False),
        }

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        (steps, features), units = x, self.units
        return {
            "inputs": Scratch((steps, features)),
            "gates": Scratch((steps, 4 * units)),
            "h": Scratch((steps + 1, units)),
            "c": Scratch((steps + 1, units)),
            "tanh_c": Scratch((steps, units)),
            "forget": Scratch((steps, units)),
            "work": Scratch((5 * units,)),
            "few": Scratch((3, units)),
            "some": Scratch((2, min(AT_ONCE, steps), units)),
            "back_inputs": Scratch((steps, features)),
            "ih": Scratch((features, 4 * units), batched=False),
            "hh": Scratch((units, 4 * units), batched=False),
            "bias": Scratch((1, 4 * units), batched=False),
            "back_ih": Scratch((4 * units, features), batched=False),
            "back_hh": Scratch((4 * units, units), batched=False),
            "back_bias": Scratch((4 * units,), batched=False),
        }

    def forward(
        self,
        x: Array,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        bias_ih_l0: Array,
        bias_hh_l0: Array,
        inputs: Array,
        gates: Array,
        h: Array,
        c: Array,
        tanh_c: Array,
        work: Array,
        ih: Array,
        hh: Array,
        bias: Array,
        y: Array,
    ) -> None:
        series, every, states, cells, tanh_cells = map(_time_first, (inputs, gates, h, c, tanh_c))
        lstm.turn(weight_ih_l0, ih)
        lstm.turn(weight_hh_l0, hh)
        lstm.turn((bias_ih_l0 + bias_hh_l0)[:, None], bias)
        np.copyto(series, x.swapaxes(0, 1))
        flat = _flat(gates)
        _flat(inputs).dot(ih, flat)  # (T·N, F) @ (F, 4·H) -> (T·N, 4·H)
        np.add(flat, bias, out=flat)
        states[0] = cells[0] = 0
        lstm.forward(every, hh, states, cells, tanh_cells, work.reshape(-1))
        y[...] = states[1:].swapaxes(0, 1) if self.sequence else states[-1]

    def backward(
        self,
        weight_ih_l0: Array,
        weight_hh_l0: Array,
        inputs: Array,
        gates: Array,
        h: Array,
        c: Array,
        tanh_c: Array,
        forget: Array,
        few: Array,
        some: Array,
        back_inputs: Array,
        back_ih: Array,
        back_hh: Array,
        back_bias: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
    ) -> None:
        every, states, cells, slopes, kept = map(_time_first, (gates, h, c, tanh_c, forget))
        lstm.prepare(every, cells, slopes, kept, *some.reshape(2, -1, len(inputs), self.units))
        grad_h, *work = few.reshape(3, len(inputs), self.units)
        grad_h[...] = 0 if self.sequence else grad_y
        lstm.arrange(weight_hh_l0, back_hh)
        lstm.backward(every, back_hh, slopes, kept, grad_h, grad_y.swapaxes(0, 1) if self.sequence else None, work)
        flat = _flat(gates)
        if grad_x is not None:
            lstm.arrange(weight_ih_l0, back_ih)
            flat.dot(back_ih, _flat(back_inputs))  # (T·N, 4·H) @ (4·H, F) -> (T·N, F)
            grad_x[...] = _time_first(back_inputs).swapaxes(0, 1)
        flat.T.dot(states[:-1].reshape(-1, self.units), back_hh)  # (4·H, T·N) @ (T·N, H) -> (4·H, H)
        lstm.rearrange(back_hh, grad_weight_hh_l0)
        flat.T.dot(_flat(inputs), back_ih)  # (4·H, T·N) @ (T·N, F) -> (4·H, F)
        lstm.rearrange(back_ih, grad_weight_ih_l0)
        sum_rows(flat, out=back_bias)
        lstm.rearrange(back_bias, grad_bias_ih_l0)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        weights = [g.constant(_for_onnx(g.weight_array(name))[None]) for name in ("weight_ih_l0", "weight_hh_l0")]
        biases = [_for_onnx(g.weight_array(name)) for name in ("bias_ih_l0", "bias_hh_l0")]
        series = g.op("Transpose", x, perm=[1, 0, 2])  # ONNX wants the steps first
        bias = g.constant(np.concatenate(biases)[None])
        every, last = g.op("LSTM", series, *weights, bias, outputs=2, hidden_size=self.units)
        if not self.sequence:
            return g.op("Squeeze", last, g.constant(np.array([0])))
        return g.op("Transpose", g.op("Squeeze", every, g.constant(np.array([1]))), perm=[1, 0, 2])

    def torch(self, x: Shape) -> str:
        return f"nn.LSTM({x[1]}, {self.units}, batch_first=True)(x)[0]" + ("" if self.sequence else "[:, -1]")

    def summary(self) -> str:
        return f"{self.units} units" + (" · every step" if self.sequence else "")

    def multiply_adds(self, x: Shape) -> int:
        return x[0] * 4 * self.units * (x[1] + self.units)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=3), ((4, 2),))
        yield Example(cls(units=2, sequence=True), ((11, 3),))
