"""What everybody who compiles a graph does first: see that it has no problems, and take its composites apart."""

from __future__ import annotations

from engine.composite import flatten
from engine.graph import Graph
from engine.infer import infer
from engine.problems import UserError


class CompileError(UserError):
    """The graph has problems, so it cannot be compiled; the text is the first of them."""


def checked(graph: Graph) -> Graph:
    """Return the graph without composites; raise CompileError where it has problems."""
    problems = infer(graph).problems
    if problems:
        raise CompileError(str(problems[0]))
    return flatten(graph)
