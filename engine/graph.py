"""The network as a value. Every edit returns a new graph and leaves the old one alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.layer import Layer

NodeId = str


class Port(NamedTuple):
    """One input or output of one box."""

    node: NodeId
    name: str = "y"

    def __str__(self) -> str:
        return self.node if self.name == "y" else f"{self.node}.{self.name}"


def renamed(layer: Layer, names: Mapping[NodeId, NodeId]) -> Layer:
    """Return a layer that names the box whose weights it shares by that box's new name, where it has one."""
    shares = layer.learning.shares
    return layer.with_(learning=layer.learning.with_(shares=names[shares])) if shares in names else layer


def _frozen(items: Mapping[Any, Any]) -> Mapping[Any, Any]:
    return MappingProxyType(dict(items))


@dataclass(frozen=True)
class Graph:
    """Boxes and wires. `wires` maps an input port to the output port that feeds it, so no port can have two."""

    nodes: Mapping[NodeId, Layer] = field(default_factory=dict)
    wires: Mapping[Port, Port] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", _frozen(self.nodes))
        object.__setattr__(self, "wires", _frozen(self.wires))

    def __reduce__(self) -> tuple[Any, ...]:
        return Graph, (dict(self.nodes), dict(self.wires))

    def add(self, node: NodeId, layer: Layer, *sources: NodeId | Port) -> Graph:
        """Add a box, or give an existing one another layer; wire `sources` to its first ports, in order."""
        grown = replace(self, nodes={**self.nodes, node: layer})
        for port, source in zip(layer.ports(), sources, strict=False):
            grown = grown.connect(source, node, port)
        return grown

    def connect(self, source: NodeId | Port, node: NodeId, port: str = "x") -> Graph:
        """Wire an output (`y` where only the box is named) to an input port, in place of what was wired there."""
        start = source if isinstance(source, Port) else Port(source)
        return replace(self, wires={**self.wires, Port(node, port): start})

    def disconnect(self, node: NodeId, port: str) -> Graph:
        """Take away the wire that ends at an input port."""
        return replace(self, wires={k: s for k, s in self.wires.items() if k != Port(node, port)})

    def remove(self, nodes: Iterable[NodeId]) -> Graph:
        """Take away boxes and every wire that touches them."""
        gone = set(nodes)
        return Graph(
            {n: layer for n, layer in self.nodes.items() if n not in gone},
            {p: s for p, s in self.wires.items() if p.node not in gone and s.node not in gone},
        )

    def rename(self, old: NodeId, new: NodeId) -> Graph:
        """Give a box another name; its place in the order of boxes stays. Raises ValueError where the name is taken."""
        if new != old and new in self.nodes:
            raise ValueError(f"There is a box named {new} already.")
        name = {old: new}
        return Graph(
            {name.get(n, n): renamed(layer, name) for n, layer in self.nodes.items()},
            {
                Port(name.get(p.node, p.node), p.name): Port(name.get(s.node, s.node), s.name)
                for p, s in self.wires.items()
            },
        )

    def sources(self, node: NodeId) -> dict[str, Port]:
        """Return what feeds each wired input port of a box, in the order of its ports."""
        return dict(self._sources[node])

    @cached_property
    def _sources(self) -> Mapping[NodeId, Mapping[str, Port]]:
        found: dict[NodeId, dict[str, Port]] = {}
        for node, layer in self.nodes.items():
            ends = [(name, self.wires.get(Port(node, name))) for name in layer.ports()]
            found[node] = {name: start for name, start in ends if start is not None}
        return found

    @cached_property
    def readers(self) -> Mapping[Port, tuple[Port, ...]]:
        """The input ports that each wired output port feeds."""
        found: dict[Port, list[Port]] = {}
        for end, start in self.wires.items():
            found.setdefault(start, []).append(end)
        return {start: tuple(ends) for start, ends in found.items()}

    @cached_property
    def unread(self) -> tuple[NodeId, ...]:
        """The boxes whose output `y` feeds nothing, in the order of boxes."""
        return tuple(n for n, layer in self.nodes.items() if "y" in layer.outputs and Port(n) not in self.readers)

    @cached_property
    def positions(self) -> Mapping[NodeId, int]:
        """Where each box stands in the order of boxes."""
        return {node: i for i, node in enumerate(self.nodes)}

    @cached_property
    def order(self) -> tuple[NodeId, ...]:
        """The boxes, each after all that feed it. Raises graphlib.CycleError where wires go round."""
        ahead = {n: [s.node for s in ends.values() if s.node in self.nodes] for n, ends in self._sources.items()}
        return tuple(TopologicalSorter(ahead).static_order())

    def feeds(self, source: NodeId, node: NodeId) -> bool:
        """Tell whether what `source` computes reaches `node`; a box reaches itself."""
        return node in self.reached(source)

    def reached(self, node: NodeId) -> set[NodeId]:
        """Return the boxes that what `node` computes reaches, itself included."""
        waiting, seen = [node], {node}
        while waiting:
            ahead = self._followers.get(waiting.pop(), set()) - seen
            seen |= ahead
            waiting += ahead
        return seen

    @cached_property
    def _followers(self) -> Mapping[NodeId, set[NodeId]]:
        found: dict[NodeId, set[NodeId]] = {}
        for end, start in self.wires.items():
            found.setdefault(start.node, set()).add(end.node)
        return found

    def free_name(self, wish: str) -> NodeId:
        """Return `wish`, or `wish` and the first number that makes a name no box has."""
        number, name = 1, wish
        while name in self.nodes:
            number += 1
            name = f"{wish}_{number}"
        return name
