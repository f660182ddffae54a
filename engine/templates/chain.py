"""A network that is one row of boxes."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.graph import Graph
from engine.layer import Layer
from engine.project.project import Place

STEP = 220.0  # from one box to the next, in scene units


@dataclass
class Chain:
    """A graph that grows to the right, one box behind the other."""

    graph: Graph = field(default_factory=Graph)
    places: dict[str, Place] = field(default_factory=dict)

    def add(self, name: str, layer: Layer) -> Chain:
        """Add a box behind the last one."""
        last = list(self.places)[-1:]
        self.graph = self.graph.add(name, layer, *last)
        self.places[name] = (STEP * len(self.places), 0.0)
        return self
