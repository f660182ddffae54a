"""Answers that a team gives together, which would else wait while one of them answers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.arrays import Array
from engine.graph import Graph, NodeId
from engine.infer import infer
from engine.plan.checked import checked
from engine.plan.member import PLAN, ROWS, SEED
from engine.plan.member_process import ANSWER
from engine.plan.predict import Predictor
from engine.plan.team import Team

ENOUGH = 1 << 25  # multiply-adds of a batch, about half a millisecond: with fewer, to meet costs more than is gained


def worthwhile(graph: Graph, batch: int) -> bool:
    """Tell whether a batch of answers is so much work that several should each do one at the same time."""
    flat = checked(graph)
    inference = infer(flat)
    boxes = flat.nodes.items()
    return batch * sum(layer.multiply_adds(*inference.inputs(flat, node)) for node, layer in boxes) >= ENOUGH


class TeamPredictor(Predictor):
    """A `Predictor` with the weights that a team trains; it ends with the team. `batch` is for each of the workers."""

    def __init__(self, team: Team, batch: int) -> None:
        self._team, self._number = team, team.add_answers(batch)
        self._part = team.answers[self._number]
        self.graph, self.batch = self._part.predictor.graph, batch * team.member.count

    def outputs(self, inputs: Mapping[NodeId, Array]) -> dict[NodeId, Array]:
        """Return what reaches each Output, see `Predictor.outputs`. Raises HelperDied where a helper is gone."""
        count = min(len(array) for array in inputs.values())
        found = {node: np.empty((count, *a.shape[1:]), a.dtype) for node, a in self._part.outputs.items()}
        for start in range(0, count, self.batch):
            rows = slice(start, min(start + self.batch, count))
            self._answer({node: inputs[node][rows] for node in self._part.inputs}, rows.stop - start)
            for node, array in found.items():
                array[rows] = self._part.outputs[node][: rows.stop - start]
        return found

    def _answer(self, inputs: Mapping[NodeId, Array], count: int) -> None:
        for node, array in self._part.inputs.items():
            np.copyto(array[:count], inputs[node], casting="same_kind")
        control = self._team.member.control
        control[PLAN], control[ROWS], control[SEED] = self._number, count, 0
        self._team.ask(ANSWER)
        self._part.run()
