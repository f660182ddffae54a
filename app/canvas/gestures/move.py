"""Moving boxes; a loose one that is let go over a wire is put into it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF

from app.canvas.gestures.gesture import Gesture, Pointer, Stage
from app.edits import accepts, chain, insert, move, place_of
from app.sizes import snap
from engine.graph import NodeId, Port
from engine.project.project import Place

START = 4  # pixels before a press becomes a drag


class MoveBoxes(Gesture):
    """Moves the selection, on the grid. A press that does not move selects."""

    def __init__(self, stage: Stage, node: NodeId) -> None:
        super().__init__(stage)
        self.node = node
        self._before = stage.document.selection
        self._from: dict[NodeId, Place] = {}
        self._pressed = Pointer(QPointF(), QPoint())
        self._moved = False
        self._target: Port | None = None

    def press(self, at: Pointer) -> None:
        self._pressed = at
        document = self.stage.document
        if at.control or at.shift:
            document.select(document.selection ^ {self.node})
        elif self.node not in document.selection:
            document.select({self.node})
        moving = document.selection or {self.node}
        self._from = {n: place_of(document.project, n) for n in moving}

    def move(self, at: Pointer) -> None:
        if not self._moved and (at.view - self._pressed.view).manhattanLength() < START:
            return
        self._moved = True
        self.stage.boxes.preview(self._places(at))
        self._aim()

    def release(self, at: Pointer) -> None:
        target, places = self._target, self._places(at)
        moved, document = self._moved, self.stage.document
        self._stop()
        if not moved:
            self._click(at)
        elif target:
            document.edit(f"Insert {self.node}", chain(move(places), insert(self.node, target)))
        else:
            document.edit("Move" if len(places) == 1 else f"Move {len(places)} boxes", move(places))

    def cancel(self) -> None:
        self._stop()
        self.stage.document.select(self._before)

    def _click(self, at: Pointer) -> None:
        if not (at.shift or at.control):
            self.stage.document.select({self.node})

    def _stop(self) -> None:
        self.stage.boxes.mark_wire(None)
        if self._moved:
            self.stage.boxes.end_preview()

    def _places(self, at: Pointer) -> dict[NodeId, Place]:
        """Return where the boxes go: the one that was grasped lies on the grid, the others keep their distance."""
        if not self._from:
            return {}
        way = at.scene - self._pressed.scene
        x, y = self._from.get(self.node) or next(iter(self._from.values()))
        dx, dy = snap(x + way.x()) - x, snap(y + way.y()) - y
        return {n: (x + dx, y + dy) for n, (x, y) in self._from.items()}

    def _aim(self) -> None:
        """Mark the wire that the box would be put into."""
        scene, graph = self.stage.boxes, self.stage.document.project.graph
        wire = None
        if len(self._from) == 1 and self.node in self._from and accepts(graph, self.node):
            wire = scene.wire_at(scene.nodes[self.node].body().center(), 14)
        self._target = wire.target if wire else None
        scene.mark_wire(self._target)
