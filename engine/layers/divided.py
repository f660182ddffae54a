"""Recurrent layers whose units several workers divide: what the compiler puts in their place, no boxes of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from engine.arrays import Shape
from engine.calls import Run
from engine.kernels.memory import share
from engine.layer import Layer, Scratch, Workers
from engine.layers.gru import GRU
from engine.layers.lstm import LSTM
from engine.layers.recurrent import Recurrent
from engine.spec import param

LARGE = 1 << 20  # values of weights from which on it pays: more than the cache of a core holds
FEWEST = 64  # units of each worker


class Divided(Recurrent, abstract=True):
    """One worker's units of a recurrent layer. What is `common` holds the series of all, and all units, for each worker."""

    divides: ClassVar[bool] = True
    common: ClassVar[tuple[str, ...]] = ("inputs", "h", "grads", "back_inputs")
    samples: int = param("How many samples all workers have.", default=1, min=1)
    rank: int = param("Which of the workers this is.", default=0, min=0)
    count: int = param("How many workers there are.", default=1, min=1)

    def share(self, size: int, unit: int = 1) -> slice:
        return share(size, self.rank, self.count, unit)

    def meeting(self, workers: Workers) -> tuple[Run, ...]:
        return (workers.meet,)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        """Return the working arrays with room for the series of all workers."""
        return {
            name: replace(
                array,
                shape=(self.samples, *array.shape) if array.batched else array.shape,
                batched=False,
                shared=name in self.common,
            )
            for name, array in super().scratch(x).items()
        }


class DividedLSTM(Divided, LSTM, abstract=True):
    """One worker's units of an LSTM."""


class DividedGRU(Divided, GRU, abstract=True):
    """One worker's units of a GRU."""


KINDS: dict[type[Layer], type[Divided]] = {LSTM: DividedLSTM, GRU: DividedGRU}


def part_of(layer: Layer, samples: int, rank: int, count: int, *inputs: Shape) -> Divided | None:
    """Return one worker's part of a layer; None where it cannot be divided, or that does not pay."""
    kind = KINDS.get(type(layer))
    if kind is None or not isinstance(layer, Recurrent) or layer.units < FEWEST * count:
        return None
    if layer.gates * layer.units * (layer.units + inputs[0][1]) < LARGE:
        return None
    same = {name: getattr(layer, name) for name in layer.params()}
    return kind(**same, samples=samples, rank=rank, count=count)
