"""Self-attention with several heads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.arrays import Array, Shape, describe
from engine.calls import Run, in_turn, prepared
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels.attention import attending, attending_back, heads_of
from engine.kernels.projection import projecting, projecting_back
from engine.layer import Example, OnnxGraph, Parts, Pointwise, Scratch, ShapeError, Weight
from engine.layers.attention import attention_in_onnx, attention_scratch, attention_weights
from engine.layers.general_attention import GeneralAttention
from engine.layers.masked_pooling import FewerSteps
from engine.layers.moved_steps import ToFront, ToPlaces
from engine.problems import Change
from engine.spec import param


class MultiHeadAttention(Pointwise):
    """Lets every step of a series look at all others: y = softmax(q kᵀ / √d) v for each head, then one product.

    q, k and v are products of x with one weight each, cut into heads of width d. Vaswani et al., 2017. ONNX: MatMul and
    Softmax. PyTorch: nn.MultiheadAttention.

    Use it on texts and series, where any step may matter for any other. Avoid it on very long series, for its work
    grows with the square of the steps, and without a PositionalEncoding, for it sees no order.
    """

    category = "Attention"
    heads: int = param(
        "Into how many parts the features are cut, each with its own attention.", default=4, min=1, max=256
    )
    causal: bool = param("Let a step look only at itself and at those before it.", default=False)
    dropout: float = param("The share of what a step looks at that dropout leaves out.", default=0.0, min=0.0, max=0.95)
    rope: bool = param("Rotate queries and keys by their places (RoPE), so that distances count.", default=False)
    base: float = param("How slowly the last pair turns, with RoPE.", default=10_000.0, min=1.0, max=1e9, advanced=True)
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform(), advanced=True)

    def shape(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise ShapeError(f"MultiHeadAttention takes a series (steps × features), not {describe(x)}.")
        if x[1] % self.heads:
            fits = max(heads for heads in range(1, self.heads) if x[1] % heads == 0)
            raise ShapeError(
                f"MultiHeadAttention cannot share {x[1]} features evenly among {self.heads} heads. "
                f"Take a number of heads that divides {x[1]}.",
                Change("heads", fits),
            )
        if self.rope and x[1] // self.heads % 2:
            text = f"RoPE turns pairs of features, but each of {self.heads} heads has {x[1] // self.heads}. Take none."
            raise ShapeError(text, Change("rope", False))
        return x

    def lowers(self, *inputs: Shape) -> bool:
        return self.rope or self.dropout > 0

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return masks[0]

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        if not mask and not self.lowers():
            parts.add("", self, x)
            return
        given = {name: getattr(self, name) for name in self.params()}
        general = GeneralAttention(**given, masked=bool(mask))
        if mask and self.rope:  # places are counted from the first step that is no padding
            first, whole = parts.add("mask", FewerSteps(), mask), parts.add("front", ToFront(), x, mask)
            parts.add("", ToPlaces(), parts.add("own", general, whole, whole, first), mask)
        else:
            parts.add("", general, x, x, *([mask] if mask else []))

    def weights(self, x: Shape) -> dict[str, Weight]:
        return attention_weights(x[1], x[1], self.initializer)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        steps, width = x
        three = Scratch((steps, 3 * width))
        found = {"qkv": three, "context": Scratch(x), "back_qkv": three, "back_context": Scratch(x)}
        return found | attention_scratch(self.heads, steps, steps, width // self.heads)

    @prepared
    def forward(
        self,
        x: Array,
        in_proj_weight: Array,
        in_proj_bias: Array,
        out_proj__weight: Array,
        out_proj__bias: Array,
        qkv: Array,
        context: Array,
        powers: Array,
        inverse: Array,
        turned: Array,
        y: Array,
    ) -> Run:
        (mixed,), parts = heads_of(context, 1, self.heads), heads_of(qkv, 3, self.heads)
        cut = projecting(x, in_proj_weight, in_proj_bias, qkv)
        attend = attending(parts, self.causal, powers, inverse, mixed, turned)
        return in_turn((*cut, *attend, *projecting(context, out_proj__weight, out_proj__bias, y)))

    @prepared
    def backward(
        self,
        x: Array,
        in_proj_weight: Array,
        out_proj__weight: Array,
        qkv: Array,
        context: Array,
        powers: Array,
        inverse: Array,
        back_qkv: Array,
        back_context: Array,
        left: Array,
        right: Array,
        scores: Array,
        grad_y: Array,
        grad_x: Array | None,
        grad_in_proj_weight: Array,
        grad_in_proj_bias: Array,
        grad_out_proj__weight: Array,
        grad_out_proj__bias: Array,
    ) -> Run:
        (attended,), (mixed,) = heads_of(context, 1, self.heads), heads_of(back_context, 1, self.heads)
        parts, out = heads_of(qkv, 3, self.heads), heads_of(back_qkv, 3, self.heads)
        grads = (grad_out_proj__weight, grad_out_proj__bias, back_context)
        join = projecting_back(context, out_proj__weight, grad_y, *grads)
        attend = attending_back(parts, attended, powers, inverse, mixed, out, (left, right, scores))
        cut = projecting_back(x, in_proj_weight, back_qkv, grad_in_proj_weight, grad_in_proj_bias, grad_x)
        return in_turn((*join, *attend, *cut))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return attention_in_onnx(g, ("x", "x"), x, x, self.heads, causal=self.causal)

    def torch(self, x: Shape) -> str:
        mask = f", attn_mask=torch.full(({x[0]}, {x[0]}), float('-inf'), dtype=x.dtype).triu(1)" if self.causal else ""
        if self.rope:
            return ""  # PyTorch has no module for it
        dropout = f"dropout={self.dropout}, " if self.dropout else ""
        module = f"nn.MultiheadAttention({x[1]}, {self.heads}, {dropout}batch_first=True)"
        return f"{module}(x, x, x, need_weights=False{mask})[0]"

    def summary(self) -> str:
        return f"{self.heads} heads" + (" · causal" if self.causal else "") + (" · RoPE" if self.rope else "")

    def multiply_adds(self, x: Shape) -> int:
        steps, width = x
        return 4 * steps * width * width + 2 * steps * steps * width

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(heads=2), ((3, 4),))
        yield Example(cls(heads=1, causal=True), ((4, 3),))
        yield Example(cls(heads=4, causal=True), ((5, 4),))
        yield Example(cls(heads=2, rope=True, causal=True), ((3, 8),))
        yield Example(cls(heads=2, dropout=0.3), ((3, 4),))
