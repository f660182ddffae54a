"""Reading the plain arrays of an npz file, with every limit checked before memory is taken."""

from __future__ import annotations

import zipfile
import zlib
from math import prod
from typing import BinaryIO

import numpy as np

from engine.arrays import Array, Arrays
from engine.problems import UserError

LARGEST = 8 << 30  # bytes of all arrays together
MOST = 64  # arrays
PLAIN = "biufUSM"  # kinds of dtype: numbers, texts and dates


def read_arrays(path: str, file: BinaryIO) -> Arrays:
    """Return the arrays of an npz file by name; raise UserError for anything else than plain numbers, texts and dates."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _all(path, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UserError(f"{path} is damaged or no npz file ({error}). Write it again with numpy.savez.") from None


def _all(path: str, archive: zipfile.ZipFile) -> Arrays:
    members = [info for info in archive.infolist() if not info.is_dir()]
    names = [info.filename.removesuffix(".npy") for info in members]
    if not members or len(members) > MOST or len(set(names)) < len(names):
        raise UserError(
            f"{path} holds {len(members)} arrays; from 1 to {MOST} can be read, each with a name of its own."
        )
    if sum(info.file_size for info in members) > LARGEST:
        raise UserError(f"{path} holds more than {LARGEST >> 30} GiB of arrays. Take a part of it.")
    return {name: _array(path, name, archive, info) for name, info in zip(names, members, strict=True)}


def _array(path: str, name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as member:
        try:
            version = np.lib.format.read_magic(member)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            shape, _, dtype = read(member)
        except (ValueError, KeyError):
            raise UserError(f"{path}: {name!r:.80} is no plain array. Write the file with numpy.savez.") from None
        if dtype.hasobject or dtype.kind not in PLAIN or len(shape) > 8:
            raise UserError(
                f"{path}: the array {name!r:.80} holds {dtype}, but only numbers, texts and dates are read. Convert it first."
            )
        if prod(shape) * dtype.itemsize != info.file_size - member.tell():
            raise UserError(f"{path}: the array {name!r:.80} is cut off or damaged. Write the file again.")
    with archive.open(info) as member:
        values: Array = np.lib.format.read_array(member)
    return np.char.decode(values, "utf-8", "replace") if dtype.kind == "S" else values
