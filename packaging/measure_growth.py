"""Measures how a training step's time grows with its work, and draws it.

`python packaging/measure_growth.py measure KEPT.json [SWEEP...]` times each network of the sweeps in turn, again and again,
and keeps the least times; `draw KEPT.json PICTURE.svg` fits a straight line to each sweep and draws both.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.plan.threads import one_thread  # noqa: E402

os.environ.update(one_thread(os.environ))  # NumPy looks once, when it is imported

import numpy as np  # noqa: E402

from engine.bench.network import CLASSES, Network, numbered  # noqa: E402
from engine.layers.conv2d import Conv2D  # noqa: E402
from engine.layers.dense import Dense  # noqa: E402
from engine.layers.flatten import Flatten  # noqa: E402
from engine.layers.global_average_pool2d import GlobalAveragePool2D  # noqa: E402
from engine.layers.max_pool2d import MaxPool2D  # noqa: E402
from engine.layers.relu import ReLU  # noqa: E402
from engine.optimizers.adam import Adam  # noqa: E402
from engine.plan.compile import compile  # noqa: E402
from engine.plan.plan import Plan  # noqa: E402

SECONDS = 20.0  # of measuring, for each sweep
LEAST = 10e6  # multiply-adds of a step, from which on the line is drawn
BAND = 0.2  # how far from the line a step may be

Point = tuple[float, float]  # multiply-adds of a step, and its seconds


def dense(batch: int, width: int, depth: int) -> Network:
    """Return a network of dense layers on 256 numbers."""
    hidden = [layer for _ in range(depth) for layer in (Dense(units=width), ReLU())]
    return Network((batch, 256), numbered(*hidden, Dense(units=CLASSES)))


def images(batch: int, side: int) -> Network:
    """Return a small convolution network with poolings."""
    body = [layer for filters in (16, 32) for layer in (Conv2D(filters=filters), ReLU(), MaxPool2D())]
    return Network((batch, 3, side, side), numbered(*body, Flatten(), Dense(units=64), ReLU(), Dense(units=CLASSES)))


def deep(depth: int) -> Network:
    """Return so many convolutions of 32 filters, one behind the other."""
    body = [layer for _ in range(depth) for layer in (Conv2D(filters=32), ReLU())]
    return Network((16, 32, 16, 16), numbered(*body, GlobalAveragePool2D(), Dense(units=CLASSES)))


SWEEPS: dict[str, tuple[Callable[[int], Network], list[int]]] = {
    "batch, dense layers": (lambda n: dense(n, 256, 3), [2**i for i in range(11)]),
    "batch, convolutions": (lambda n: images(n, 16), [2**i for i in range(11)]),
    "width": (lambda n: dense(64, n, 3), [32, 64, 96, 128, 192, 256, 384, 512, 768, 1024]),
    "depth": (deep, [1, 2, 3, 4, 6, 8, 12, 16]),
    "image size": (lambda n: images(16, n), [8, 12, 16, 24, 32, 48, 64, 96, 128]),
}


def measured(sweep: str) -> list[Point]:
    """Return the points of a sweep; all networks are timed in turn, so that other work meets them alike."""
    make, sizes = SWEEPS[sweep]
    plans = [_ready(make(size)) for size in sizes]
    least, begin = [float("inf")] * len(plans), perf_counter()
    while perf_counter() - begin < SECONDS:
        for place, plan in enumerate(plans):
            least[place] = min(least[place], *_times(plan))
    return [(_work(plan), seconds) for plan, seconds in zip(plans, least, strict=True)]


def _ready(made: Network) -> Plan:
    plan = compile(made.graph(), made.batch, optimizer=Adam())
    x, target = made.data()
    plan.load({"input": x}, {"output": target})
    return plan


def _times(plan: Plan) -> Iterator[float]:
    for _ in range(3):
        start = perf_counter()
        plan.step(1e-4)
        yield perf_counter() - start


def _work(plan: Plan) -> float:
    """Return the multiply-adds of a step: once forward, twice back."""
    return 3.0 * plan.batch * sum(cost.multiply_adds for cost in plan.explain(repeats=1))


def fitted(points: list[Point]) -> tuple[float, float, float]:
    """Return the line seconds = a + b · work through the points from `LEAST` on, and how far the farthest is from it.

    The line minimises the squares of the relative distances.
    """
    chosen = np.array([point for point in points if point[0] >= LEAST])
    work, seconds = chosen.T
    (a, b), *_ = np.linalg.lstsq(np.stack((1 / seconds, work / seconds), axis=1), np.ones(len(chosen)), rcond=None)
    return float(a), float(b), float(np.abs(seconds / (a + b * work) - 1).max())


# ---------------------------------------------------------------------- the picture

WIDE, HIGH, GAP, LEFT, TOP = 300, 220, 20, 56, 30
WORKS, TIMES = (6.0, 10.0), (-5.0, 0.0)  # decades of the axes


def drawn(kept: dict[str, list[Point]]) -> str:
    """Return all sweeps as one SVG: both axes logarithmic, the line in blue with its band, the steps as dots."""
    parts = [_panel(place, name, [(w, s) for w, s in points]) for place, (name, points) in enumerate(kept.items())]
    width, height = 3 * (WIDE + LEFT + GAP), 2 * (HIGH + TOP + GAP + 16)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
    words = (
        "Time of a training step over its multiply-adds,",
        "one worker. Dots: measured.",
        f"Line: straight, with {BAND:.0%} on both sides.",
    )
    at = LEFT + 2 * (WIDE + LEFT + GAP), TOP + HIGH + TOP + GAP + 60
    parts += [
        f'<text x="{at[0]}" y="{at[1] + 22 * row}" font-size="14">{text}</text>' for row, text in enumerate(words)
    ]
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>\n"])


def _panel(place: int, name: str, points: list[Point]) -> str:
    left = LEFT + (place % 3) * (WIDE + LEFT + GAP)
    top = TOP + (place // 3) * (HIGH + TOP + GAP + 16)
    a, b, apart = fitted(points)
    chosen = [work for work, _ in points if work >= LEAST]
    works = np.geomspace(min(chosen), max(chosen), 40)
    line = [(work, a + b * work) for work in works]
    band = [(w, s * (1 + BAND)) for w, s in line] + [(w, s * (1 - BAND)) for w, s in reversed(line)]
    dots = "".join(
        f'<circle cx="{_x(w):.1f}" cy="{_y(s):.1f}" r="3.5" fill="#222"/>' for w, s in points if w >= 10 ** WORKS[0]
    )
    return (
        f'<g transform="translate({left},{top})"><text y="-10" font-size="14">{name}: within {apart:.0%}</text>'
        f'{_grid()}<polygon points="{_path(band)}" fill="#3b82f6" opacity="0.2"/>'
        f'<polyline points="{_path(line)}" fill="none" stroke="#3b82f6" stroke-width="2"/>{dots}</g>'
    )


def _grid() -> str:
    rules = [f'<rect width="{WIDE}" height="{HIGH}" fill="none" stroke="#888"/>']
    for decade, name in ((6, "1 M"), (7, "10 M"), (8, "100 M"), (9, "1 G"), (10, "10 G")):
        x = _x(10.0**decade)
        rules.append(f'<line x1="{x}" x2="{x}" y2="{HIGH}" stroke="#ddd"/>')
        rules.append(f'<text x="{x}" y="{HIGH + 16}" text-anchor="middle">{name}</text>')
    for decade, name in ((-5, "10 µs"), (-4, "0.1 ms"), (-3, "1 ms"), (-2, "10 ms"), (-1, "0.1 s"), (0, "1 s")):
        y = _y(10.0**decade)
        rules.append(f'<line y1="{y}" y2="{y}" x2="{WIDE}" stroke="#ddd"/>')
        rules.append(f'<text x="-5" y="{y + 4}" text-anchor="end">{name}</text>')
    return "".join(rules)


def _x(work: float) -> float:
    return float(WIDE * (np.log10(work) - WORKS[0]) / (WORKS[1] - WORKS[0]))


def _y(seconds: float) -> float:
    return float(HIGH * (TIMES[1] - np.log10(seconds)) / (TIMES[1] - TIMES[0]))


def _path(points: list[Point]) -> str:
    return " ".join(f"{_x(work):.1f},{_y(seconds):.1f}" for work, seconds in points)


def main(words: list[str]) -> None:
    """Measure or draw."""
    kept_at = Path(words[1])
    kept = json.loads(kept_at.read_text()) if kept_at.exists() else {}
    if words[0] == "measure":
        for sweep in words[2:] or SWEEPS:
            kept[sweep] = measured(sweep)
            kept_at.write_text(json.dumps(kept))
            print(f"{sweep}: within {fitted(kept[sweep])[2]:.0%} of a straight line")
    else:
        Path(words[2]).write_text(drawn({sweep: kept[sweep] for sweep in SWEEPS}))


if __name__ == "__main__":
    main(sys.argv[1:])
