"""Attention with everything that it may have: what the compiler puts in place of one that has any, no box of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.calls import in_turn
from engine.initializer import Initializer
from engine.initializers.glorot import GlorotUniform
from engine.kernels.attention import heads_of, scores_in_cache
from engine.kernels.attention_options import FAR, attend, attend_back
from engine.kernels.chance import dropping
from engine.kernels.reductions import sum_rows
from engine.kernels.rotation import rotate, turns
from engine.layer import Layer, OnnxGraph, Scratch, Weight
from engine.spec import param


def attention_weights(width: int, memory: int, initializer: Initializer) -> dict[str, Weight]:
    """Return the weights of an attention whose keys and values are made of `memory` features: PyTorch's kdim and vdim."""
    if memory == width:
        found = {"in_proj_weight": Weight((3 * width, width), initializer, fan_in=width, fan_out=width)}
    else:
        widths = {"q": width, "k": memory, "v": memory}
        found = {
            f"{name}_proj_weight": Weight((width, size), initializer, fan_in=size, fan_out=width)
            for name, size in widths.items()
        }
    return found | {
        "in_proj_bias": Weight((3 * width,)),
        "out_proj.weight": Weight((width, width), initializer, fan_in=width, fan_out=width),
        "out_proj.bias": Weight((width,)),
    }


def attention_scratch(heads: int, steps: int, others: int, width: int) -> dict[str, Scratch]:
    """Return what `attend` and `attend_back` need of `engine.kernels.attention`, for heads of a width."""
    return {
        "powers": Scratch((heads, steps, others)),
        "inverse": Scratch((heads, steps, 1)),
        "turned": Scratch((heads, width, others)),
        "left": Scratch((heads, steps, width + 1)),
        "right": Scratch((heads, width + 1, others)),
        "scores": Scratch((scores_in_cache(steps, others),), batched=False),
    }


def _flat(x: Array) -> Array:
    return x.reshape(-1, x.shape[-1])


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
        square, row = Scratch((self.heads, steps, memory[0])), Scratch((self.heads, steps, 1))
        found = {
            **dict.fromkeys(("q", "context", "back_q", "back_context"), Scratch(query)),
            **dict.fromkeys(("k", "v", "back_k", "back_v"), Scratch(others)),
            **dict.fromkeys(("chances", "work", "back_work", "scores"), square),
            **dict.fromkeys(("row", "back_row"), row),
        }
        found["back_memory"] = Scratch(memory)
        if self.dropout:
            found["kept"] = square
        if self.rope:
            pairs = Scratch((max(steps, memory[0]), self.heads, width // (2 * self.heads)))
            found |= {"turned_q": Scratch(query), "turned_k": Scratch(others), "half": pairs, "back_half": pairs}
        return found

    def _heads(self, *parts: Array) -> list[Array]:
        """Return parts (N, T, E) by heads: (N, heads, T, D)."""
        return [heads_of(part, 1, self.heads)[0] for part in parts]

    def _turn(self, x: Array, half: Array, out: Array, sign: int = 1) -> None:
        """Write x (N, T, E), rotated forwards or back by the places of its steps, into `out`."""
        count, pairs = x.shape[1], x.shape[2] // (2 * self.heads)
        cosines, sines = turns(count, pairs, self.base, x.dtype)
        shape = (len(x), count, self.heads, pairs)
        work = half.reshape(-1)[: int(np.prod(shape))].reshape(shape)
        rotate(x.reshape(*shape, 2), cosines, sign * sines, work, out.reshape(*shape, 2))

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
        half: Array,
        context: Array,
        chances: Array,
        kept: Array | None,
        work: Array,
        row: Array,
        rng: Generator,
        training: bool,
        y: Array,
    ) -> None:
        weights = _three(in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight)
        for x, weight, bias, out in zip(
            (query, memory, memory), weights, np.split(in_proj_bias, 3), (q, k, v), strict=True
        ):
            _flat(x).dot(weight.T, _flat(out))  # (N·T, F) @ (F, E) -> (N·T, E)
            np.add(out, bias, out=out)
        if turned_q is not None and turned_k is not None:
            self._turn(q, half, turned_q)
            self._turn(k, half, turned_k)
            q, k = turned_q, turned_k
        parts = self._heads(q, k, v)
        kept = kept if training else None
        if kept is not None:
            in_turn(dropping(rng, self.dropout, kept))()
        (mixed,) = self._heads(context)
        seen = attend(parts, self.causal, mask, chances, kept, row, work)
        np.matmul(seen, parts[2], out=mixed)  # (T, S) @ (S, D) -> (T, D)
        _flat(context).dot(out_proj__weight.T, _flat(y))  # (N·T, E) @ (E, E) -> (N·T, E)
        np.add(y, out_proj__bias, out=y)

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
        back_half: Array,
        context: Array,
        chances: Array,
        kept: Array | None,
        scores: Array,
        back_work: Array,
        back_row: Array,
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
    ) -> None:
        grad = _flat(grad_y)
        grad.T.dot(_flat(context), grad_out_proj__weight)  # (E, N·T) @ (N·T, E) -> (E, E)
        sum_rows(grad, out=grad_out_proj__bias)
        grad.dot(out_proj__weight, _flat(back_context))  # (N·T, E) @ (E, E) -> (N·T, E)
        parts = self._heads(q if turned_q is None else turned_q, k if turned_k is None else turned_k, v)
        (mixed,), out = self._heads(back_context), self._heads(back_q, back_k, back_v)
        attend_back(parts, chances, kept, mixed, scores, back_work, back_row, out)
        if turned_q is not None:
            for back, whole in ((back_q, q), (back_k, k)):  # nobody reads q and k from here on
                self._turn(back, back_half, whole, -1)
            back_q, back_k = q, k
        weights = _three(in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight)
        grads = _three(grad_in_proj_weight, grad_q_proj_weight, grad_k_proj_weight, grad_v_proj_weight)
        sums, backs = np.split(grad_in_proj_bias, 3), (back_q, back_k, back_v)
        for x, back, total, target in zip((query, memory, memory), backs, sums, grads, strict=True):
            _flat(back).T.dot(_flat(x), target)  # (E, N·T) @ (N·T, F) -> (E, F)
            sum_rows(_flat(back), out=total)
        if grad_query is not None:
            _flat(back_q).dot(weights[0], _flat(grad_query))  # (N·T, E) @ (E, F) -> (N·T, F)
        if grad_memory is not None:
            _flat(back_v).dot(weights[2], _flat(grad_memory))  # (N·S, E) @ (E, F) -> (N·S, F)
            _flat(back_k).dot(weights[1], _flat(back_memory))  # (N·S, E) @ (E, F) -> (N·S, F)
            np.add(grad_memory, back_memory, out=grad_memory)

    def onnx(self, g: OnnxGraph, query: str, memory: str, mask: str = "") -> Any:
        (steps, width), (others, features) = g.shape("query"), g.shape("memory")
        weights = (
            np.split(g.weight_array("in_proj_weight"), 3)
            if features == width
            else [g.weight_array(f"{name}_proj_weight") for name in "qkv"]
        )
        biases = np.split(g.weight_array("in_proj_bias"), 3)
        parts: list[str] = []
        for x, weight, bias, count in zip(
            (query, memory, memory), weights, biases, (steps, others, others), strict=True
        ):
            part = g.op("Add", g.op("MatMul", x, g.constant(np.ascontiguousarray(weight.T))), g.constant(bias))
            if self.rope and len(parts) < 2:
                part = self._turned_onnx(g, part, count, width)
            cut = g.constant(np.array([0, count, self.heads, width // self.heads]))
            parts.append(g.op("Reshape", part, cut))
        q, k, v = (g.op("Transpose", p, perm=turn) for p, turn in zip(parts, TURNS, strict=True))
        scores = g.op("Mul", g.op("MatMul", q, k), g.constant(np.float32((width // self.heads) ** -0.5)))
        if self.causal:
            scores = g.op("Add", scores, g.constant(np.triu(np.full((steps, others), FAR, np.float32), 1)))
        if self.masked:
            far = g.op("Mul", g.op("Sub", mask, g.constant(np.float32(1))), g.constant(np.float32(-FAR)))
            scores = g.op("Add", scores, g.op("Unsqueeze", far, g.constant(np.array([1, 2]))))
        mixed = g.op("Transpose", g.op("MatMul", g.op("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
        rows = g.op("Reshape", mixed, g.constant(np.array([0, steps, width])))
        out = g.op("MatMul", rows, g.constant(np.ascontiguousarray(g.weight_array("out_proj.weight").T)))
        return g.op("Add", out, g.weight("out_proj.bias"))

    def _turned_onnx(self, g: OnnxGraph, x: str, steps: int, width: int) -> str:
        cosines, sines = turns(steps, width // (2 * self.heads), self.base, np.float32)
        signed = np.stack((-sines, sines), axis=-1).reshape(steps, -1)
        other = np.arange(width).reshape(-1, 2)[:, ::-1].reshape(-1)  # the other of each pair
        direct = g.op("Mul", x, g.constant(np.tile(np.repeat(cosines, 2, axis=1), self.heads)))
        across = g.op("Gather", x, g.constant(other), axis=2)
        return str(g.op("Add", direct, g.op("Mul", across, g.constant(np.tile(signed, self.heads)))))


TURNS = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])  # of q, k and v by steps into those by heads


def _three(whole: Array | None, *parts: Array | None) -> Sequence[Any]:
    """Return the weights of q, k and v, whether they lie in one array or in three."""
    return np.split(whole, 3) if whole is not None else parts
