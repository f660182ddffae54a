"""The templates: each builds a network up to its head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isqrt

import numpy as np

from engine.arrays import Shape
from engine.columns import Column
from engine.data.guesses import suggest_preprocessing
from engine.data.samples import SampleData
from engine.data.settings import DataSettings
from engine.layers.conv1d import Conv1D
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.embedding import Embedding
from engine.layers.flatten import Flatten
from engine.layers.global_max_pool1d import GlobalMaxPool1D
from engine.layers.input import Input
from engine.layers.lstm import LSTM
from engine.layers.max_pool1d import MaxPool1D
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.relu import ReLU
from engine.preprocessing.characters import Characters
from engine.preprocessing.scale import Scale
from engine.preprocessing.standardise import Standardise
from engine.preprocessing.tokens import FIRST, Tokens
from engine.preprocessing.words import Words
from engine.preprocessor import Preprocessor
from engine.problems import UserError
from engine.templates.chain import Chain
from engine.templates.task import Task

WINDOW = 11  # rows of a series that make one sample
LONG_WINDOW = 32  # where they follow one another in time
MOST_TOKENS = 4096

Made = tuple[Chain, DataSettings, float]  # the network up to its head, how the data is cut, the learning rate


def _reading(name: str, columns: Sequence[Column], preprocessing: Preprocessor, size: Shape | None = None) -> Chain:
    shape = size or preprocessing.shape(columns)
    return Chain().add(
        name, Input(columns=tuple(column.name for column in columns), size=shape, preprocessing=preprocessing)
    )


def _mlp(task: Task) -> Made:
    """Flat vectors: two hidden layers."""
    table, images, series = task.table(), task.columns("image")[:1], _series(task)
    data = DataSettings()
    if images:
        chain, widths = _reading("image", images, Scale()).add("flatten", Flatten()), (128, 64)
    elif series:
        chain, widths = _reading("series", series, Standardise()).add("flatten", Flatten()), (64, 32)
    elif table:
        chain, widths = _reading("table", table, suggest_preprocessing(table)), (64, 32)
    elif task.columns("text") or task.classes:
        chain, widths = _words(task).add("flatten", Flatten()), (64, 32)
    else:
        (chain, data), widths = _windows(task), (64, 32)
        chain.add("flatten", Flatten())
    for number, width in enumerate(widths, 1):
        chain.add(f"dense{number}", Dense(units=width)).add(f"relu{number}", ReLU())
    return chain, data, 2e-3


def _cnn(task: Task) -> Made:
    """Images: convolutions with pooling as long as there is something left to pool, then a hidden layer.

    Series likewise, along their steps; what counts in the end is where each filter found most.
    """
    series = _series(task)
    if not task.columns("image") and (series or task.timed):
        read, data = (_reading("series", series, Standardise()), DataSettings()) if series else _windows(task)
        return _along_steps(read), data, 2e-3
    chain, size = _image(task)
    side = min(size[1:])
    for number, filters in enumerate((16, 32), 1):
        chain.add(f"conv{number}", Conv2D(filters=filters)).add(f"relu{number}", ReLU())
        if side >= 8:
            chain.add(f"pool{number}", MaxPool2D())
            side //= 2
    chain.add("flatten", Flatten()).add("dense1", Dense(units=64)).add("relu3", ReLU())
    return chain.add("dropout", Dropout()), DataSettings(), 2e-3


def _along_steps(chain: Chain) -> Chain:
    reader = chain.graph.nodes["series"]
    steps = reader.size[0] if isinstance(reader, Input) else 0
    for number, filters in enumerate((32, 64), 1):
        chain.add(f"conv{number}", Conv1D(filters=filters, kernel=5)).add(f"relu{number}", ReLU())
        if steps >= 16:
            chain.add(f"pool{number}", MaxPool1D())
            steps //= 2
    return chain.add("most", GlobalMaxPool1D()).add("dropout", Dropout(rate=0.2))


def _image(task: Task) -> tuple[Chain, Shape]:
    """Return the Input of an image: an image column, or number columns that are the pixels of a square."""
    images = task.columns("image")[:1]
    if images:
        return _reading("image", images, Scale()), images[0].inner
    pixels = [column for column in task.columns("number") if not column.inner]
    side = isqrt(len(pixels))
    if side >= 4 and side * side == len(pixels):
        return _reading("image", pixels, Scale(), (1, side, side)), (1, side, side)
    raise UserError(
        "The template cnn needs images, number columns that are the pixels of a square image, or series, which this data "
        "does not have. Choose the template mlp or lstm."
    )


def _lstm(task: Task) -> Made:
    """Series and texts: one LSTM that reads from left to right, its last state decides."""
    if task.columns("text"):
        return _words(task).add("lstm", LSTM(units=48)), DataSettings(), 3e-3
    series = _series(task)
    if series:
        return _reading("series", series, Standardise()).add("lstm", LSTM(units=32)), DataSettings(), 3e-3
    chain, data = _windows(task)
    return chain.add("lstm", LSTM(units=32)), data, 5e-3


def _windows(task: Task) -> tuple[Chain, DataSettings]:
    """Return the Input of a series of rows: the target's own past, or all numbers where classes are to be told.

    Where rows follow one another in time, all numbers as well, the target's own past among them.
    """
    numbers = [column for column in task.table() if column.kind == "number"]
    if not task.classes:
        own = task.dataset.columns if task.timed else ()
        numbers = [column for column in own if column in numbers or column is task.target] or [task.target]
    read, most = numbers, LONG_WINDOW if task.timed else WINDOW
    if not read:
        raise UserError(
            "The template lstm needs texts or numbers, which this data does not have. Choose the template mlp."
        )
    window = (task.hint.window if task.hint else 0) or max(1, min(most, len(task.dataset) // 10))
    return _reading("series", read, Standardise(), (window, len(read))), DataSettings(window=window)


def _series(task: Task) -> list[Column]:
    """Return the first column that holds a whole series (steps, features) in each row."""
    return [column for column in task.columns("number") if len(column.inner) == 2][:1]


def _words(task: Task) -> Chain:
    """Return the Input and the Embedding of the first text column: words where texts are long, else characters."""
    texts = task.columns("text")[:1]
    if not texts:
        raise UserError("The data has no columns that a network could read besides the target.")
    preprocessing, size = _tokens(texts[0], task.hint)
    width = 16 if isinstance(preprocessing, Characters) else 32
    chain = _reading("text", texts, preprocessing, size)
    return chain.add("embedding", Embedding(entries=preprocessing.tokens, width=width))


def _tokens(text: Column, hint: SampleData | None) -> tuple[Tokens, Shape]:
    """Return how texts become numbers, and how many of each text: all, but for the longest hundredth."""
    if hint and isinstance(hint.preprocessing, Tokens):
        return hint.preprocessing, hint.size
    texts = [str(value) for value in text.values.tolist()]
    kind: type[Tokens] = Words if np.median([value.count(" ") for value in texts]) >= 3 else Characters
    split = [list(tokens) for tokens in kind().split(texts)]
    known = len({token for tokens in split for token in tokens})
    length = max(1, int(np.quantile([len(tokens) for tokens in split], 0.99)))
    return kind(tokens=max(3, min(known + FIRST, MOST_TOKENS))), (length,)


TEMPLATES: Mapping[str, Callable[[Task], Made]] = {"mlp": _mlp, "cnn": _cnn, "lstm": _lstm}
