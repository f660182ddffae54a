"""Where a new box comes to lie, and what it is wired to."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from app.edits import Edit, add, behind, chain, insert, wire
from app.sizes import WIDTH, height, snap
from engine.graph import NodeId, Port
from engine.layer import Layer


@dataclass(frozen=True)
class Landing:
    """Behind the box `leader`; else around the place `at`, or with its port there where it is wired to one end.

    With both a source and a target it comes into the wire between them.
    """

    at: QPointF
    source: Port | None = None
    target: Port | None = None
    leader: NodeId | None = None

    def edit(self, layer: Layer, node: NodeId) -> Edit:
        """Return the edit that adds a layer under a name that no box has."""
        if self.leader is not None:
            return behind(self.leader, layer, node)
        added = add(layer, (snap(self._left()), snap(self.at.y() - height(layer) / 2)), node)
        if self.source and self.target:
            return chain(added, insert(node, self.target))
        if self.source:
            return chain(added, wire(self.source, Port(node, layer.ports()[0])))
        return chain(added, wire(Port(node, layer.outputs[0]), self.target)) if self.target else added

    def _left(self) -> float:
        if bool(self.source) == bool(self.target):
            return self.at.x() - WIDTH / 2
        return self.at.x() - (0 if self.source else WIDTH)
