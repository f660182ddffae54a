"""What recurrent layers have in common: weights, layers on top of each other, padded series, ONNX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.calls import Run
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels.products import product
from engine.layer import Layer, OnnxGraph, Parts, ShapeError, Weight
from engine.layers.dropout import Dropout
from engine.layers.identity import Identity
from engine.layers.moved_steps import LastStep, ToFront, ToPlaces
from engine.spec import param


def time_first(work: Array) -> Array:
    """Return a contiguous working array (N, T, ...) as (T, N, ...): the same memory, read in another way."""
    return work.reshape(work.shape[1], work.shape[0], *work.shape[2:])


def flat(work: Array) -> Array:
    """Return (T, N, F) as (T·N, F)."""
    return work.reshape(-1, work.shape[-1])


def take_in(x: Array, series: Array) -> Iterator[Run]:
    """Yield the calls that copy `x` (N, T, F) into `series` (T, N, F + 1), whose last feature is 1: biases are its weights."""
    yield partial(np.copyto, series[..., :-1], x.swapaxes(0, 1))
    yield partial(series[..., -1].fill, 1)


def pass_on(grads: Array, weights: Array, back: Array, grad_x: Array) -> Iterator[Run]:
    """Yield the calls that write `grad_x` (N, T, F): the sum of grads (G, T·N, H) @ weights (G, H, F).

    `back` (G, T, N, F) is overwritten.
    """
    each = back.reshape(len(grads), -1, back.shape[-1])
    yield product(grads, weights, each)  # (G, T·N, H) @ (G, H, F) -> (G, T·N, F)
    total = each[0].reshape(-1)
    for more in each[1:]:
        yield partial(np.add, total, more.reshape(-1), total)
    yield partial(np.copyto, grad_x, back[0].swapaxes(0, 1))


class Recurrent(Layer, abstract=True):
    """A layer that reads a series step by step and has a state."""

    category = "Recurrent"
    gates: ClassVar[int] = 1  # how many times the state's width its weights have
    second_bias: ClassVar[bool] = False  # whether the bias of the state is trained too
    units: int = param("How many values the state has.", default=32, min=1, max=8192)
    sequence: bool = param(
        "Give the state at every step, for another recurrent layer; not only the last.", default=False
    )
    layers: int = param(
        "How many layers lie on top of each other, each reading the states of the one below.",
        default=1,
        min=1,
        max=16,
    )
    dropout: float = param(
        "The share of states between two layers that dropout sets to zero.", default=0.0, min=0.0, max=0.95
    )
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"{type(self).__name__} takes a series (steps × features), not {describe(x)}.")
        return (x[0], self.units) if self.sequence else (self.units,)

    def weights(self, x: Shape) -> dict[str, Weight]:
        units, rows = self.units, self.gates * self.units
        found: dict[str, Weight] = {}
        for level in range(self.layers):
            features = units if level else x[1]
            found |= {
                f"weight_ih_l{level}": Weight((rows, features), self.initializer, fan_in=features, fan_out=units),
                f"weight_hh_l{level}": Weight((rows, units), self.initializer, fan_in=units, fan_out=units),
                f"bias_ih_l{level}": Weight((rows,)),
                f"bias_hh_l{level}": Weight((rows,), trained=self.second_bias),
            }
        return found

    def multiply_adds(self, x: Shape) -> int:
        inner = x[1] + (2 * self.layers - 1) * self.units
        return x[0] * self.gates * self.units * inner

    def lowers(self, *inputs: Shape) -> bool:
        return self.layers > 1

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return masks[0] if self.sequence else None

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        if not mask and self.layers == 1:
            parts.add("", self, x)
            return
        state = parts.add("front", ToFront(), x, mask) if mask else x
        for level in range(self.layers):
            if level and self.dropout:
                state = parts.add(f"dropout{level}", Dropout(rate=self.dropout), state)
            whole = bool(mask) or self.sequence or level < self.layers - 1
            state = parts.add(f"_l{level}", self.with_(layers=1, sequence=whole), state)
        if mask:
            parts.add("", ToPlaces() if self.sequence else LastStep(), state, mask)
        else:
            parts.add("", Identity(), state)

    def leave(self, states: Array, y: Array) -> Run:
        """Return the call that writes the states (T + 1, N, H) that leave the layer."""
        return partial(np.copyto, y, states[1:].swapaxes(0, 1) if self.sequence else states[-1])

    def arrive(self, grad_y: Array, arriving: Array) -> Run:
        """Return the call that writes the gradient of the last state, but for what `whole` adds to it."""
        return partial(arriving.fill, 0) if self.sequence else partial(np.copyto, arriving, grad_y)

    def whole(self, grad_y: Array) -> Array | None:
        """Return the gradients of every state (T, N, H) where all have left."""
        return grad_y.swapaxes(0, 1) if self.sequence else None

    def onnx_operator(self, g: OnnxGraph, kind: str, x: str, order: tuple[int, ...], **attributes: Any) -> Any:
        """Write a recurrent operator of ONNX, whose gates stand in another `order`."""

        def turned(name: str) -> Array:
            parts = np.split(g.weight_array(name), self.gates)
            return np.concatenate([parts[gate] for gate in order])

        weights = [g.constant(turned(name)[None]) for name in ("weight_ih_l0", "weight_hh_l0")]
        bias = g.constant(np.concatenate([turned("bias_ih_l0"), turned("bias_hh_l0")])[None])
        series = g.op("Transpose", x, perm=[1, 0, 2])  # ONNX wants the steps first
        every, last = g.op(kind, series, *weights, bias, outputs=2, hidden_size=self.units, **attributes)
        if not self.sequence:
            return g.op("Squeeze", last, g.constant(np.array([0])))
        return g.op("Transpose", g.op("Squeeze", every, g.constant(np.array([1]))), perm=[1, 0, 2])

    def torch_call(self, call: str) -> str:
        """Return PyTorch's expression, given how its constructor begins."""
        more = f"num_layers={self.layers}, dropout={self.dropout}, " if self.layers > 1 else ""
        return f"{call}{more}batch_first=True)(x)[0]" + ("" if self.sequence else "[:, -1]")

    def summary(self) -> str:
        many = f"{self.layers} × " if self.layers > 1 else ""
        return f"{many}{self.units} units" + (" · every step" if self.sequence else "")
