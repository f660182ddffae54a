"""The block of transformers that read."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import describe
from engine.composite import Composite, Wire, Wiring
from engine.layer import Example, ShapeError
from engine.layers.add import Add
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.gelu import GELU
from engine.layers.layer_norm import LayerNorm
from engine.layers.multi_head_attention import MultiHeadAttention
from engine.spec import param


class TransformerEncoderBlock(Composite):
    """Self-attention, then two Dense on every step, each with a shortcut and a LayerNorm behind it.

    Formula: x = norm(x + attention(x)); y = norm(x + dense(gelu(dense(x)))).

    Vaswani et al., 2017. PyTorch: nn.TransformerEncoderLayer, whose names of weights these boxes have.

    Use it on texts and series with many samples, stacked, behind an Embedding and a PositionalEncoding. Avoid it with
    few samples, where a GRU or a Conv1D learns more.
    """

    category = "Composites"
    heads: int = param("How many heads the attention has; they share the features.", default=4, min=1, max=256)
    hidden: int = param("How many units the first Dense has.", default=128, min=1, max=65_536)
    dropout: float = param("The share of values that dropout sets to zero.", default=0.0, min=0.0, max=0.95)
    causal: bool = param("Let a step look only at itself and at those before it.", default=False)
    gelu: str = param("Which form of GELU.", default="exact", choices=("exact", "tanh"), advanced=True)

    def expand(self, wiring: Wiring, x: Wire) -> Wire:
        if len(x.shape) != 2:
            raise ShapeError(f"TransformerEncoderBlock takes a series (steps × features), not {describe(x.shape)}.")
        attended = wiring.add("self_attn", MultiHeadAttention(heads=self.heads, causal=self.causal), x)
        middle = self._join(wiring, 1, attended, x)
        wide = wiring.add("gelu", GELU(form=self.gelu), wiring.add("linear1", Dense(units=self.hidden), middle))
        narrow = wiring.add("linear2", Dense(units=x.shape[1]), wide)
        return self._join(wiring, 2, narrow, middle)

    def _join(self, wiring: Wiring, number: int, branch: Wire, shortcut: Wire) -> Wire:
        if self.dropout:
            branch = wiring.add(f"dropout{number}", Dropout(rate=self.dropout), branch)
        return wiring.add(f"norm{number}", LayerNorm(), wiring.add(f"add{number}", Add(), branch, shortcut))

    def summary(self) -> str:
        return f"{self.heads} heads · {self.hidden} units"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(heads=2, hidden=5), ((3, 4),))
        yield Example(cls(heads=1, hidden=4, dropout=0.1, causal=True, gelu="tanh"), ((3, 2),))
