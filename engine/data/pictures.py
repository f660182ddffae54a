"""Decoding one picture file to a fixed size, with Pillow."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.data.files import open_regular
from engine.problems import UserError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
LARGEST = 256 << 20  # bytes of a file
GREY = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")  # Pillow's modes without colours
SIXTEEN = ("I;16", "I;16B", "I;16L")  # Pillow's modes of 16 bits a pixel
MOST_PIXELS = 100_000_000


def picture_size(path: Path) -> tuple[int, int]:
    """Return height and width of a picture file without decoding it."""
    return _guarded(path, lambda image: (image.height, image.width))


def has_colours(path: Path) -> bool:
    """Tell whether a picture file may hold colours, without decoding it."""
    return _guarded(path, lambda image: image.mode not in GREY) is True


def read_picture(path: Path, height: int, width: int, colour: bool, fit: str) -> Array:
    """Return a picture as uint8 (channels, height, width), 3 channels or 1; raise UserError naming the file.

    `fit` "stretch" ignores the picture's proportions; "crop" keeps them and cuts off what is too much. What is
    transparent becomes white.
    """
    return _guarded(path, lambda image: _pixels(image, height, width, colour, fit))


class _Silence:
    """Warnings are ignored as long as any thread decodes; `catch_warnings` alone would mix threads up."""

    def __init__(self) -> None:
        self.lock, self.threads, self.caught = Lock(), 0, warnings.catch_warnings()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self.lock:
            self.threads += 1
            if self.threads == 1:
                self.caught = warnings.catch_warnings()
                self.caught.__enter__()
                warnings.simplefilter("ignore")
        try:
            yield
        finally:
            with self.lock:
                self.threads -= 1
                if not self.threads:
                    self.caught.__exit__(None, None, None)


_without_warnings = _Silence()


def _guarded(path: Path, work: Any) -> Any:
    from PIL import Image

    with open_regular(path, LARGEST) as file:
        try:
            with _without_warnings(), Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                return work(image)
        except Image.DecompressionBombError:
            raise UserError(
                f"{path} has too many pixels (more than {MOST_PIXELS:,}). Make the picture smaller."
            ) from None
        except (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error, zlib.error, TypeError) as error:
            reason = str(error).splitlines()[0] if str(error) and "io.Buffered" not in str(error) else "not a picture"
            raise UserError(f"{path} is broken ({reason}). Replace the picture or take it away.") from None


def _pixels(image: Any, height: int, width: int, colour: bool, fit: str) -> Array:
    from PIL import Image, ImageOps

    mode = "RGB" if colour else "L"
    image.draft(mode, (width, height))
    if image.mode in (*SIXTEEN, "I", "F"):  # Pillow would cut off, not scale
        image = Image.fromarray(_eight_bits(np.asarray(image), image.mode in SIXTEEN or image.format == "PNG"))
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)
    image = image.convert(mode)
    if image.size != (width, height):
        image = _resized(image, height, width, fit)
    values = np.asarray(image)  # (H, W) or (H, W, 3)
    return values[None] if values.ndim == 2 else values.transpose(2, 0, 1)


def _eight_bits(values: Array, sixteen: bool) -> Array:
    """Return pixels of more bits as uint8. Fractions up to 1 become 0 to 255; larger numbers up to 255 are kept."""
    if sixteen:
        return (values.astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8)
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 255):
        raise ValueError(
            f"its pixels are numbers from {low:g} to {high:g}, not from 0 to 255; save it with 8 or 16 bits"
        )
    scale = 255 if values.dtype.kind == "f" and high <= 1 else 1
    return np.rint(values * scale).astype(np.uint8)


def _resized(image: Any, height: int, width: int, fit: str) -> Any:
    from PIL import Image, ImageOps

    if fit == "crop":
        return ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
