"""Finds the boxes near a place without looking at all of them."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRectF

from engine.graph import NodeId

CELL = 256.0


class Cells:
    """The areas of boxes, kept in square cells."""

    def __init__(self) -> None:
        self.rects: dict[NodeId, QRectF] = {}
        self._cells: dict[tuple[int, int], set[NodeId]] = {}
        self._content: QRectF | None = None

    def put(self, node: NodeId, rect: QRectF) -> None:
        """Say where a box lies now."""
        self.take(node)
        self._content = None
        self.rects[node] = QRectF(rect)
        for cell in _cells(rect):
            self._cells.setdefault(cell, set()).add(node)

    def take(self, node: NodeId) -> None:
        """Forget a box."""
        rect = self.rects.pop(node, None)
        self._content = None
        for cell in _cells(rect) if rect is not None else ():
            self._cells[cell].discard(node)

    def content(self) -> QRectF:
        """Return the area that all boxes take together."""
        if self._content is None:
            self._content = QRectF()
            for rect in self.rects.values():
                self._content = self._content.united(rect)
        return QRectF(self._content)

    def touching(self, area: QRectF) -> Iterator[QRectF]:
        """Yield the areas of the boxes that touch `area`."""
        near: set[NodeId] = set()
        for cell in _cells(area):
            near |= self._cells.get(cell, set())
        for node in near:
            if self.rects[node].intersects(area):
                yield self.rects[node]


def _cells(area: QRectF) -> list[tuple[int, int]]:
    left, right = int(area.left() // CELL), int(area.right() // CELL)
    top, bottom = int(area.top() // CELL), int(area.bottom() // CELL)
    return [(i, j) for i in range(left, right + 1) for j in range(top, bottom + 1)]
