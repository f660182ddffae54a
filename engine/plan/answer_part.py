"""One worker's part of answering: some of the samples, with the weights that all train."""

from __future__ import annotations

from engine.arrays import Arrays
from engine.kernels.memory import share
from engine.layers.input import Input
from engine.plan.member import ROWS, Member
from engine.plan.memory import Rooms
from engine.plan.predict import Predictor
from engine.plan.program import ArraySpec


class AnswerPart:
    """`inputs` and `outputs` are seen by all: `batch` samples for each worker, of which each answers its share."""

    def __init__(self, member: Member, batch: int, start: int | None = None) -> None:
        self.member, self.batch = member, batch
        self.predictor = Predictor(member.flat, member.state.answering, batch=batch)
        shapes = self.predictor.shapes()
        dtype, count = member.state.vector.dtype.name, batch * member.count
        rooms = Rooms({node: ArraySpec((count, *shape), dtype) for node, shape in shapes.items()})
        self.start, raw = (
            member.memory.new(rooms.size) if start is None else (start, member.memory.piece(start, rooms.size))
        )
        held = rooms.arrays(raw)
        nodes = self.predictor.graph.nodes
        self.inputs: Arrays = {node: array for node, array in held.items() if isinstance(nodes[node], Input)}
        self.outputs: Arrays = {node: array for node, array in held.items() if node not in self.inputs}

    def run(self) -> None:
        """Answer one's share of as many samples as the leader has put there, and wait for the others."""
        member = self.member
        member.begin()
        mine = share(member.control[ROWS], member.rank, member.count)
        found = self.predictor.outputs({node: array[mine] for node, array in self.inputs.items()})
        for node, array in found.items():
            self.outputs[node][mine] = array
        member.sync.meet()
