"""What the layers of attention have in common: weights, working arrays, and how they are said in ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.initializer import Initializer
from engine.kernels.attention import FAR, scores_in_cache
from engine.layer import OnnxGraph, Scratch, Weight
from engine.layers.rope import rotated_in_onnx

TURNS = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])  # of q, k and v by steps into those by heads


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
    """Return what `engine.kernels.attention` needs, for heads of a width."""
    return {
        "powers": Scratch((heads, steps, others)),
        "inverse": Scratch((heads, steps, 1)),
        "turned": Scratch((heads, width, others)),
        "left": Scratch((heads, steps, width + 1)),
        "right": Scratch((heads, width + 1, others)),
        "scores": Scratch((scores_in_cache(steps, others),), batched=False),
    }


def attention_in_onnx(
    g: OnnxGraph,
    ports: Sequence[str],
    query: str,
    memory: str,
    heads: int,
    *,
    causal: bool = False,
    mask: str = "",
    base: float | None = None,
) -> Any:
    """Describe an attention of `query` to `memory`, the values at these `ports`, in ONNX; with a `base`, both are rotated."""
    (steps, width), (others, features) = map(g.shape, ports)
    whole = g.weight_array("in_proj_weight") if features == width else None
    weights = three(whole, *(g.weight_array(f"{name}_proj_weight") for name in "qkv" if whole is None))
    parts = _projected(g, (query, memory, memory), (steps, others, others), weights, heads, base)
    q, k, v = (g.op("Transpose", part, perm=turn) for part, turn in zip(parts, TURNS, strict=True))
    scores = g.op("Mul", g.op("MatMul", q, k), g.constant(np.float32((width // heads) ** -0.5)))
    if causal:
        # A large number instead of infinity: some optimisers of ONNX models dislike the latter.
        scores = g.op("Add", scores, g.constant(np.triu(np.full((steps, others), FAR, np.float32), 1)))
    if mask:
        far = g.op("Mul", g.op("Sub", mask, g.constant(np.float32(1))), g.constant(np.float32(-FAR)))
        scores = g.op("Add", scores, g.op("Unsqueeze", far, g.constant(np.array([1, 2]))))
    mixed = g.op("Transpose", g.op("MatMul", g.op("Softmax", scores, axis=-1), v), perm=[0, 2, 1, 3])
    rows = g.op("Reshape", mixed, g.constant(np.array([0, steps, width])))
    out = g.op("MatMul", rows, g.constant(np.ascontiguousarray(g.weight_array("out_proj.weight").T)))
    return g.op("Add", out, g.weight("out_proj.bias"))


def _projected(
    g: OnnxGraph,
    sources: Sequence[str],
    counts: Sequence[int],
    weights: Sequence[Array],
    heads: int,
    base: float | None,
) -> list[str]:
    """Return q, k and v, each cut into heads: (N, T, heads, D)."""
    parts: list[str] = []
    biases = np.split(g.weight_array("in_proj_bias"), 3)
    width = len(biases[0])
    for x, weight, bias, count in zip(sources, weights, biases, counts, strict=True):
        part = g.op("Add", g.op("MatMul", x, g.constant(np.ascontiguousarray(weight.T))), g.constant(bias))
        if base is not None and len(parts) < 2:
            part = rotated_in_onnx(g, part, count, width, heads, base)
        parts.append(g.op("Reshape", part, g.constant(np.array([0, count, heads, width // heads]))))
    return parts


def three(whole: Array | None, *parts: Array | None) -> Sequence[Any]:
    """Return the weights of q, k and v, whether they lie in one array or in three."""
    return np.split(whole, 3) if whole is not None else parts
