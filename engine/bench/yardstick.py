"""The seven networks of the yardstick as graphs, with the names of their first values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.bench.network import CLASSES, Network, numbered
from engine.layer import Layer
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.global_average_pool1d import GlobalAveragePool1D
from engine.layers.lstm import LSTM
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.relu import ReLU
from engine.layers.tanh import Tanh
from engine.layers.transformer_encoder_block import TransformerEncoderBlock
from engine.losses.binary_cross_entropy import BinaryCrossEntropy


def _mlp(batch: int) -> Network:
    boxes = numbered(Dense(units=256), ReLU(), Dense(units=128), ReLU(), Dense(units=CLASSES))
    return Network((batch, 784), boxes)


def _tiny() -> Network:
    boxes = numbered(Dense(units=8), Tanh(), Dense(units=8), Tanh(), Dense(units=1))
    return Network((32, 2), boxes, loss=BinaryCrossEntropy())


def _lenet() -> Network:
    convolutions = [box for filters in (16, 32) for box in (Conv2D(filters=filters), ReLU(), MaxPool2D())]
    boxes = numbered(*convolutions, Flatten(), Dense(units=128), ReLU(), Dense(units=CLASSES))
    return Network((64, 1, 28, 28), boxes)


def _vgg() -> Network:
    def block(filters: int) -> list[Layer]:
        return [Conv2D(filters=filters, use_bias=False), BatchNorm(), ReLU()]

    convolutions = [*block(32), *block(32), MaxPool2D(), *block(64), *block(64), MaxPool2D()]
    boxes = numbered(*convolutions, Flatten(), Dense(units=256), ReLU(), Dense(units=CLASSES))
    return Network((64, 3, 32, 32), boxes)


def _lstm() -> Network:
    boxes = {"lstm": LSTM(units=128), "head": Dense(units=CLASSES)}
    return Network((64, 32, 32), boxes, swapped=True)


def _transformer() -> Network:
    blocks = {f"layer{i}": TransformerEncoderBlock(heads=4, hidden=512, gelu="tanh") for i in (0, 1)}
    boxes = {**blocks, "mean": GlobalAveragePool1D(), "head": Dense(units=CLASSES)}
    return Network((32, 64, 128), boxes, names={f"layer{i}/": f"layers.{i}." for i in (0, 1)})


YARDSTICK: Mapping[str, Callable[[], Network]] = {
    "mlp_b64": lambda: _mlp(64),
    "mlp_b256": lambda: _mlp(256),
    "tiny_b32": _tiny,
    "lenet_b64": _lenet,
    "vgg_b64": _vgg,
    "lstm_b32": _lstm,
    "tf_b32": _transformer,
}
