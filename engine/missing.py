"""A box that this program cannot read, kept so that it is written back unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.arrays import Shape
from engine.layer import Example, Layer, ShapeError
from engine.spec import param


class Missing(Layer, abstract=True):
    """Stands for a layer that is unknown here, or has a value that it does not take.

    It keeps what the file says of the layer, and the ports that its wires end at. It is in no palette, and a network
    with one cannot be trained.
    """

    category = "Missing"
    raw: str = param("What the file says of this layer, as JSON text.", default='{"type": "Missing"}', hidden=True)
    why: str = param("Why it cannot be read, as a sentence.", default="", hidden=True)
    port_names: tuple[str, ...] = param("Its wired inputs.", default=(), hidden=True)

    @classmethod
    def of(cls, raw: Any, why: str, ports: tuple[str, ...] = ()) -> Missing:
        """Return a box for `raw`, the plain JSON value that describes the layer."""
        return cls(raw=json.dumps(raw, sort_keys=True), why=why, port_names=ports)

    @property
    def kind(self) -> str:
        """The name of the layer that is missing."""
        raw = json.loads(self.raw)
        return str(raw.get("type", "?"))[:80] if isinstance(raw, dict) else "?"

    def ports(self) -> tuple[str, ...]:
        return self.port_names

    def shape(self, *inputs: Shape) -> Shape:
        raise ShapeError(self._sentence())

    def problems(self) -> dict[str, str]:
        return {"raw": self._sentence()}

    def _sentence(self) -> str:
        why = self.why or f"There is no Layer named {self.kind!r}."
        return f"This box cannot be used here: {why} It is kept as it is; replace it, or open the project elsewhere."

    def to_dict(self) -> Any:
        return json.loads(self.raw)

    def summary(self) -> str:
        return f"{self.kind} is missing"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ())
