"""The seven networks of the yardstick as graphs, with their fixed data and the names of their first values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.arrays import Array, Shape
from engine.graph import Graph
from engine.layer import Layer
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.global_average_pool1d import GlobalAveragePool1D
from engine.layers.input import Input
from engine.layers.lstm import LSTM
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.layers.tanh import Tanh
from engine.layers.transformer_encoder_block import TransformerEncoderBlock
from engine.loss import Loss
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.cross_entropy import CrossEntropy
from engine.problems import UserError

CLASSES = 10
SEED = 0  # of the data


@dataclass(frozen=True)
class Network:
    """One network with its one batch. `boxes` stand in a row between `input` and `output`, in PyTorch's numbering or names.

    `names` maps our names of weights, by their beginning, to those of the yardstick's files. `drawn` is the shape of
    the batch as it is drawn; `swapped` says that it is then turned from steps first to samples first.
    """

    drawn: Shape
    boxes: Mapping[str, Layer]
    names: Mapping[str, str] = field(default_factory=dict)
    loss: Loss = field(default_factory=CrossEntropy)
    swapped: bool = False

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
        x = rng.standard_normal(self.drawn).astype(np.float32)
        if isinstance(self.loss, BinaryCrossEntropy):
            return x, rng.integers(0, 2, (self.batch, 1)).astype(np.float32)
        target = rng.integers(0, CLASSES, self.batch)
        return np.ascontiguousarray(x.swapaxes(0, 1)) if self.swapped else x, target

    def weights(self, names: Mapping[str, Array], arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Return the arrays of a yardstick's file by our names `names`."""
        return {name: arrays[self.theirs(name)] for name in names}

    def theirs(self, name: str) -> str:
        """Return the yardstick's name for one of our weights."""
        for ours, theirs in self.names.items():
            if name.startswith(ours):
                return theirs + name.removeprefix(ours)
        return name


def network(name: str) -> Network:
    """Return one of the seven; raise UserError where there is none of that name."""
    if name not in NETWORKS:
        raise UserError(f"There is no network {name!r}. Take one of {', '.join(NETWORKS)}.")
    return NETWORKS[name]()


def _numbered(*layers: Layer) -> dict[str, Layer]:
    return {str(number): layer for number, layer in enumerate(layers)}


def _mlp(batch: int) -> Network:
    boxes = _numbered(Dense(units=256), ReLU(), Dense(units=128), ReLU(), Dense(units=CLASSES))
    return Network((batch, 784), boxes)


def _tiny() -> Network:
    boxes = _numbered(Dense(units=8), Tanh(), Dense(units=8), Tanh(), Dense(units=1))
    return Network((32, 2), boxes, loss=BinaryCrossEntropy())


def _lenet() -> Network:
    convolutions = [box for filters in (16, 32) for box in (Conv2D(filters=filters), ReLU(), MaxPool2D())]
    boxes = _numbered(*convolutions, Flatten(), Dense(units=128), ReLU(), Dense(units=CLASSES))
    return Network((64, 1, 28, 28), boxes)


def _vgg() -> Network:
    def block(filters: int) -> list[Layer]:
        return [Conv2D(filters=filters, use_bias=False), BatchNorm(), ReLU()]

    convolutions = [*block(32), *block(32), MaxPool2D(), *block(64), *block(64), MaxPool2D()]
    boxes = _numbered(*convolutions, Flatten(), Dense(units=256), ReLU(), Dense(units=CLASSES))
    return Network((64, 3, 32, 32), boxes)


def _lstm() -> Network:
    boxes = {"lstm": LSTM(units=128), "head": Dense(units=CLASSES)}
    return Network((64, 32, 32), boxes, swapped=True)


def _transformer() -> Network:
    blocks = {f"layer{i}": TransformerEncoderBlock(heads=4, hidden=512, gelu="tanh") for i in (0, 1)}
    boxes = {**blocks, "mean": GlobalAveragePool1D(), "head": Dense(units=CLASSES)}
    return Network((32, 64, 128), boxes, names={f"layer{i}/": f"layers.{i}." for i in (0, 1)})


NETWORKS: Mapping[str, Callable[[], Network]] = {
    "mlp_b64": lambda: _mlp(64),
    "mlp_b256": lambda: _mlp(256),
    "tiny_b32": _tiny,
    "lenet_b64": _lenet,
    "vgg_b64": _vgg,
    "lstm_b32": _lstm,
    "tf_b32": _transformer,
}
