"""Lets boxes glide from where they were to where an arrangement has put them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEasingCurve, QVariantAnimation

from app.canvas.scene import Scene
from app.edits import place_of
from engine.graph import NodeId
from engine.project.project import Place

LASTS = 220  # milliseconds
MOST = 150  # with more boxes they are simply there


class Glide:
    """Only what is seen glides: the document has its new places from the start."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._before: dict[NodeId, Place] = {}
        self._clock = QVariantAnimation(scene)
        self._clock.setDuration(LASTS)
        self._clock.setStartValue(0.0)
        self._clock.setEndValue(1.0)
        self._clock.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._clock.valueChanged.connect(self._show)
        self._clock.finished.connect(self._scene.end_preview)

    def start(self, before: Mapping[NodeId, Place]) -> None:
        """Glide from these places to those of the document."""
        self.stop()
        project = self._scene.document.project
        self._before = {n: p for n, p in before.items() if n in project.graph.nodes and place_of(project, n) != p}
        if 0 < len(self._before) <= MOST:
            self._clock.start()

    def stop(self) -> None:
        """Be there at once."""
        if self._clock.state() == QVariantAnimation.State.Running:
            self._clock.stop()
            self._scene.end_preview()

    def _show(self, share: float) -> None:
        project = self._scene.document.project
        places = {}
        for node, (x, y) in self._before.items():
            to_x, to_y = place_of(project, node)
            places[node] = (x + (to_x - x) * share, y + (to_y - y) * share)
        self._scene.preview(places)
