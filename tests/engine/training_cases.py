"""Small networks and data that learn in a moment."""

from __future__ import annotations

import numpy as np

from engine.data.prepare import Prepared
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.losses.mean_squared_error import MeanSquaredError


def classifier(*between) -> Graph:
    """Four numbers, two of three hidden units, `between`, three classes."""
    graph = Graph().add("in", Input(size=(4,))).add("hidden", Dense(units=8), "in").add("relu", ReLU(), "hidden")
    last = "relu"
    for number, layer in enumerate(between):
        graph = graph.add(f"extra{number}", layer, last)
        last = f"extra{number}"
    return graph.add("head", Dense(units=3), last).add("out", Output(target="kind"), "head")


def regressor() -> Graph:
    graph = Graph().add("in", Input(size=(4,))).add("head", Dense(units=1), "in")
    return graph.add("out", Output(target="size", loss=MeanSquaredError()), "head")


def flowers(count: int = 50, validation: int = 12, seed: int = 1) -> Prepared:
    """Three clouds of points; a batch of 8 leaves a smaller last one."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, count)
    x = (rng.normal(size=(count, 4)) + np.eye(3, 4)[kind] * 3).astype(np.float32)
    rows = rng.permutation(count)
    return Prepared(
        {"in": x}, {"out": kind}, rows[validation:], rows[:validation], {"out": {"classes": list("abc")}}, rows
    )


def sizes(count: int = 60, validation: int = 15) -> Prepared:
    """A number that is nearly linear in four others; mean 50 and spread 10 in its own unit."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(count, 4)).astype(np.float32)
    y = (x @ [0.5, -0.5, 0.5, 0.5] + rng.normal(scale=0.05, size=count)).astype(np.float32)[:, None]
    rows = np.arange(count)
    return Prepared(
        {"in": x}, {"out": y}, rows[validation:], rows[:validation], {"out": {"mean": 50.0, "scale": 10.0}}, rows
    )
