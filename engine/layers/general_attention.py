"""Attention with everything that it may have: what the compiler puts in place of one that has any, no box of its own."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.calls import Run, in_turn, prepared
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels.attention import attending, attending_back, heads_of, leaving_out
from engine.kernels.chance import dropping
from engine.kernels.projection import projecting, projecting_back
from engine.kernels.rotation import rotating
from engine.layer import Layer, OnnxGraph, Scratch, Weight
from engine.layers.attention import attention_in_onnx, attention_scratch, attention_weights, three
from engine.spec import param


class GeneralAttention(Layer, abstract=True):
    """Multi-head attention of `query` to `memory`, of which the steps that the `mask` has as padding are left out."""

    category = "Attention"
    heads: int = param("Into how many parts the features are cut.", default=4, min=1, max=256)
    causal: bool = param("Let a step look only at itself and at those before it.", default=False)
    dropout: float = param("The share of what is looked at that is left out.", default=0.0, min=0.0, max=0.95)
    rope: bool = param("Rotate queries and keys by their places.", default=False)
    base: float = param("How slowly the last pair turns.", default=10_000.0, min=1.0, max=1e9)
    masked: bool = param("Whether there is a mask.", default=False)
    initializer: Initializer = param("First values of the weights.", default=GlorotUniform())

    def ports(self) -> tuple[str, ...]:
        return ("query", "memory", "mask") if self.masked else ("query", "memory")

    def shape(self, query: Shape, memory: Shape, mask: Shape = ()) -> Shape:
        return query

    def weights(self, query: Shape, memory: Shape, mask: Shape = ()) -> dict[str, Weight]:
        return attention_weights(query[1], memory[1], self.initializer)

    def scratch(self, query: Shape, memory: Shape, mask: Shape = ()) -> dict[str, Scratch]:
        (steps, width), others = query, (memory[0], query[1])
        found = attention_scratch(self.heads, steps, memory[0], width // self.heads)
        found |= dict.fromkeys(("q", "context", "back_q", "back_context"), Scratch(query))
        found |= dict.fromkeys(("k", "v", "back_k", "back_v"), Scratch(others))
        found["back_memory"] = Scratch(memory)
        if self.masked:
            found["far"] = Scratch(mask)
        if self.dropout:
            found |= {"kept": found["powers"], "seen": found["scores"]}
        if self.rope:
            found |= {"turned_q": Scratch(query), "turned_k": Scratch(others)}
        return found

    def _heads(self, *parts: Array) -> list[Array]:
        """Return parts (N, T, E) by heads: (N, heads, T, D)."""
        return [heads_of(part, 1, self.heads)[0] for part in parts]

    def _turning(self, x: Array, out: Array, *, back: bool = False) -> Run:
        return rotating(x, self.heads, self.base, out, back=back)

    @prepared
    def forward(
        self,
        query: Array,
        memory: Array,
        mask: Array | None,
        in_proj_weight: Array | None,
        q_proj_weight: Array | None,
        k_proj_weight: Array | None,
        v_proj_weight: Array | None,
        in_proj_bias: Array,
        out_proj__weight: Array,
        out_proj__bias: Array,
        q: Array,
        k: Array,
        v: Array,
        turned_q: Array | None,
        turned_k: Array | None,
        context: Array,
        powers: Array,
        inverse: Array,
        turned: Array,
        far: Array | None,
        kept: Array | None,
        seen: Array | None,
        rng: Generator,
        training: bool,
        y: Array,
    ) -> Run:
        weights, calls = three(in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight), list[Run]()
        sources, biases = (query, memory, memory), np.split(in_proj_bias, 3)
        for x, weight, bias, out in zip(sources, weights, biases, (q, k, v), strict=True):
            calls += projecting(x, weight, bias, out)
        if turned_q is not None and turned_k is not None:
            calls += (self._turning(q, turned_q), self._turning(k, turned_k))
            q, k = turned_q, turned_k
        if mask is not None and far is not None:
            calls += leaving_out(mask, far)
        kept = kept if training else None
        if kept is not None:
            calls += dropping(rng, self.dropout, kept)
        (mixed,) = self._heads(context)
        calls += attending(self._heads(q, k, v), self.causal, powers, inverse, mixed, turned, far, kept, seen)
        return in_turn((*calls, *projecting(context, out_proj__weight, out_proj__bias, y)))

    @prepared
    def backward(
        self,
        query: Array,
        memory: Array,
        in_proj_weight: Array | None,
        q_proj_weight: Array | None,
        k_proj_weight: Array | None,
        v_proj_weight: Array | None,
        out_proj__weight: Array,
        q: Array,
        k: Array,
        v: Array,
        turned_q: Array | None,
        turned_k: Array | None,
        context: Array,
        powers: Array,
        inverse: Array,
        kept: Array | None,
        left: Array,
        right: Array,
        scores: Array,
        back_q: Array,
        back_k: Array,
        back_v: Array,
        back_context: Array,
        back_memory: Array,
        grad_y: Array,
        grad_query: Array | None,
        grad_memory: Array | None,
        grad_in_proj_weight: Array | None,
        grad_q_proj_weight: Array | None,
        grad_k_proj_weight: Array | None,
        grad_v_proj_weight: Array | None,
        grad_in_proj_bias: Array,
        grad_out_proj__weight: Array,
        grad_out_proj__bias: Array,
    ) -> Run:
        grads = (grad_out_proj__weight, grad_out_proj__bias, back_context)
        calls = [*projecting_back(context, out_proj__weight, grad_y, *grads)]
        parts = self._heads(q if turned_q is None else turned_q, k if turned_k is None else turned_k, v)
        (attended, mixed), out = self._heads(context, back_context), self._heads(back_q, back_k, back_v)
        calls += attending_back(parts, attended, powers, inverse, mixed, out, (left, right, scores), kept)
        if turned_q is not None:  # nobody reads q and k from here on
            calls += (self._turning(back_q, q, back=True), self._turning(back_k, k, back=True))
            back_q, back_k = q, k
        weights = three(in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight)
        totals = three(grad_in_proj_weight, grad_q_proj_weight, grad_k_proj_weight, grad_v_proj_weight)
        sums, more = np.split(grad_in_proj_bias, 3), None if grad_memory is None else back_memory
        rows = ((query, back_q, grad_query), (memory, back_k, grad_memory), (memory, back_v, more))
        for (x, back, to), weight, total, each in zip(rows, weights, totals, sums, strict=True):
            calls += projecting_back(x, weight, back, total, each, to)
        if grad_memory is not None:
            calls.append(partial(np.add, grad_memory, back_memory, grad_memory))
        return in_turn(calls)

    def onnx(self, g: OnnxGraph, query: str, memory: str, mask: str = "") -> Any:
        base = self.base if self.rope else None
        ports = ("query", "memory")
        return attention_in_onnx(g, ports, query, memory, self.heads, causal=self.causal, mask=mask, base=base)
