"""Attention of one series to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels.attention import attending, attending_back, heads_of
from engine.kernels.projection import projecting, projecting_back
from engine.layer import Example, Layer, OnnxGraph, Parts, Scratch, ShapeError, Weight
from engine.layers.attention import attention_in_onnx, attention_scratch, attention_weights
from engine.layers.general_attention import GeneralAttention
from engine.problems import Change
from engine.spec import param


class CrossAttention(Layer):
    """Lets every step of one series look at all steps of another: y = softmax(q kᵀ / √d) v for each head, then one product.

    q is a product of `query`, k and v are products of `memory`, cut into heads of width d. Bahdanau, Cho and Bengio, 2015;
    Vaswani et al., 2017. ONNX: MatMul and Softmax. PyTorch: nn.MultiheadAttention.

    Use it where one series asks another: translation, a text about an image, a decoder. Avoid it within one series:
    MultiHeadAttention does that. Its work grows with the product of both lengths.
    """

    category = "Attention"
    heads: int = param(
        "Into how many parts the features are cut, each with its own attention.", default=4, min=1, max=256
    )
    dropout: float = param("The share of what a step looks at that dropout leaves out.", default=0.0, min=0.0, max=0.95)
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform(), advanced=True)

    def shape(self, query: Shape, memory: Shape) -> Shape:
        for port, x in (("query", query), ("memory", memory)):
            if len(x) != 2:
                text = f"CrossAttention takes series (steps × features), but {port} is {describe(x)}."
                raise ShapeError(text, port=port)
        if query[1] % self.heads:
            fits = max(heads for heads in range(1, self.heads) if query[1] % heads == 0)
            raise ShapeError(
                f"CrossAttention cannot share {query[1]} features evenly among {self.heads} heads. "
                f"Take a number of heads that divides {query[1]}.",
                Change("heads", fits),
            )
        return query

    def weights(self, query: Shape, memory: Shape) -> dict[str, Weight]:
        return attention_weights(query[1], memory[1], self.initializer)

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return masks[0]

    def lowers(self, query: Shape, memory: Shape) -> bool:  # type: ignore[override]
        return query[1] != memory[1] or self.dropout > 0

    def lower(self, parts: Parts, query: Any, memory: Any) -> None:
        mask = parts.masks[1]
        if not mask and not self.lowers(*parts.shapes):
            parts.add("", self, query, memory)
            return
        given = {name: getattr(self, name) for name in self.params()}
        parts.add("", GeneralAttention(**given, masked=bool(mask)), query, memory, *([mask] if mask else []))

    def scratch(self, query: Shape, memory: Shape) -> dict[str, Scratch]:
        steps, width = query
        one, pair = Scratch(query), Scratch((memory[0], 2 * width))
        found = {"q": one, "kv": pair, "context": one, "back_q": one, "back_kv": pair, "back_context": one}
        return found | attention_scratch(self.heads, steps, memory[0], width // self.heads)

    def _cut(self, q: Array, kv: Array) -> list[Array]:
        """Return q, k and v by heads: (N, heads, T, D)."""
        return [*heads_of(q, 1, self.heads), *heads_of(kv, 2, self.heads)]

    @prepared
    def forward(
        self,
        query: Array,
        memory: Array,
        in_proj_weight: Array,
        in_proj_bias: Array,
        out_proj__weight: Array,
        out_proj__bias: Array,
        q: Array,
        kv: Array,
        context: Array,
        powers: Array,
        inverse: Array,
        turned: Array,
        y: Array,
    ) -> Run:
        (mixed,), width = heads_of(context, 1, self.heads), query.shape[2]
        ask = projecting(query, in_proj_weight[:width], in_proj_bias[:width], q)
        answer = projecting(memory, in_proj_weight[width:], in_proj_bias[width:], kv)
        attend = attending(self._cut(q, kv), False, powers, inverse, mixed, turned)
        return in_turn((*ask, *answer, *attend, *projecting(context, out_proj__weight, out_proj__bias, y)))

    @prepared
    def backward(
        self,
        query: Array,
        memory: Array,
        in_proj_weight: Array,
        out_proj__weight: Array,
        q: Array,
        kv: Array,
        context: Array,
        powers: Array,
        inverse: Array,
        back_q: Array,
        back_kv: Array,
        back_context: Array,
        left: Array,
        right: Array,
        scores: Array,
        grad_y: Array,
        grad_query: Array | None,
        grad_memory: Array | None,
        grad_in_proj_weight: Array,
        grad_in_proj_bias: Array,
        grad_out_proj__weight: Array,
        grad_out_proj__bias: Array,
    ) -> Run:
        (attended,), (mixed,) = heads_of(context, 1, self.heads), heads_of(back_context, 1, self.heads)
        parts, out, width = self._cut(q, kv), self._cut(back_q, back_kv), query.shape[2]
        grads = (grad_out_proj__weight, grad_out_proj__bias, back_context)
        join = projecting_back(context, out_proj__weight, grad_y, *grads)
        attend = attending_back(parts, attended, powers, inverse, mixed, out, (left, right, scores))
        weight, totals, sums = in_proj_weight, grad_in_proj_weight, grad_in_proj_bias
        ask = projecting_back(query, weight[:width], back_q, totals[:width], sums[:width], grad_query)
        answer = projecting_back(memory, weight[width:], back_kv, totals[width:], sums[width:], grad_memory)
        return in_turn((*join, *attend, *ask, *answer))

    def onnx(self, g: OnnxGraph, query: str, memory: str) -> Any:
        return attention_in_onnx(g, ("query", "memory"), query, memory, self.heads)

    def torch(self, query: Shape, memory: Shape) -> str:
        more = f"dropout={self.dropout}, " if self.dropout else ""
        more += f"kdim={memory[1]}, vdim={memory[1]}, " if memory[1] != query[1] else ""
        module = f"nn.MultiheadAttention({query[1]}, {self.heads}, {more}batch_first=True)"
        return f"{module}(query, memory, memory, need_weights=False)[0]"

    def summary(self) -> str:
        return f"{self.heads} heads"

    def multiply_adds(self, query: Shape, memory: Shape) -> int:
        (steps, width), (others, _) = query, memory
        return 2 * steps * width * width + 2 * others * memory[1] * width + 2 * steps * others * width

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(heads=2), ((3, 4), (2, 4)))
        yield Example(cls(heads=4), ((3, 4), (5, 4)))
        yield Example(cls(heads=1), ((2, 3), (2, 3)))
        yield Example(cls(heads=2), ((3, 4), (2, 5)))
        yield Example(cls(heads=1, dropout=0.2), ((2, 3), (4, 2)))
