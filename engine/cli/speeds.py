"""The table of `netwright bench`, as plain values for JSON and as lines for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from engine.bench.against import Compared, mean_ratio
from engine.bench.networks import GROUPS


def table(found: Sequence[Compared], environment: dict[str, Any]) -> dict[str, Any]:
    """Return what was measured, and where."""
    networks = {item.name: {k: v for k, v in asdict(item).items() if k != "name"} for item in found}
    groups = {group: mean_ratio(item for item in found if item.group == group) for group in GROUPS}
    means = {group: mean for group, mean in groups.items() if mean}
    return {"networks": networks, "mean_ratios": means, "mean_ratio": mean_ratio(found), "environment": environment}


def lines(measured: dict[str, Any]) -> list[str]:
    """Return the table in lines: milliseconds of a training step, ours over PyTorch's, how far the losses are apart."""
    rows = [f"{'':16}{'workers':>8}{'Netwright':>14}{'PyTorch':>14}{'ratio':>8}{'losses apart':>14}"]
    rows += [_row(name, item) for name, item in measured["networks"].items()]
    if measured["mean_ratio"]:
        rows.append(f"Geometric mean of the ratios: {_means(measured)}. Below 1, Netwright is faster.")
    why = {item["why"]: None for item in measured["networks"].values() if item["why"]}
    inherited = measured["environment"]["inherited"].items()
    return [*rows, *why, *(f"{name}={value} is set, which changes the speed." for name, value in inherited)]


def _row(name: str, item: dict[str, Any]) -> str:
    ours = f"{name:16}{item['workers']:8}{item['ours']:11.3f} ms"
    if not item["ratio"]:
        return ours
    apart = "" if item["difference"] is None else f"{item['difference']:14.0e}"
    return f"{ours}{item['theirs']:11.3f} ms{item['ratio']:8.3f}{apart}"


def _means(measured: dict[str, Any]) -> str:
    """Return the mean of all, and those of the groups where there are several."""
    groups = measured["mean_ratios"].items()
    parts = ", ".join(f"{group} {mean:.3f}" for group, mean in groups) if len(groups) > 1 else ""
    return f"{measured['mean_ratio']:.3f}" + (f" ({parts})" if parts else "")
