"""Draws the pictures of the welcome page's examples into resources/examples, as SVG, from the very samples they learn."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.arrays import Array  # noqa: E402
from engine.data.sources.sample import Sample  # noqa: E402

WIDE, HIGH = 172, 48
# Readable on the light theme's tiles and on the dark one's.
BLUE, ORANGE, GREEN = "#5b8def", "#e0884a", "#3fa77f"


def digits() -> Iterator[str]:
    """Four of them; the darker a pixel, the more opaque its square."""
    data = Sample(name="digits8x8").read()
    pixels = np.stack([data[name].values for name in data.names if name.startswith("p")], axis=1).reshape(-1, 8, 8)
    for place in range(4):
        left = place * (HIGH - 4)
        for y, x in np.argwhere(pixels[place] > 0):
            at = f'x="{left + 5 * x}" y="{4 + 5 * y}"'
            yield f'<rect {at} width="5.2" height="5.2" fill="{BLUE}" fill-opacity="{pixels[place][y, x] / 16:.2f}"/>'


def penguins() -> Iterator[str]:
    """Bills against flippers, a colour for each species."""
    data = Sample(name="penguins").read()
    x, y, kinds = (data[name].values for name in ("bill_length_mm", "flipper_length_mm", "species"))
    x, y = _spread(x.astype(float), 4, WIDE - 4), _spread(-y.astype(float), 4, HIGH - 4)
    colours = dict(zip(np.unique(kinds), (BLUE, ORANGE, GREEN), strict=True))
    for place in range(0, len(kinds), 2):
        if np.isfinite(x[place] + y[place]):
            yield f'<circle cx="{x[place]:.1f}" cy="{y[place]:.1f}" r="2" fill="{colours[kinds[place]]}" fill-opacity="0.75"/>'


def sunspots() -> Iterator[str]:
    """The last 120 years."""
    spots = Sample(name="sunspots").read()["SUNACTIVITY"].values[-120:].astype(float)
    points = zip(_spread(np.arange(len(spots), dtype=float), 2, WIDE - 2), _spread(-spots, 4, HIGH - 4), strict=True)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    yield f'<polyline points="{line}" fill="none" stroke="{ORANGE}" stroke-width="2" stroke-linejoin="round"/>'


def names() -> Iterator[str]:
    """Letters, one after the other."""
    for place, letter in enumerate("Sofia"):
        left = 2 + 34 * place
        yield f'<rect x="{left}" y="10" width="28" height="28" rx="6" fill="{GREEN}" fill-opacity="{0.6 + 0.1 * place:.1f}"/>'
        style = 'font-family="Inter" font-size="16" font-weight="600" text-anchor="middle"'
        yield f'<text x="{left + 14}" y="30" {style} fill="#ffffff">{letter}</text>'


def _spread(values: Array, low: float, high: float) -> Array:
    least, most = np.nanmin(values), np.nanmax(values)
    return low + (values - least) * ((high - low) / (most - least))


def main(folder: Path) -> None:
    """Write every picture into a folder."""
    for drawing in (digits, penguins, sunspots, names):
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}">'
        path = folder / f"{drawing.__name__}.svg"
        path.write_text("\n".join([head, *drawing(), "</svg>"]) + "\n", encoding="utf-8")
        print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "resources" / "examples")
