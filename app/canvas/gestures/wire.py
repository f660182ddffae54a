"""Drawing a wire from an output to an input or the other way round, and taking one off."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QPointF

from app.canvas.geometry import curve
from app.canvas.gestures.gesture import REACH, Gesture, Pointer, Stage
from app.canvas.wire_item import WireItem
from app.edits import refusal, unwire, wire
from engine.graph import Graph, NodeId, Port
from engine.infer import infer


@dataclass(frozen=True)
class Verdict:
    """What a wire would do: whether it can be made, and the reason it is refused or why its shapes do not fit."""

    made: bool
    reason: str = ""


def judge(graph: Graph, source: Port, target: Port) -> Verdict:
    """Return what comes of a wire, by looking at the graph that it would make."""
    refused = refusal(graph, source, target)
    if refused:
        return Verdict(False, refused)
    after = infer(graph.connect(source, target.node, target.name))
    reason = next((p.what for p in after.problems if p.node == target.node and p.port == target.name), "")
    return Verdict(True, reason)


class DrawWire(Gesture):
    """Draws a wire from `port`; `taken` is the input whose wire is being taken off, where one is.

    Over a box that it cannot feed the wire is red and the reason stands beside the pointer. A wire that is refused is
    not made. One whose shapes do not fit is made, and becomes a problem with its fixes. In the void it offers the
    layers that fit; one that was taken off is let go there.
    """

    def __init__(self, stage: Stage, port: Port, forward: bool, taken: Port | None = None) -> None:
        super().__init__(stage)
        self.port, self.forward, self.taken = port, forward, taken
        self._draft = WireItem(port, None)
        self._aimed: Port | None = None
        self._verdict = Verdict(False)
        self._shown = False
        self._start = Pointer(QPointF(), QPoint())

    def press(self, at: Pointer) -> None:
        self._start = at

    def move(self, at: Pointer) -> None:
        if not self._shown and (at.view - self._start.view).manhattanLength() < 4:
            return
        self._show()
        target = self._target(at)
        if target != self._aimed:
            self._aim(target)
        self._draw(at)
        refused = bool(self._verdict.reason) and target is not None
        self.stage.tell(self._verdict.reason if refused else "", at.view, wrong=True)

    def release(self, at: Pointer) -> None:
        target, shown, verdict = self._target(at), self._shown, self._verdict
        self.cancel()
        if not shown:
            return
        if target is None:
            self._let_go(at)
        elif verdict.made:
            self._connect(target)

    def cancel(self) -> None:
        self.stage.tell("")
        if self._shown:
            self._shown = False
            self.stage.boxes.removeItem(self._draft)
            if self.taken in self.stage.boxes.wires:
                self.stage.boxes.wires[self.taken].setVisible(True)

    def _show(self) -> None:
        if not self._shown:
            self._shown = True
            self._draft.show_mood("draft")
            self._draft.setZValue(6)
            self.stage.boxes.addItem(self._draft)
            if self.taken in self.stage.boxes.wires:
                self.stage.boxes.wires[self.taken].setVisible(False)

    def _draw(self, at: Pointer) -> None:
        scene = self.stage.boxes
        item = scene.nodes[self.port.node]
        fixed = item.output_point(self.port.name) if self.forward else item.input_point(self.port.name)
        loose = self._point(self._aimed) if self._aimed else at.scene
        self._draft.show_path(curve(fixed, loose) if self.forward else curve(loose, fixed))

    def _point(self, port: Port) -> QPointF:
        item = self.stage.boxes.nodes[port.node]
        return item.input_point(port.name) if self.forward else item.output_point(port.name)

    def _aim(self, target: Port | None) -> None:
        self._aimed = target
        self._verdict = judge(self._graph(), *self._ends(target)) if target else Verdict(False)
        self._draft.show_mood("wrong" if self._verdict.reason else "draft")

    def _ends(self, target: Port) -> tuple[Port, Port]:
        return (self.port, target) if self.forward else (target, self.port)

    def _graph(self) -> Graph:
        graph = self.stage.document.project.graph
        return graph.disconnect(*self.taken) if self.taken else graph

    def _target(self, at: Pointer) -> Port | None:
        """Return the port under the pointer: of the right kind if there is one near, else the first that is free."""
        scene = self.stage.boxes
        found = scene.port_at(at.scene, REACH / self.stage.zoom)
        if found and found[1] != self.forward:
            return found[0]
        node = scene.node_at(at.scene)
        if node is None and found:
            node = found[0].node
        return self._suitable(node, at.scene) if node is not None else None

    def _suitable(self, node: NodeId, at: QPointF) -> Port | None:
        item = self.stage.boxes.nodes[node]
        points = item.inputs if self.forward else item.outputs
        if node == self.port.node and not (self.taken and self.taken.node == node):
            return Port(node, next(iter(points), "x")) if self._shown and item.body().contains(at) else None
        wires = self._graph().wires
        free = [name for name in points if not self.forward or Port(node, name) not in wires]
        return Port(node, next(iter(free or points), "x" if self.forward else "y"))

    def _connect(self, target: Port) -> None:
        source, end = self._ends(target)
        if self.taken and self.taken != end:
            taken = self.taken
            self.stage.document.edit("Move wire", lambda project: wire(source, end)(unwire(taken)(project)))
        else:
            self.stage.document.edit("Wire", wire(source, end))

    def _let_go(self, at: Pointer) -> None:
        if self.taken:
            self.stage.document.edit("Remove wire", unwire(self.taken))
        elif self.forward:
            self.stage.offer_layers(at.scene, source=self.port)
        else:
            self.stage.offer_layers(at.scene, target=self.port)
