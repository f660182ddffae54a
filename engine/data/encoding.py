"""What Inputs make of the columns that they read: all at once, or for images that would be too much, when it is needed."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import cast

import numpy as np

from engine.arrays import Array
from engine.columns import Column
from engine.deferred import Deferred
from engine.layers.input import Input
from engine.preprocessing import numbers
from engine.preprocessor import Fitted

ENCODED = 1 << 30  # bytes of encoded images that are kept; more are encoded for each batch anew


def encoded(layer: Input, columns: list[Column], fitted: Fitted) -> Array:
    """Return what the preprocessing makes of some rows; steps that are only padding are NaN where there is a mask."""
    values = layer.preprocessing.apply(columns, fitted)
    if layer.mask and not layer.preprocessing.takes_tokens:
        values[np.isnan(numbers.stack(columns)).all(axis=-1)] = np.nan
    return values


def samples_of(layer: Input, columns: list[Column], fitted: Fitted, rows: Array) -> Array:
    """Return what an Input hands to the network for some rows, float32 (N, *size), which may be `Deferred`."""
    if _too_large(layer, columns, len(rows)):
        return cast(Array, Deferred(partial(_made, layer, columns, fitted), rows, layer.size, np.float32))
    return _made(layer, columns, fitted, rows)


def _too_large(layer: Input, columns: list[Column], samples: int) -> bool:
    """Tell whether these are images that would, four times as large as their pixels, take too much memory."""
    if not columns or any(column.kind != "image" for column in columns):
        return False
    return 4 * samples * prod(layer.size) > ENCODED or any(isinstance(c.values, Deferred) for c in columns)


def _made(layer: Input, columns: list[Column], fitted: Fitted, rows: Array) -> Array:
    whole = all(len(column.values) == len(rows) for column in columns) and bool((np.diff(rows) == 1).all())
    x = encoded(layer, columns if whole else [column.take(rows) for column in columns], fitted)
    return x.reshape(len(rows), *layer.size)
