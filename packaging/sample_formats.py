"""Reads and writes the file formats that the samples need, always with the same bytes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import pickle
import struct
import zipfile
import zlib

import numpy as np


class ArrayUnpickler(pickle.Unpickler):
    """Builds plain NumPy arrays and nothing else: any other name in the pickle is refused."""

    ALLOWED = {
        ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> object:
        try:
            return self.ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"refused: {module}.{name}") from None


def unpickle_array(compressed: bytes) -> np.ndarray:
    """The array in a gzip-compressed pickle, read by the restricted unpickler."""
    array = ArrayUnpickler(io.BytesIO(gzip.decompress(compressed))).load()
    if type(array) is not np.ndarray or array.dtype.hasobject:
        raise SystemExit("the pickle does not hold a plain array")
    return array


def read_idx(compressed: bytes) -> np.ndarray:
    """The uint8 array in a gzip-compressed IDX file (the format of MNIST)."""
    data = gzip.decompress(compressed)
    if data[:3] != b"\0\0\x08":
        raise SystemExit("not an IDX file of unsigned bytes")
    shape = struct.unpack_from(f">{data[3]}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def csv_bytes(header: list[str], rows: list) -> bytes:
    """A UTF-8 CSV file with Unix line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def zip_bytes(members: dict[str, bytes], method: int) -> bytes:
    """A zip file whose bytes do not depend on the clock or the machine."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method, compresslevel=9) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = method
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return stream.getvalue()


def npz_bytes(**arrays: np.ndarray) -> bytes:
    """What numpy.savez_compressed would write, but always the same bytes; never a pickle."""
    members = {}
    for name, array in arrays.items():
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.ascontiguousarray(array), (1, 0), allow_pickle=False)
        members[f"{name}.npy"] = stream.getvalue()
    return zip_bytes(members, zipfile.ZIP_DEFLATED)


def png_bytes(image: np.ndarray) -> bytes:
    """An 8-bit grey PNG of a two-dimensional uint8 array."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    height, width = image.shape
    lines = b"".join(b"\0" + row.tobytes() for row in image)  # filter 0 before every line
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")


def balanced_subset(labels: np.ndarray, per_class: int) -> np.ndarray:
    """Sorted indices of `per_class` rows of each class, spread by a hash of the row number.

    The hash stands in for a random generator because its order can never change between versions.
    """

    def rank(index: int) -> bytes:
        return hashlib.sha256(str(index).encode()).digest()

    chosen: list[int] = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label).tolist()
        chosen += sorted(rows, key=rank)[:per_class]
    return np.sort(chosen)
