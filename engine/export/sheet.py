"""An ONNX graph while it is being written, operator by operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np

from engine.arrays import Array, Shape


@dataclass
class Operator:
    """One node of the model: its kind, its name, and the names of the values that it reads and writes."""

    kind: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any]


@dataclass
class Sheet:
    """What has been written so far. Every name is given once, whether it is of a node, a value or an array."""

    opset: int
    operators: list[Operator] = field(default_factory=list)
    arrays: dict[str, Array] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    _held: dict[tuple[Any, ...], str] = field(default_factory=dict)

    def name(self, wish: str) -> str:
        """Return `wish`, or `wish` and the first number that makes a new name; it is taken from now on."""
        number, name = 1, wish
        while name in self.names:
            number += 1
            name = f"{wish}_{number}"
        self.names.add(name)
        return name

    def hold(self, wish: str, value: Any) -> str:
        """Return the name of an array with these values; one that is there under this wish already is used again."""
        array = single(value)
        key = wish, array.dtype.str, array.shape, sha256(array.tobytes()).digest()
        if key not in self._held:
            name = self._held[key] = self.name(wish)
            self.arrays[name] = array
        return self._held[key]

    def rename(self, old: str, new: str, start: int) -> None:
        """Give a value another name in all operators from number `start` on."""
        for operator in self.operators[start:]:
            operator.inputs = [new if name == old else name for name in operator.inputs]
            operator.outputs = [new if name == old else name for name in operator.outputs]


class Box:
    """One box of the graph at its turn: the `OnnxGraph` that its layer, loss or preprocessing writes to.

    `shapes` are those of one sample at the ports of the box, `weights` its arrays by PyTorch's names; `owner` is the box
    whose weights they are, where that is another one.
    """

    def __init__(
        self, sheet: Sheet, node: str, shapes: Mapping[str, Shape], weights: Mapping[str, Array], owner: str = ""
    ) -> None:
        self.opset = sheet.opset
        self._owner = owner or node
        self._sheet, self._node, self._shapes, self._weights = sheet, node, shapes, weights
        self._start = len(sheet.operators)

    def op(self, kind: str, /, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Add one ONNX operator; return its output's name, or a tuple of names where there are several."""
        name = self._sheet.name(f"{self._node}/{kind}")
        written = [name if outputs == 1 else self._sheet.name(f"{name}_output") for _ in range(outputs)]
        given = {key: value for key, value in attributes.items() if value is not None}
        self._sheet.operators.append(Operator(kind, name, list(inputs), written, given))
        return written[0] if outputs == 1 else tuple(written)

    def weight(self, name: str) -> str:
        """Return the name of one of this box's weights."""
        return self._sheet.hold(f"{self._owner}.{name}", self._weights[name])

    def weight_array(self, name: str) -> Array:
        """Return the values of one of this box's weights, for those that must be rearranged."""
        return self._weights[name]

    def constant(self, value: Any) -> str:
        """Add an array of fixed values: whole numbers become int64, other numbers float32, texts stay texts."""
        return self._sheet.hold(f"{self._owner}/constant", value)

    def shape(self, port: str) -> Shape:
        """Return the inferred shape of one sample at a port of this box."""
        return self._shapes[port]

    def leave(self, values: Sequence[str], wishes: Sequence[str]) -> tuple[str, ...]:
        """Give the values that leave the box the names of `wishes` where the box itself has computed them.

        A value that only passes through keeps its name. The only operator of a box gets the name of the box.
        """
        own = self._sheet.operators[self._start :]
        computed = {name for operator in own for name in operator.outputs}
        left: dict[str, str] = {}
        for value, wish in zip(values, wishes, strict=True):
            if value in computed and value not in left:
                left[value] = self._sheet.name(wish)
                self._sheet.rename(value, left[value], self._start)
        if len(own) == 1:
            own[0].name = self._node
        return tuple(left.get(value, value) for value in values)

    def deliver(self, value: str, name: str) -> str:
        """Make `value` leave the model under exactly this name, which must have been set aside; return it."""
        own = self._sheet.operators[self._start :]
        if any(value in operator.outputs for operator in own):
            self._sheet.rename(value, name, self._start)
        else:
            self._sheet.operators.append(
                Operator("Identity", self._sheet.name(f"{name}/Identity"), [value], [name], {})
            )
        return name


def single(value: Any) -> Array:
    """Return an array of a type that models use: float32, int64, bool, int32, uint8 or texts."""
    array = np.asarray(value)
    if (array.dtype.kind == "f" and array.dtype != np.float64) or array.dtype.kind in "bUO":
        return np.ascontiguousarray(array).reshape(array.shape)
    wanted = np.float32 if array.dtype.kind == "f" else array.dtype if array.dtype.itemsize < 8 else np.int64
    return np.ascontiguousarray(array, dtype=wanted).reshape(array.shape)
