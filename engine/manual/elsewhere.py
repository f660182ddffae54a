"""What a layer is called in PyTorch and in ONNX, found by asking it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from engine.arrays import Shape
from engine.layer import Layer


def elsewhere(kind: type[Layer]) -> Iterator[str]:
    """Yield a sentence for each language that has it, as its first example is said there."""
    example = next(iter(kind.examples()))
    if kind.torch is not Layer.torch:
        yield f"PyTorch: {example.layer.torch(*example.inputs)}"
    if kind.onnx is not Layer.onnx:
        yield f"ONNX: {', '.join(dict.fromkeys(_operators(example.layer, example.inputs)))}"


def _operators(layer: Layer, inputs: Sequence[Shape]) -> list[str]:
    """Return the ONNX operators that a layer becomes."""
    listener = _Listener(layer, inputs)
    layer.onnx(listener, *layer.ports())
    return listener.kinds


class _Listener:
    """An OnnxGraph that builds nothing and notes the operators it is asked for."""

    opset = 20

    def __init__(self, layer: Layer, inputs: Sequence[Shape]) -> None:
        self.kinds: list[str] = []
        self._weights = layer.weights(*inputs)
        self._shapes: Mapping[str, Shape] = dict(zip(layer.ports(), inputs, strict=True))

    def op(self, kind: str, /, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        self.kinds.append(kind)
        return kind if outputs == 1 else (kind,) * outputs

    def weight(self, name: str) -> str:
        return name

    def weight_array(self, name: str) -> Any:
        shape = self._weights[name].shape
        return np.zeros(shape, np.float32)

    def constant(self, value: Any) -> str:
        return "constant"

    def shape(self, port: str) -> Shape:
        return self._shapes[port]
