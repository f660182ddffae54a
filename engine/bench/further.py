"""Six networks that the yardstick does not hold, so that speed is not only that of the seven that it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.bench.network import CLASSES, Network, numbered
from engine.layer import Layer
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv1d import Conv1D
from engine.layers.conv2d import Conv2D
from engine.layers.conv_transpose2d import ConvTranspose2D
from engine.layers.dense import Dense
from engine.layers.embedding import Embedding
from engine.layers.global_average_pool1d import GlobalAveragePool1D
from engine.layers.global_average_pool2d import GlobalAveragePool2D
from engine.layers.global_max_pool1d import GlobalMaxPool1D
from engine.layers.gru import GRU
from engine.layers.max_pool1d import MaxPool1D
from engine.layers.relu import ReLU
from engine.layers.residual_block import ResidualBlock
from engine.layers.separable_conv2d import SeparableConv2D
from engine.losses.mean_squared_error import MeanSquaredError

WORDS = 5000


def _series() -> Network:
    """Return a convolution network for series of 128 steps with 8 features."""
    head = (GlobalAveragePool1D(), Dense(units=CLASSES))
    boxes = numbered(
        *(Conv1D(filters=32, kernel=5), ReLU(), MaxPool1D()),
        *(Conv1D(filters=64, kernel=5), ReLU(), MaxPool1D()),
        *(Conv1D(filters=128), ReLU(), *head),
    )
    return Network((64, 128, 8), boxes)


def _tagger() -> Network:
    """Return a network that names a class for each of 64 words."""
    boxes = numbered(Embedding(entries=WORDS, width=64), GRU(units=128, sequence=True), Dense(units=CLASSES))
    return Network((32, 64), boxes, entries=WORDS)


def _residual() -> Network:
    """Return a small ResNet: three stages, the latter two of which halve the image."""
    stem = (Conv2D(filters=16, use_bias=False), BatchNorm(), ReLU())
    stages = (ResidualBlock(filters=16), ResidualBlock(filters=32, stride=2), ResidualBlock(filters=64, stride=2))
    return Network((32, 3, 32, 32), numbered(*stem, *stages, GlobalAveragePool2D(), Dense(units=CLASSES)))


def _separable() -> Network:
    """Return a small MobileNet: depthwise-separable convolutions with normalisation."""

    def block(filters: int, stride: int) -> list[Layer]:
        return [SeparableConv2D(filters=filters, stride=(stride, stride), use_bias=False), BatchNorm(), ReLU()]

    stem = (Conv2D(filters=32, use_bias=False), BatchNorm(), ReLU())
    stages = (*block(64, 1), *block(128, 2), *block(128, 1))
    return Network((32, 3, 32, 32), numbered(*stem, *stages, GlobalAveragePool2D(), Dense(units=CLASSES)))


def _autoencoder() -> Network:
    """Return a network that narrows an image to a quarter of its sides, and enlarges it again."""
    narrow = (Conv2D(filters=16, stride=(2, 2)), ReLU(), Conv2D(filters=32, stride=(2, 2)), ReLU())
    enlarge = (ConvTranspose2D(filters=16), ReLU(), ConvTranspose2D(filters=1))
    return Network((64, 1, 28, 28), numbered(*narrow, *enlarge), loss=MeanSquaredError())


def _texts() -> Network:
    """Return a classifier of texts of 100 words: Kim, 2014."""
    words = (Embedding(entries=WORDS, width=64), Conv1D(filters=64), ReLU(), GlobalMaxPool1D())
    return Network((64, 100), numbered(*words, Dense(units=64), ReLU(), Dense(units=CLASSES)), entries=WORDS)


FURTHER: Mapping[str, Callable[[], Network]] = {
    "conv1d_b64": _series,
    "gru_b32": _tagger,
    "resnet_b32": _residual,
    "separable_b32": _separable,
    "autoencoder_b64": _autoencoder,
    "text_b64": _texts,
}
