"""Losses of mixed samples: each is that of the sample's own target and that of its partner's, by their shares.

A layer that `mixes` says with its scratch arrays `partner` and `share` (N,) what it has made of each sample. Every call of a
loss behind it is then made twice, the second time with the partners' targets and arrays of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.graph import Graph, NodeId
from engine.plan.program import Argument, Call, Key, Program


def mixer_before(graph: Graph, node: NodeId) -> NodeId | None:
    """Return the box before this one that mixes samples; `infer` lets no more than one through."""
    return next((n for n, layer in graph.nodes.items() if layer.mixes and node in graph.reached(n)), None)


def mix(program: Program, mixer: NodeId) -> None:
    """Let the latest call of a program, which is a loss's, hold for mixed targets."""
    call = program.calls[-1]
    twin = replace(call, arguments=_others(call.arguments), writes=_others(call.writes))
    for mine, other in zip(call.named(), twin.named(), strict=True):
        if mine != other:
            spec = program.arrays[mine]
            program.arrays.setdefault(other, replace(spec, pinned=spec.pinned and mine.kind == "scratch"))
    partner, share = (Key("scratch", mixer, name) for name in ("partner", "share"))
    target = Key("target", call.node, "target")
    if call.phase == "forward":
        program.calls.append(Call(call.node, "forward", _choose, (target, partner, _other(target))))
    program.calls.append(twin)
    for mine, other in zip(call.writes, twin.writes, strict=True):
        program.calls.append(Call(call.node, call.phase, _blend, (mine, other, share), (mine,)))


def _others(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(map(_other, arguments))


def _other(argument: Argument) -> Argument:
    """Return the second array for what a loss has for itself or writes; what it only reads is the same."""
    if isinstance(argument, Key) and argument.kind in ("scratch", "target", "losses", "grad", "part"):
        return Key("scratch", argument.node, f"other {argument.kind} {argument.name}")
    return argument


def _choose(target: Array, partner: Array, other: Array) -> None:
    np.take(target, partner, axis=0, out=other, mode="clip")


def _blend(mine: Array, other: Array, share: Array) -> None:
    each = share.reshape(-1, *(1,) * (mine.ndim - 1))
    np.subtract(mine, other, out=mine)
    np.multiply(mine, each, out=mine)
    np.add(mine, other, out=mine)
