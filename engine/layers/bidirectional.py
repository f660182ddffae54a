"""A series read from both ends."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import describe
from engine.composite import Composite, Wire, Wiring
from engine.layer import Example, Layer, ShapeError
from engine.layers.concatenate import Concatenate
from engine.layers.gru import GRU
from engine.layers.lstm import LSTM
from engine.layers.reverse import Reverse
from engine.layers.simple_rnn import SimpleRNN
from engine.spec import param

KINDS: dict[str, type[LSTM] | type[GRU] | type[SimpleRNN]] = {"LSTM": LSTM, "GRU": GRU, "SimpleRNN": SimpleRNN}


class Bidirectional(Composite):
    """Reads a series forwards and backwards with two recurrent layers, and puts their states side by side.

    Formula: y[t] = [forward(x[1] … x[t]), backward(x[n] … x[t])].

    So each step knows what comes before it and after it. Schuster and Paliwal, 1997. PyTorch: bidirectional=True.

    Use it where the whole series is known before an answer is due: texts, names, recordings. Avoid it where the future
    is what is asked for, as in forecasting step by step.
    """

    category = "Recurrent"
    layer: str = param("Which recurrent layer reads.", default="LSTM", choices=tuple(KINDS))
    units: int = param("How many values the state of each direction has.", default=32, min=1, max=8192)
    sequence: bool = param(
        "Give the states at every step, for another recurrent layer; not only the last of both.", default=False
    )

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        if len(x.shape) != 2:
            raise ShapeError(f"Bidirectional takes a series (steps × features), not {describe(x.shape)}.")
        forwards = wiring.add("forward", self._reader(), x)
        backwards = wiring.add("backward", self._reader(), wiring.add("turned", Reverse(), x))
        if self.sequence:
            backwards = wiring.add("returned", Reverse(), backwards)
        return wiring.add("both", Concatenate(), forwards, backwards)

    def _reader(self) -> Layer:
        return KINDS[self.layer](units=self.units, sequence=self.sequence)

    def summary(self) -> str:
        return f"{self.layer} · 2 × {self.units} units" + (" · every step" if self.sequence else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=2), ((4, 3),))
        yield Example(cls(layer="GRU", units=2, sequence=True), ((3, 2),))
        yield Example(cls(layer="SimpleRNN", units=3), ((3, 2),))
