"""A series read from both ends."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import describe
from engine.composite import Composite, Wire, Wiring
from engine.layer import Example, ShapeError
from engine.layers.concatenate import Concatenate
from engine.layers.dropout import Dropout
from engine.layers.gru import GRU
from engine.layers.lstm import LSTM
from engine.layers.reverse import Reverse
from engine.layers.simple_rnn import SimpleRNN
from engine.spec import param

KINDS: dict[str, type[LSTM] | type[GRU] | type[SimpleRNN]] = {"LSTM": LSTM, "GRU": GRU, "SimpleRNN": SimpleRNN}


class Bidirectional(Composite):
    """Reads a series forwards and backwards with two recurrent layers, and puts their states side by side.

    Formula: y[t] = [forward(x[1] … x[t]), backward(x[n] … x[t])].

    So each step knows what comes before it and after it. Schuster and Paliwal, 1997. PyTorch: bidirectional=True, where
    `forward_l1.weight_ih_l0` is called weight_ih_l1 and that of `backward_l1` weight_ih_l1_reverse.

    Use it where the whole series is known before an answer is due: texts, names, recordings. Avoid it where the future
    is what is asked for, as in forecasting step by step.
    """

    category = "Recurrent"
    layer: str = param("Which recurrent layer reads.", default="LSTM", choices=tuple(KINDS))
    units: int = param("How many values the state of each direction has.", default=32, min=1, max=8192)
    sequence: bool = param(
        "Give the states at every step, for another recurrent layer; not only the last of both.", default=False
    )

    layers: int = param(
        "How many layers lie on top of each other, each reading the states of both directions below.",
        default=1,
        min=1,
        max=16,
    )
    dropout: float = param(
        "The share of states between two layers that dropout sets to zero.", default=0.0, min=0.0, max=0.95
    )

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        if len(x.shape) != 2:
            raise ShapeError(f"Bidirectional takes a series (steps × features), not {describe(x.shape)}.")
        for level in range(self.layers - 1):
            x = self._both(wiring, x, f"_l{level}" if level else "", every=True)
            if self.dropout:
                x = wiring.add(f"dropout{level + 1}", Dropout(rate=self.dropout), x)
        return self._both(wiring, x, f"_l{self.layers - 1}" if self.layers > 1 else "", every=self.sequence)

    def _both(self, wiring: Wiring, x: Wire, level: str, *, every: bool) -> Wire:
        """Add the two readers of one layer; `level` is what the names of their boxes end in."""
        reader = KINDS[self.layer](units=self.units, sequence=every)
        forwards = wiring.add(f"forward{level}", reader, x)
        backwards = wiring.add(f"backward{level}", reader, wiring.add(f"turned{level}", Reverse(), x))
        if every:
            backwards = wiring.add(f"returned{level}", Reverse(), backwards)
        return wiring.add(f"both{level}", Concatenate(), forwards, backwards)

    def summary(self) -> str:
        many = f"{self.layers} × " if self.layers > 1 else ""
        return f"{self.layer} · {many}2 × {self.units} units" + (" · every step" if self.sequence else "")

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(units=2), ((4, 3),))
        yield Example(cls(layer="GRU", units=2, sequence=True), ((3, 2),))
        yield Example(cls(layer="SimpleRNN", units=3), ((3, 2),))
        yield Example(cls(layer="GRU", units=2, layers=2, dropout=0.1), ((3, 2),))
