"""Dragging a layer in from the palette: a draft box follows the pointer and becomes real where it is let go."""

from __future__ import annotations

from PySide6.QtCore import QMimeData

from app.canvas.card import draft_card
from app.canvas.gestures.gesture import Gesture, Pointer, Stage
from app.canvas.node_item import DraftItem
from app.edits import add, chain, insert, wish
from app.sizes import WIDTH, height, snap
from engine.graph import Port
from engine.layer import Layer
from engine.project.project import Place

MIME = "application/x-netwright-layer"


def layer_in(data: QMimeData) -> Layer | None:
    """Return the layer that a drag carries, with its defaults, or None where it carries something else."""
    name = bytes(data.data(MIME).data()).decode("utf-8", "replace") if data.hasFormat(MIME) else ""
    kind = Layer.registry.get(name)
    return kind() if kind else None


class DropLayer(Gesture):
    """Adds `layer` where it is let go; over a wire it is put into the wire, in the same undo step."""

    def __init__(self, stage: Stage, layer: Layer) -> None:
        super().__init__(stage)
        self.layer = layer
        self._draft = DraftItem(draft_card(layer), layer)
        self._target: Port | None = None

    def press(self, at: Pointer) -> None:
        self._draft.setZValue(8)
        self.stage.boxes.addItem(self._draft)
        self.move(at)

    def move(self, at: Pointer) -> None:
        self._draft.setPos(*self._place(at))
        fits = bool(self.layer.ports() and self.layer.outputs)
        wire = self.stage.boxes.wire_at(at.scene, 14) if fits else None
        self._target = wire.target if wire else None
        self.stage.boxes.mark_wire(self._target)

    def release(self, at: Pointer) -> None:
        target = self._target
        self.cancel()
        document = self.stage.document
        node, kind = document.project.graph.free_name(wish(self.layer)), type(self.layer).__name__
        added = add(self.layer, self._place(at), node)
        document.edit(f"Add {kind}", chain(added, insert(node, target)) if target else added)
        document.select({node})

    def cancel(self) -> None:
        self.stage.boxes.mark_wire(None)
        if self._draft.scene() is not None:
            self.stage.boxes.removeItem(self._draft)

    def _place(self, at: Pointer) -> Place:
        return snap(at.scene.x() - WIDTH / 2), snap(at.scene.y() - height(self.layer) / 2)
