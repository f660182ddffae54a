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
from engine.kernels.gates import by_gate
from engine.kernels.products import product
from engine.layer import Layer, OnnxGraph, Parts, ShapeError, Weight, Workers
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


class Recurrent(Layer, abstract=True):
    """A layer that reads a series step by step and has a state.

    Its calls are those of one of several workers who divide its units (see `Divided`): this one computes `part` of them,
    U of the H, for the series of all. In the box that a person draws it is alone, and computes all.
    """

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

    def share(self, size: int, unit: int = 1) -> slice:
        """Return the part of so many things that this worker computes."""
        return slice(0, size)

    def meeting(self, workers: Workers) -> tuple[Run, ...]:
        """Return the calls that wait for the others."""
        return ()

    @property
    def part(self) -> slice:
        """The units of this worker."""
        return self.share(self.units, unit=16)

    def of_part(self, *weights: Array) -> tuple[Array, ...]:
        """Return the rows of weights (G·H, ...) that belong to this worker's units, as (G, U, ...)."""
        return tuple(by_gate(weight, self.gates)[:, self.part] for weight in weights)

    def leave(self, states: Array, y: Array) -> Run:
        """Return the call that writes those of the states (T + 1, N, H) that leave the layer."""
        given = self._by_step(y)
        return partial(np.copyto, given, states[-len(given) :, self.share(states.shape[1])])

    def arrive(self, grad_y: Array, place: Array, meet: Sequence[Run]) -> tuple[Array, Sequence[Run]]:
        """Return the gradients of this worker's units in the states that left, (T, N, U) or (1, N, U), and calls before.

        Those of the others' series come by way of `place` (T, N, H), where each step may be overwritten once it was read.
        """
        given = self._by_step(grad_y)
        if not meet:
            return given, ()
        come = place[-len(given) :]
        return come[..., self.part], (partial(np.copyto, come[:, self.share(come.shape[1])], given), *meet)

    def _by_step(self, y: Array) -> Array:
        """Return what leaves the layer as (T, N, H) where all states leave, or (1, N, H)."""
        return y.swapaxes(0, 1) if self.sequence else y[None]

    def pass_on(
        self, grads: Array, weights: Array, back: Array, grad_x: Array | None, meet: Sequence[Run]
    ) -> Iterator[Run]:
        """Yield the calls that write `grad_x` (N, T, F): the sum of grads (G, T·N, H) @ weights (G, H, F).

        Each worker computes some steps of all series in `back` (G, T, N, F), and takes its own series.
        """
        if grad_x is None:
            return
        some = self.share(grads.shape[1])
        each = back.reshape(len(grads), -1, back.shape[-1])[:, some]
        yield from meet
        yield product(grads[:, some], weights, each)  # (G, T·N, H) @ (G, H, F) -> (G, T·N, F)
        total = each[0].reshape(-1)
        for more in each[1:]:
            yield partial(np.add, total, more.reshape(-1), total)
        yield from meet
        yield partial(np.copyto, grad_x, back[0, :, self.share(back.shape[2])].swapaxes(0, 1))

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
