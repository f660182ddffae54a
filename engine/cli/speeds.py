"""The table of `netwright bench`, as plain values for JSON and as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.bench.against import Compared, mean_ratio


def table(found: Sequence[Compared], environment: dict[str, Any]) -> dict[str, Any]:
    """Return what was measured, and where."""
    networks = {item.name: {k: v for k, v in asdict(item).items() if k != "name"} for item in found}
    return {"networks": networks, "mean_ratio": mean_ratio(list(found)), "environment": environment}


def lines(measured: dict[str, Any]) -> list[str]:
    """Return the table in lines: milliseconds of a training step, and ours over PyTorch's."""
    rows = [f"{'':14}{'workers':>8}{'Netwright':>14}{'PyTorch':>14}{'ratio':>8}"]
    for name, item in measured["networks"].items():
        theirs = f"{item['theirs']:11.3f} ms{item['ratio']:8.3f}" if item["ratio"] else ""
        rows.append(f"{name:14}{item['workers']:8}{item['ours']:11.3f} ms{theirs}")
    if measured["mean_ratio"]:
        rows.append(f"Geometric mean of the ratios: {measured['mean_ratio']:.3f}. Below 1, Netwright is faster.")
    why = {item["why"]: None for item in measured["networks"].values() if item["why"]}
    inherited = measured["environment"]["inherited"].items()
    return [*rows, *why, *(f"{name}={value} is set, which changes the speed." for name, value in inherited)]
