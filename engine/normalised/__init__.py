"""Weights that are normalised: what a layer computes with is made in every step from what is learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from engine.arrays import Array
from engine.layer import Weight
from engine.normalised.rule import Rule, laid
from engine.normalised.spectral_norm import SpectralNorm
from engine.normalised.weight_norm import WeightNorm

RULES: Mapping[str, type[Rule]] = {"weight": WeightNorm, "spectral": SpectralNorm}


def rule_of(weight: Weight) -> Rule | None:
    """Return how a weight is normalised; None where it is used as it is learned."""
    kind = RULES.get(weight.learning.normalisation) if weight.units is not None else None
    return kind(weight) if kind else None


def with_parts(weights: Mapping[str, Weight]) -> Iterator[tuple[str, Weight]]:
    """Yield weights by name, and behind each that is normalised what else is kept of it: `weight`, `weight_g`."""
    for name, weight in weights.items():
        yield name, weight
        rule = rule_of(weight)
        for part, kept in rule.parts().items() if rule else ():
            yield f"{name}_{part}", kept


def folded(name: str, weight: Weight, parameters: Mapping[str, Array]) -> Array:
    """Return the weight that a layer computes with when it answers; `parameters` has what is learned, by `box.weight`."""
    rule, learned = rule_of(weight), parameters[name]
    if rule is None:
        return learned
    out = laid(np.empty(weight.shape, learned.dtype), weight.memory)
    parts = [laid(parameters[f"{name}_{part}"], kept.memory) for part, kept in rule.parts().items()]
    scratch = [np.empty(shape, learned.dtype) for shape in rule.scratch().values()]
    rule.forward(laid(learned, weight.memory), out, False, *parts, *scratch)
    return np.ascontiguousarray(out)
