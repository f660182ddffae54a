"""Dates as numbers that a network can use: how late they are, and where in the year, the week and the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import tau
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.columns import Column, whole_seconds
from engine.layer import OnnxGraph
from engine.spec import param

PERIODS = {"year": 31_556_952, "week": 604_800, "day": 86_400}  # seconds; a year of 365.2425 days
ALL, DAYS = "trend, year, week, day", "trend, year, week"
CHOICES = (ALL, DAYS, "year, week, day", "year, week", "trend")
FLOAT, MISSING = 1, np.iinfo(np.int64).min


def parts_param() -> Any:
    """Declare which numbers a date becomes."""
    return param(
        "What is seen of a date: its place in time (trend), and sine and cosine of its place in the year, the week, the day.",
        default=ALL,
        choices=CHOICES,
        advanced=True,
    )


def of_dates(columns: Sequence[Column]) -> list[Column]:
    """Return the columns that hold dates."""
    return [column for column in columns if column.kind == "date"]


def width(columns: Sequence[Column], parts: str) -> int:
    """Return how many numbers the dates of one row become."""
    return len(of_dates(columns)) * sum(1 if part == "trend" else 2 for part in parts.split(", "))


def fit(columns: Sequence[Column], parts: str, ranged: bool) -> dict[str, Any]:
    """Return start and spread, in seconds, of each column of dates: mean and deviation, or least and range if `ranged`."""
    starts, spreads = [], []
    for column in of_dates(columns):
        known = column.values[~np.isnan(column.values)]
        low, high = (known.min(), known.max() - known.min()) if ranged and known.size else (0.0, 1.0)
        start, spread = (low, high) if ranged or not known.size else (known.mean(), known.std())
        starts.append(int(np.floor(start)))
        spreads.append(float(spread) if spread >= 1 else 1.0)
    return {"starts": starts, "spreads": spreads, "parts": parts.split(", ")}


def features(columns: Sequence[Column], fitted: Mapping[str, Any]) -> list[Array]:
    """Return the numbers of each column of dates, float32 (N, ...); zeros where one is missing."""
    found = []
    for column, start, spread in zip(of_dates(columns), fitted["starts"], fitted["spreads"], strict=True):
        seconds = whole_seconds(column.values)
        missing = seconds == MISSING
        made: list[Array] = []
        for part in fitted["parts"]:
            if part == "trend":
                made.append((seconds - start).astype(np.float32) / np.float32(spread))
            else:
                phase = (seconds % PERIODS[part]).astype(np.float32) * np.float32(tau / PERIODS[part])
                made += [np.sin(phase), np.cos(phase)]
        both = np.stack(made, axis=-1)
        both[missing] = 0
        found.append(both)
    return found


def features_onnx(
    g: OnnxGraph, inputs: Mapping[str, str], names: Sequence[str], fitted: Mapping[str, Any]
) -> list[str]:
    """Describe `features` of columns by name in ONNX; each comes in as int64 seconds since 1970, the least where missing."""
    found = []
    for name, start, spread in zip(names, fitted["starts"], fitted["spreads"], strict=True):
        x, made = inputs[name], []
        for part in fitted["parts"]:
            if part == "trend":
                late = g.op("Cast", g.op("Sub", x, g.constant(np.array(start, np.int64))), to=FLOAT)
                made.append(g.op("Div", late, g.constant(np.array(spread, np.float32))))
            else:
                place = g.op("Cast", g.op("Mod", x, g.constant(np.array(PERIODS[part], np.int64))), to=FLOAT)
                phase = g.op("Mul", place, g.constant(np.array(tau / PERIODS[part], np.float32)))
                made += [g.op("Sin", phase), g.op("Cos", phase)]
        both = g.op("Concat", *made, axis=-1) if len(made) > 1 else made[0]
        missing = g.op("Equal", x, g.constant(np.array(MISSING, np.int64)))
        found.append(str(g.op("Where", missing, g.constant(np.zeros((), np.float32)), both)))
    return found
