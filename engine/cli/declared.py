"""What is declared, as plain values for JSON: what it is, its parameters, and how it was proven."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.catalog import FAMILIES, family_of, layers_by_category
from engine.layer import Layer
from engine.proofs import recorded
from engine.spec import Param, Spec


def everything() -> dict[str, Any]:
    """Return all families by name, each with its members by name; layers are grouped by the part of the palette."""
    groups = layers_by_category()
    layers = {category: {kind.__name__: entry(kind) for kind in kinds} for category, kinds in groups.items()}
    others = {
        family: {name: entry(kind) for name, kind in sorted(base.registry.items())}
        for family, base in FAMILIES.items()
        if base is not Layer
    }
    return {"layers": layers, **others}


def entry(kind: type[Spec]) -> dict[str, Any]:
    """Return a declared thing: its family (of a layer: the part of the palette), sentence, parameters and proofs."""
    family = family_of(kind)
    standard = kind()
    return {
        "name": kind.__name__,
        "family": kind.category or family.capitalize(),
        "sentence": kind.title(),
        "parameters": {
            n: _parameter(rule, getattr(standard, n)) for n, rule in kind.params().items() if not rule.hidden
        },
        "proofs": [_proof(asdict(proof)) for proof in recorded().get((family, kind.__name__), ())],
    }


def _parameter(rule: Param, default: Any) -> dict[str, Any]:
    known = {"min": rule.min, "max": rule.max, "choices": list(rule.choices) or None, "unit": rule.unit.strip() or None}
    known["zero"] = rule.zero or None
    plain = default.to_dict() if isinstance(default, Spec) else default
    return {"sentence": rule.doc, "default": plain} | {name: v for name, v in known.items() if v is not None}


def _proof(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in ("family", "name")}
