"""One network that is measured: a chain of boxes with its one batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.arrays import Array, Shape
from engine.graph import Graph
from engine.infer import infer
from engine.layer import Layer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.loss import Loss
from engine.losses.cross_entropy import CrossEntropy

CLASSES = 10
SEED = 0  # of the data


@dataclass(frozen=True)
class Network:
    """One network with its one batch. `boxes` stand in a row between `input` and `output`, in PyTorch's numbering or names.

    `names` maps our names of weights, by their beginning, to those of the yardstick's files. `drawn` is the shape of
    the batch as it is drawn; `swapped` says that it is then turned from steps first to samples first. `entries`, where
    not 0, says that the values are whole numbers below it, such as those of words. A network whose targets are values
    learns to give back what it was given.
    """

    drawn: Shape
    boxes: Mapping[str, Layer]
    names: Mapping[str, str] = field(default_factory=dict)
    loss: Loss = field(default_factory=CrossEntropy)
    swapped: bool = False
    entries: int = 0

    @property
    def batch(self) -> int:
        return self.drawn[self.swapped]

    @property
    def size(self) -> Shape:
        """The shape of one sample."""
        return tuple(n for axis, n in enumerate(self.drawn) if axis != self.swapped)

    def graph(self) -> Graph:
        """Return the network as a graph."""
        boxes = {"input": Input(size=self.size), **self.boxes, "output": Output(loss=self.loss)}
        graph = Graph()
        for before, (name, layer) in zip([None, *boxes], boxes.items(), strict=False):
            graph = graph.add(name, layer, *([before] if before else []))
        return graph

    def data(self) -> tuple[Array, Array]:
        """Return the batch (x, target); every training step uses this same one."""
        rng = np.random.default_rng(SEED)
        drawn = rng.integers(0, self.entries, self.drawn) if self.entries else rng.standard_normal(self.drawn)
        x = np.ascontiguousarray(drawn.swapaxes(0, 1) if self.swapped else drawn, np.float32)
        if self.loss.target == "value":
            return x, x
        target = rng.integers(0, CLASSES if self.loss.target == "class" else 2, (self.batch, *self._target_shape()))
        return x, target if self.loss.target == "class" else target.astype(np.float32)

    def _target_shape(self) -> Shape:
        graph = self.graph()
        return self.loss.target_shape(*infer(graph).inputs(graph, "output"))

    def weights(self, names: Mapping[str, Array], arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return the arrays of a yardstick's file by our names `names`."""
        return {name: arrays[self.theirs(name)] for name in names}

    def theirs(self, name: str) -> str:
        """Return the yardstick's name for one of our weights."""
        for ours, theirs in self.names.items():
            if name.startswith(ours):
                return theirs + name.removeprefix(ours)
        return name


def numbered(*layers: Layer) -> dict[str, Layer]:
    """Return the boxes of a chain under the names that PyTorch's Sequential gives them."""
    return {str(number): layer for number, layer in enumerate(layers)}
