"""Which names a box may have: they are part of the names of its weights, and of what is exported."""

from __future__ import annotations

from engine.graph import Graph, NodeId

LONGEST = 80


def name_problem(graph: Graph, name: str, old: NodeId | None = None) -> str | None:
    """Return why a box must not be called `name`, as a sentence, or None. `old` is the box that is being renamed."""
    if not name.strip():
        return "A box needs a name; type at least one letter."
    if name != name.strip():
        return "A name must not start or end with a space."
    if len(name) > LONGEST:
        return f"A name may have at most {LONGEST} letters, not {len(name)}."
    if any(letter in "./" or not letter.isprintable() for letter in name):
        return "A name must hold neither a dot nor a slash, nor invisible letters: they separate the names of weights."
    if name != old and name in graph.nodes:
        return f"There is already a box named {name}; choose another name."
    return None


def name_from(wish: str) -> NodeId:
    """Return a name made of `wish` that `name_problem` accepts; use `Graph.free_name` where it may be taken."""
    kept = "".join("_" if letter in "./" else letter for letter in wish if letter in "./" or letter.isprintable())
    return kept.strip()[:LONGEST].strip() or "box"
