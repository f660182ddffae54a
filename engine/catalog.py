"""The one place that loads every family, so that all of it can be listed."""

from __future__ import annotations

from collections.abc import Mapping

import engine.data.sources
import engine.initializers
import engine.layers
import engine.losses
import engine.metrics
import engine.optimizers
import engine.preprocessing
import engine.schedules  # noqa: F401
from engine.initializer import Initializer
from engine.layer import Layer
from engine.loss import Loss
from engine.metric import Metric
from engine.optimizer import Optimizer
from engine.preprocessor import Preprocessor
from engine.schedule import Schedule
from engine.spec import Spec

FAMILIES: Mapping[str, type[Spec]] = {
    "layers": Layer,
    "losses": Loss,
    "optimizers": Optimizer,
    "schedules": Schedule,
    "metrics": Metric,
    "initializers": Initializer,
    "preprocessing": Preprocessor,
}


def family_of(kind: type[Spec]) -> str:
    """Return the name of the family that a declared thing belongs to; "" for one that stands by itself."""
    return next((name for name, base in FAMILIES.items() if base.registry.get(kind.__name__) is kind), "")


def layers_by_category() -> dict[str, list[type[Layer]]]:
    """Return all layers, grouped and sorted by category and name."""
    groups: dict[str, list[type[Layer]]] = {}
    for kind in sorted(Layer.registry.values(), key=lambda kind: (kind.category, kind.__name__)):
        groups.setdefault(kind.category, []).append(kind)
    return groups


def metric_text(name: str, value: float) -> str:
    """Return a metric's value as people read it: `97.8 %` or `0.871`."""
    kind = Metric.registry.get(name)
    return f"{value:.1%}".replace("%", " %") if kind is not None and kind.percent else f"{value:.4g}"
