"""Weights that each step makes of what is learned: one call before the first box that computes with one, one behind its last.

Layers are given "made" for the weight and "grad_made" for its gradient, so that they need not know of it.
"""

from __future__ import annotations

from engine.arrays import Shape
from engine.graph import NodeId
from engine.layer import Weight
from engine.normalised import rule_of
from engine.normalised.rule import Rule
from engine.plan.program import ONCE, ArraySpec, Call, Key, Program


def make(program: Program, node: NodeId, learned: Key, weight: Weight, dtype: str, *, training: bool) -> None:
    """Write the call of a box that makes a weight of what is `learned`."""
    rule = _rule(weight)
    made = learned._replace(kind="made")
    program.arrays[made] = ArraySpec(weight.shape, dtype, pinned=not training, memory=weight.memory)
    for key, shape in _scratch(rule, learned).items():
        program.arrays[key] = ArraySpec(shape, dtype)
    arguments = (learned, made, training, *_parts(rule, learned), *_scratch(rule, learned))
    program.calls.append(Call(node, "forward" if training else ONCE, rule.forward, arguments, (made,)))


def learn(program: Program, node: NodeId, learned: Key, weight: Weight) -> None:
    """Write the call of a box that turns the gradient of a weight into those of what is learned."""
    rule = _rule(weight)
    made, grad = (learned._replace(kind=kind) for kind in ("made", "grad_made"))
    parts = _parts(rule, learned)
    trained = [key for key, part in zip(parts, rule.parts().values(), strict=True) if part.trained]
    found = tuple(key._replace(kind="grad_weight") for key in (learned, *trained))
    arguments = (learned, made, grad, *found, *parts, *_scratch(rule, learned))
    program.calls.append(Call(node, "backward", rule.backward, arguments, found))


def _rule(weight: Weight) -> Rule:
    rule = rule_of(weight)
    assert rule
    return rule


def _parts(rule: Rule, learned: Key) -> list[Key]:
    return [learned._replace(name=f"{learned.name}_{part}") for part in rule.parts()]


def _scratch(rule: Rule, learned: Key) -> dict[Key, Shape]:
    return {Key("scratch", learned.node, f"{learned.name} {name}"): shape for name, shape in rule.scratch().items()}
