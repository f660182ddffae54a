"""A long short-term memory whose units several workers divide: what the compiler puts in its place, no box of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels import lstm
from engine.kernels.gates import arrange, by_gate, rearrange, scale
from engine.kernels.memory import share
from engine.kernels.products import apart, columns, product
from engine.kernels.spans import at_once
from engine.layer import Layer, Scratch, Weight, Workers
from engine.layers.lstm import LSTM
from engine.layers.recurrent import flat, take_in, time_first
from engine.spec import param

LARGE = 1 << 20  # values of weights from which on it pays: more than the cache of a core holds
FEWEST = 64  # units of each worker


class DividedLSTM(Layer, abstract=True):
    """One worker's units of an LSTM. What is `shared` holds the samples of all: the inputs and states, gradients of both."""

    divides: ClassVar[bool] = True
    whole: LSTM = param("The layer.", default=LSTM(), hidden=True)
    samples: int = param("How many samples all workers have.", default=1, min=1)
    rank: int = param("Which of the workers this is.", default=0, min=0)
    count: int = param("How many workers there are.", default=1, min=1)

    @classmethod
    def of(cls, layer: Layer, samples: int, rank: int, count: int, *inputs: Shape) -> DividedLSTM | None:
        """Return one worker's part of a layer; None where that does not suit or pay."""
        if not isinstance(layer, LSTM) or layer.units < FEWEST * count:
            return None
        values = 4 * layer.units * (layer.units + inputs[0][1])
        return cls(whole=layer, samples=samples, rank=rank, count=count) if values >= LARGE else None

    @property
    def part(self) -> slice:
        """The units of this worker."""
        return share(self.whole.units, self.rank, self.count, unit=16)

    @property
    def own(self) -> slice:
        """The samples of this worker."""
        return share(self.samples, self.rank, self.count)

    def shape(self, x: Shape) -> Shape:
        return self.whole.shape(x)

    def weights(self, x: Shape) -> dict[str, Weight]:
        return self.whole.weights(x)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        (steps, features), n, units = x, self.samples, self.whole.units
        wide, mine = units + features + 1, self.part.stop - self.part.start
        arriving = steps if self.whole.sequence else 1
        shared = {
            "inputs": (n, steps + 1, wide),
            "arriving": (n, arriving, units),
            "grads": (n, steps, 4 * units),
            "back_inputs": (n, steps, features),
        }
        alone = {
            "cells": (n, steps + 1, lstm.PLACES, mine),
            "tanh_c": (n, steps, mine),
            "work": (6 * n * mine,),
            "laid": (4, wide, mine),
            "few": (3, n, mine),
            "parts": (4, n, mine),
            "some": (6, at_once(steps, n * mine), n, mine),
            "back_ih": (4 * units, features),
            "back_hh": (4 * units, mine),
            "back_weights": (4, mine, wide),
        }
        found = {name: Scratch(shape, batched=False, shared=True) for name, shape in shared.items()}
        return found | {name: Scratch(shape, batched=False) for name, shape in alone.items()}

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
        laid: Array,
        workers: Workers,
        y: Array,
    ) -> Run:
        n, units, rows, part, own = self.samples, self.whole.units, time_first(inputs), self.part, self.own
        places, columned = cells.reshape(len(rows), lstm.PLACES, n, -1), columns(laid, n)
        hh, ih = columned[:, :units], columned[:, units:-1]
        of_hh, of_ih, bias, more = (
            by_gate(w, 4)[:, part] for w in (weight_hh_l0, weight_ih_l0, bias_ih_l0, bias_hh_l0)
        )
        return in_turn(
            (
                *take_in(x, rows[:-1, own, units:]),
                partial(rows[0, own, :units].fill, 0),
                *scale(of_hh.swapaxes(1, 2).reshape(hh.shape), hh, lstm.ORDER),
                *scale(of_ih.swapaxes(1, 2).reshape(ih.shape), ih, lstm.ORDER),
                *lstm.add_biases(bias, more, columned[:, -1]),
                partial(places[0, 0].fill, 0),
                workers.meet,
                *lstm.forward(rows, columned, rows[..., part], places, time_first(tanh_c), work, (workers.meet,)),
                self.whole.leave(rows[:, own, :units], y),
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
        arriving: Array,
        grads: Array,
        few: Array,
        parts: Array,
        some: Array,
        back_inputs: Array,
        back_ih: Array,
        back_hh: Array,
        back_weights: Array,
        workers: Workers,
        grad_y: Array,
        grad_x: Array | None,
        grad_weight_ih_l0: Array,
        grad_weight_hh_l0: Array,
        grad_bias_ih_l0: Array,
    ) -> Run:
        units, rows, every, part = self.whole.units, time_first(inputs), time_first(grads), self.part
        mine = every.reshape(*every.shape[:2], 4, units)[..., part]
        places = cells.reshape(len(rows), lstm.PLACES, self.samples, -1)[:-1]
        columned, (grad_h, *rest) = columns(apart(back_hh, 4), self.samples), few
        by_gates, come = columned.reshape(4, -1, *columned.shape[2:]), time_first(arriving)
        whole = come[..., part] if self.whole.sequence else None
        given = grad_y if self.whole.sequence else grad_y[:, None]
        to_ih, to_hh, to_bias = (
            by_gate(g, 4)[:, part] for g in (grad_weight_ih_l0, grad_weight_hh_l0, grad_bias_ih_l0)
        )
        turned = mine.reshape(-1, *mine.shape[2:]).transpose(1, 2, 0)
        return in_turn(
            (
                partial(np.copyto, come[:, self.own], given.swapaxes(0, 1)),
                *arrange(by_gate(weight_hh_l0, 4)[..., part].reshape(by_gates.shape), by_gates, lstm.ORDER),
                workers.meet,
                partial(grad_h.fill, 0) if self.whole.sequence else partial(np.copyto, grad_h, come[0][:, part]),
                *lstm.backward(
                    every,
                    mine.swapaxes(1, 2),
                    columned,
                    time_first(tanh_c),
                    places,
                    grad_h,
                    whole,
                    rest,
                    parts,
                    some,
                    (workers.meet,),
                ),
                *self._pass_on(every, weight_ih_l0, back_ih, time_first(back_inputs), grad_x, workers),
                product(turned, flat(rows[:-1]), back_weights),  # (4, U, T·N) @ (T·N, K) -> (4, U, K)
                *rearrange(back_weights[..., :units], to_hh, lstm.ORDER),
                *rearrange(back_weights[..., units:-1], to_ih, lstm.ORDER),
                *rearrange(back_weights[..., -1], to_bias, lstm.ORDER),
            )
        )

    def _pass_on(
        self, grads: Array, weight: Array, work: Array, back: Array, grad_x: Array | None, workers: Workers
    ) -> Iterator[Run]:
        """Yield the calls that write `grad_x` (n, T, F): each worker computes some steps of all samples, and takes its own."""
        if grad_x is None:
            return
        some = share(len(back) * self.samples, self.rank, self.count)
        yield from arrange(by_gate(weight, 4), by_gate(work, 4), lstm.ORDER)
        yield workers.meet
        yield product(flat(grads)[some], work, flat(back)[some])  # (T·N, 4·H) @ (4·H, F) -> (T·N, F)
        yield workers.meet
        yield partial(np.copyto, grad_x, back[:, self.own].swapaxes(0, 1))
