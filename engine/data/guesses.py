"""What a person most likely wants an Input to read and an Output to learn, guessed from the columns of the data."""

from __future__ import annotations

from collections.abc import Sequence

from engine.arrays import Shape
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.kinds import tells_classes, tells_rows_apart
from engine.layers.input import Input
from engine.loss import Loss
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.preprocessing.characters import Characters
from engine.preprocessing.dates import ALL, DAYS, PERIODS
from engine.preprocessing.scale import Scale
from engine.preprocessing.standardise import Standardise
from engine.preprocessor import Preprocessor

MANY_CATEGORIES = 100  # one-hot columns of one category column
LONGEST = 256  # tokens of one text


def natural_size(layer: Input, columns: Sequence[Column], window: int) -> Shape:
    """Return the size that an Input of these columns has of itself."""
    row = layer.preprocessing.shape(list(columns))
    return (window, *row) if window else row


def reading(layer: Input, columns: Sequence[Column], window: int, wish: Preprocessor | None = None) -> Input:
    """Return the Input as it reads these columns: with the usual preprocessing, or the one wished for, and their size."""
    rule = wish or suggest_preprocessing(columns)
    layer = layer.with_(columns=tuple(column.name for column in columns), preprocessing=rule)
    size = natural_size(layer, columns, window)
    return layer.with_(size=(min(size[0], LONGEST),) if rule.takes_tokens else size)


def readable(dataset: Dataset, target: str) -> list[Column]:
    """Return the columns that one Input reads together: an image, else a series, else numbers and categories, else a text."""
    rest = [column for column in dataset.columns if column.name != target and not column.missing.all()]
    for arrays in ([c for c in rest if c.kind == "image"], [c for c in rest if c.kind == "number" and c.inner]):
        if arrays:
            return arrays[:1]
    numbers = [c for c in rest if c.kind == "number" and not tells_rows_apart(c)]
    categories = [c for c in rest if c.kind == "category" and 2 <= c.different <= MANY_CATEGORIES]
    texts = [c for c in rest if c.kind == "text"]
    table = [c for c in rest if c in numbers or c in categories or c.kind == "date"]
    if texts and not categories and _much_text(texts[0], numbers):
        return texts[:1]
    return table or texts[:1]


def _much_text(text: Column, numbers: list[Column]) -> bool:
    """Tell whether the data is about its texts: sentences, beside hardly any numbers."""
    spaces = sum(value.count(" ") for value in text.values[:200].tolist())
    return not numbers or (len(numbers) <= 2 and spaces > 4 * min(len(text.values), 200))


def suggest_preprocessing(columns: Sequence[Column]) -> Preprocessor:
    """Return the usual preprocessing for columns of these kinds."""
    kinds = {column.kind for column in columns}
    if "text" in kinds:
        return Characters()
    return Scale() if "image" in kinds else Standardise(dates=_parts_of_dates(columns))


def _parts_of_dates(columns: Sequence[Column]) -> str:
    """Return what is worth seeing of dates: nothing of the day where none has a time."""
    times = [column.values[~column.missing] % PERIODS["day"] for column in columns if column.kind == "date"]
    return ALL if not times or any(time.any() for time in times) else DAYS


def suggest_loss(column: Column, now: Loss) -> Loss:
    """Return `now` where it suits the column, else cross entropy for classes and mean squared error for numbers."""
    if now.target in ("label", "text"):  # chosen by a person: no other loss wants such an output
        return now
    if column.kind != "number":
        return CrossEntropy() if now.target == "value" or column.different != 2 else now
    if tells_classes(column):
        return CrossEntropy() if now.target == "value" or column.different != 2 else now
    return now if now.target == "value" else MeanSquaredError()
