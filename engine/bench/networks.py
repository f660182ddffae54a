"""All networks that are measured, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.bench.further import FURTHER
from engine.bench.network import Network
from engine.bench.yardstick import YARDSTICK
from engine.problems import UserError

GROUPS: Mapping[str, Mapping[str, Callable[[], Network]]] = {"yardstick": YARDSTICK, "further": FURTHER}
NETWORKS: Mapping[str, Callable[[], Network]] = YARDSTICK | FURTHER  # type: ignore[operator]


def network(name: str) -> Network:
    """Return one of the networks; raise UserError where there is none of that name."""
    if name not in NETWORKS:
        raise UserError(f"There is no network {name!r}. Take one of {', '.join(NETWORKS)}.")
    return NETWORKS[name]()
