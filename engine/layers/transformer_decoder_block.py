"""The block of transformers that write."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import describe
from engine.composite import Composite, Wire, Wiring
from engine.layer import Example, ShapeError
from engine.layers.add import Add
from engine.layers.cross_attention import CrossAttention
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.gelu import GELU
from engine.layers.layer_norm import LayerNorm
from engine.layers.multi_head_attention import MultiHeadAttention
from engine.layers.relu import ReLU
from engine.spec import param


class TransformerDecoderBlock(Composite):
    """Attention to itself, then to another series, then two Dense on every step, each with a shortcut and a LayerNorm.

    Formula: x = norm(x + attention(x)); x = norm(x + attention(x, memory)); y = norm(x + dense(curve(dense(x)))).

    `memory` is what an encoder read. Vaswani et al., 2017. PyTorch: nn.TransformerDecoderLayer, whose names of weights
    these boxes have.

    Use it to write one series while reading another: translation, summaries. Avoid it where nothing else is read:
    TransformerEncoderBlock, causal, is enough.
    """

    category = "Composites"
    heads: int = param("How many heads each attention has; they share the features.", default=4, min=1, max=256)
    hidden: int = param("How many units the first Dense has.", default=128, min=1, max=65_536)
    dropout: float = param("The share of values that dropout sets to zero.", default=0.0, min=0.0, max=0.95)
    causal: bool = param("Let a step look only at itself and at those before it.", default=True)
    curve: str = param("The curve between the two Dense.", default="gelu", choices=("gelu", "relu"), advanced=True)

    def expand(self, wiring: Wiring, x: Wire, memory: Wire) -> Wire:
        for port, wire in (("x", x), ("memory", memory)):
            if len(wire.shape) != 2:
                text = f"TransformerDecoderBlock takes series (steps × features), but {port} is {describe(wire.shape)}."
                raise ShapeError(text, port=port)
        attended = wiring.add("self_attn", MultiHeadAttention(heads=self.heads, causal=self.causal), x)
        first = self._join(wiring, 1, attended, x)
        looked = wiring.add("multihead_attn", CrossAttention(heads=self.heads), first, memory)
        second = self._join(wiring, 2, looked, first)
        curve = GELU() if self.curve == "gelu" else ReLU()
        wide = wiring.add(self.curve, curve, wiring.add("linear1", Dense(units=self.hidden), second))
        return self._join(wiring, 3, wiring.add("linear2", Dense(units=x.shape[1]), wide), second)

    def _join(self, wiring: Wiring, number: int, branch: Wire, shortcut: Wire) -> Wire:
        if self.dropout:
            branch = wiring.add(f"dropout{number}", Dropout(rate=self.dropout), branch)
        return wiring.add(f"norm{number}", LayerNorm(), wiring.add(f"add{number}", Add(), branch, shortcut))

    def summary(self) -> str:
        return f"{self.heads} heads · {self.hidden} units"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(heads=2, hidden=3), ((3, 4), (2, 4)))
        yield Example(cls(heads=1, hidden=3, dropout=0.1, causal=False, curve="relu"), ((2, 2), (3, 2)))
