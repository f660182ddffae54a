"""Arrays in NumPy's npz files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.arrays import Array, Arrays
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.files import open_regular
from engine.data.kinds import text_kind
from engine.data.npz_arrays import LARGEST, read_arrays
from engine.data.source import Source
from engine.problems import UserError
from engine.spec import param

PARTS = ("_train", "_val", "_test")  # arrays of the same name but for these are joined in this order
CHANNELS = (1, 2, 3, 4)  # grey, with transparency, colours, with transparency
CLASS_NAMES = ("names", "classes", "class_names")
WIDEST = 16_384  # columns of one table


class Npz(Source):
    """Arrays in a file of NumPy (npz): the samples on the first axis, all of one length.

    `X` (N, features) becomes number columns; uint8 (N, height, width) or with channels images; other (N, steps,
    features) series; datetime64 dates. `y` becomes the column `label`, by the texts of `names` where the file has them.
    `X_train` and `X_test` are joined.
    """

    path: str = param("The file.", default="")

    def read(self) -> Dataset:
        with open_regular(self.path, LARGEST) as file:
            arrays = read_arrays(self.path, file)
        return dataset_of(self.path, arrays)

    def label(self) -> str:
        return Path(self.path).name


def dataset_of(path: str, arrays: Arrays) -> Dataset:
    """Return the data set that arrays by name make; raise UserError where they do not fit together."""
    names = next((arrays[name] for name in CLASS_NAMES if name in arrays and arrays[name].dtype.kind == "U"), None)
    single = [name for name, array in arrays.items() if not array.ndim]
    used = {name: a for name, a in arrays.items() if a.ndim and (names is None or a is not names)}
    joined, notes = _joined(used)
    notes += [f"{name} is a single value and was left out." for name in single]
    lengths = {name: len(a) for name, a in joined.items()}
    if not joined or len(set(lengths.values())) != 1 or not next(iter(lengths.values())):
        told = ", ".join(f"{name} has {count}" for name, count in lengths.items())
        raise UserError(f"{path}: every array must have one entry for each sample, but {told or 'there are none'}.")
    found: list[Column] = []
    for name, values in joined.items():
        if name.lower() in ("y", "label", "labels") and names is not None:
            values = _named(path, name, values, names)
        found += _columns(path, name, values)
        notes += _doubts(name, values)
    order = sorted(found, key=lambda column: column.name == "label")
    return Dataset(tuple(order), tuple(notes))


def _joined(arrays: Arrays) -> tuple[Arrays, list[str]]:
    joined: Arrays = {}
    notes = []
    for name in arrays:
        stem = next((name.removesuffix(part) for part in PARTS if name.endswith(part)), "")
        pieces = [stem + part for part in PARTS if stem + part in arrays] if stem else []
        if len(pieces) > 1 and len({arrays[piece].shape[1:] for piece in pieces}) == 1:
            if stem not in joined:
                joined[stem] = np.concatenate([arrays[piece] for piece in pieces])
                notes.append(f"{', '.join(pieces)} are joined in this order.")
        else:
            joined[name] = arrays[name]
    return joined, notes


def _named(path: str, name: str, values: Array, names: Array) -> Array:
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.dtype.kind == "f" and bool((values == np.floor(values)).all()):
        values = values.astype(np.int64)
    if values.dtype.kind not in "iu" or values.ndim != 1:
        return values
    if values.size and not 0 <= int(values.min()) <= int(values.max()) < len(names):
        raise UserError(
            f"{path}: {name} holds class numbers from {values.min()} to {values.max()}, but {len(names)} classes are named."
        )
    return names[values]


def _columns(path: str, name: str, values: Array) -> Iterator[Column]:
    is_x = name.lower() == "x"
    if values.ndim == 2 and values.shape[1] == 1 and (not is_x or values.dtype.kind in "UM"):
        values = values[:, 0]
    if values.dtype.kind == "U" and values.ndim == 1:
        present = values[values != ""]
        yield Column(_called(name), text_kind(len(np.unique(present)), len(present)), values)
    elif values.dtype.kind == "M" and values.ndim == 1:
        yield Column(_called(name), "date", _seconds(values))
    elif values.ndim == 2 and values.shape[1] > WIDEST:
        raise UserError(
            f"{path}: {name} has {values.shape[1]:,} columns; at most {WIDEST:,} can be read. Take some of them."
        )
    elif values.dtype.kind in "UM" or values.ndim > 4:
        raise UserError(
            f"{path}: the array {name} has the shape {values.shape}, which is neither table, series nor images."
        )
    elif values.ndim == 1:
        yield Column(_called(name), "number", _finite(values.astype(np.float64)))
    elif values.ndim == 2:
        for place in range(values.shape[1]):
            yield Column(f"{name}{place}", "number", _finite(values[:, place].astype(np.float64)))
    elif values.dtype == np.uint8:
        yield Column("image" if is_x else name, "image", _channels_first(values))
    else:
        yield Column("series" if is_x and values.ndim == 3 else name, "number", _finite(values.astype(np.float32)))


def _called(name: str) -> str:
    return "label" if name.lower() in ("y", "labels") else name


def _finite(values: Array) -> Array:
    values[~np.isfinite(values)] = np.nan
    return values


def _seconds(dates: Array) -> Array:
    """Return NumPy's dates as seconds since 1970; NaN where there is none, or none of the years 1 to 9999."""
    unit = np.datetime_data(dates.dtype)[0]
    if unit == "generic":
        return np.full(len(dates), np.nan)
    if unit in ("ps", "fs", "as"):  # NumPy cannot bring them to years
        dates = dates.astype("datetime64[us]")
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    known = ~np.isnat(dates) & (years >= 1) & (years <= 9999)
    found = np.full(len(dates), np.nan)
    found[known] = dates[known].astype("datetime64[us]").astype(np.int64) / 1e6
    return found


def _doubts(name: str, values: Array) -> Iterator[str]:
    """Yield a sentence about what is read as series and may be meant as images."""
    whole = values.dtype.kind in "iu" and values.dtype != np.uint8 and values.ndim in (3, 4) and values.size > 0
    if whole and values.min() >= 0 and 100 < values.max() <= 255:
        yield f"{name} is read as series of numbers. If it holds images, save it as uint8."


def _channels_first(values: Array) -> Array:
    """Return images (N, H, W), (N, H, W, 1 to 4) or (N, C, H, W) as (N, C, H, W)."""
    if values.ndim == 3:
        return values[:, None]
    if values.shape[-1] in CHANNELS and values.shape[1] not in CHANNELS:
        return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
    return values
