"""The document as a value: the graph, where its boxes lie, its data and its training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from engine.data.settings import DataSettings
from engine.graph import Graph, NodeId
from engine.training.settings import TrainingSettings

Place = tuple[float, float]  # of a box's top left corner, in scene units


@dataclass(frozen=True)
class Project:
    """Everything that a person edits. Runs (weights, curves) are kept beside it and are not touched by undo."""

    graph: Graph = field(default_factory=Graph)
    places: Mapping[NodeId, Place] = field(default_factory=dict)
    data: DataSettings = field(default_factory=DataSettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    notes: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", MappingProxyType(dict(self.places)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Project, (self.graph, dict(self.places), self.data, self.training, self.notes)

    def with_(self, **changes: Any) -> Project:
        """Return a copy with other values."""
        return replace(self, **changes)
