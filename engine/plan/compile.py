"""Compile a graph into a plan that trains it."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.graph import Graph
from engine.optimizer import Optimizer
from engine.plan.checked import checked
from engine.plan.plan import Plan
from engine.plan.single import single
from engine.plan.state import State, declared_weights
from engine.plan.stepping import Stepping
from engine.plan.team import Team, TeamPlan


def compile(
    graph: Graph,
    batch: int,
    *,
    optimizer: Optimizer | Stepping | None = None,
    seed: int = 0,
    dtype: Any = np.float32,
    share: Plan | None = None,
    input_gradients: bool = False,
    poison: bool = False,
    workers: int | None = None,
) -> Plan:
    """Return a plan that trains `graph` with batches of `batch` samples; `optimizer` may come with more about the step.

    With `share`, the plan trains the same parameters as another one, with the same optimizer state. `dtype` float64 is for
    checking. `input_gradients` keeps the gradient at each Input. `poison` fills freed arrays with NaN, to prove the memory
    plan. `workers` is how many processes share the work (by default as many as with `share`, else one); a batch of fewer
    samples is left to one. Raises CompileError where the graph has problems.
    """
    flat, stepping = checked(graph), optimizer if isinstance(optimizer, Stepping) else Stepping(optimizer=optimizer)
    team = share.team if isinstance(share, TeamPlan) else None
    count = workers or (team.member.count if team else 1)
    if 1 < count <= batch:
        return TeamPlan(team or Team(flat, stepping, np.dtype(dtype).name, seed, count), batch)
    state = share.state if share else State(declared_weights(flat), stepping, seed, dtype)
    return single(flat, batch, state, input_gradients=input_gradients, poison=poison)
