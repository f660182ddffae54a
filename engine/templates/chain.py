"""A network that is one chain of boxes."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.graph import Graph
from engine.layer import Layer
from engine.project.project import Place

STEP, ROW = 256.0, 176.0  # from one box to the next, and from one row to the next, in scene units
LONGEST_ROW = 5  # boxes; longer chains are folded, so that a window shows them whole and readable


@dataclass
class Chain:
    """A graph that grows by one box behind the other."""

    graph: Graph = field(default_factory=Graph)

    def add(self, name: str, layer: Layer) -> Chain:
        """Add a box behind the last one."""
        last = list(self.graph.nodes)[-1:]
        self.graph = self.graph.add(name, layer, *last)
        return self

    def places(self) -> dict[str, Place]:
        """Return where the boxes lie: in rows of about equal length, each read from left to right."""
        rows = -(-len(self.graph.nodes) // LONGEST_ROW)
        length = -(-len(self.graph.nodes) // rows)
        return {node: (STEP * (i % length), ROW * (i // length)) for i, node in enumerate(self.graph.nodes)}
