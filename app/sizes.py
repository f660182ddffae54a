"""How large a box is drawn: the one fact that edits, automatic layout and the canvas share. Scene units; Qt-free."""

from __future__ import annotations

from engine.layer import Layer

STEP = 8.0  # boxes snap to this grid
WIDTH = 176.0
HEIGHT = 56.0
PORT_STEP = 16.0
GAP = 80.0  # between a box and the next, from left to right: room for a shape on the wire
ROW_GAP = 48.0


def height(layer: Layer) -> float:
    """Return the height of a box: room for all its ports, at least `HEIGHT`."""
    return max(HEIGHT, PORT_STEP * max(len(layer.ports()), len(layer.outputs)) + 24.0)


def port_offsets(count: int, tall: float) -> tuple[float, ...]:
    """Return the distances of `count` ports from the top of a box that is `tall` units high."""
    first = tall / 2 - PORT_STEP * (count - 1) / 2
    return tuple(first + PORT_STEP * i for i in range(count))


def snap(value: float) -> float:
    """Return the nearest line of the grid."""
    return round(value / STEP) * STEP
