"""A plan that this process carries out alone."""

from __future__ import annotations

from engine.graph import Graph
from engine.infer import infer
from engine.plan.bind import bind
from engine.plan.passes import improved
from engine.plan.plan import Plan
from engine.plan.state import State
from engine.plan.write import Options, write


def single(flat: Graph, batch: int, state: State, *, input_gradients: bool = False, poison: bool = False) -> Plan:
    """Return a plan that trains what is in `state`; of a graph without composites and problems. The rest as in `compile`."""
    options = Options(batch, state.vector.dtype.name, input_gradients=input_gradients, rng=state.rng)
    better = improved(flat)
    inference = infer(better)
    return Plan(better, inference, batch, state, bind(write(better, inference, options), state, poisoned=poison))
