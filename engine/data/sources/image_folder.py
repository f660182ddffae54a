"""Folders of pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.arrays import Array
from engine.columns import Column, text_array
from engine.data import wording
from engine.data.dataset import Dataset
from engine.data.decoding import Pictures
from engine.data.files import unreadable
from engine.data.pictures import ENDINGS, has_colours, picture_size
from engine.data.source import Source
from engine.problems import UserError
from engine.spec import param

LOOKED_AT = 40  # pictures
LARGEST = 32 << 30  # bytes of all pictures together


class ImageFolder(Source):
    """A folder with one folder for each class, and the pictures of that class in it.

    Gives the columns `image`, `label` (the name of the folder) and `file`.
    """

    path: str = param("The folder.", default="")
    height: int = param(
        "Height to which pictures are brought; 0: that of the first.", default=0, min=0, max=4096, unit=" px"
    )
    width: int = param(
        "Width to which pictures are brought; 0: that of the first.", default=0, min=0, max=4096, unit=" px"
    )
    colour: bool = param("Keep colours: three channels instead of one.", default=False)
    fit: str = param(
        "What happens to pictures of other proportions.", default="stretch", choices=("stretch", "crop"), advanced=True
    )
    broken: str = param(
        "What happens where pictures are broken: nothing is read, or all others are.",
        default="stop",
        choices=("stop", "leave out"),
    )
    memory: int = param(
        "Most memory for decoded pictures. Those beyond it lie on the disk meanwhile, in a file without a name.",
        default=2048,
        min=1,
        max=1 << 20,
        unit=" MB",
        advanced=True,
    )

    def read(self) -> Dataset:
        files, notes = list_pictures(self.path)
        first = _first_size([path for path, _ in files])
        height, width = self.height or first[0], self.width or first[1]
        channels = 3 if self.colour else 1
        if len(files) * channels * height * width > LARGEST:
            raise UserError(
                f"{len(files):,} pictures of {height} × {width} are more than {LARGEST >> 30} GiB. Choose a smaller size."
            )
        tolerant = self.broken == "leave out"
        pictures = Pictures(
            [path for path, _ in files], (channels, height, width), self.fit, self.memory << 20, tolerant
        )
        pixels = pictures.read()
        read = [files[row] for row in pictures.whole.tolist()]
        notes = (*notes, *pictures.notes(), *_emptied(files, read), *self._changes([path for path, _ in read], first))
        return Dataset(_columns(Path(self.path), pixels, read), notes)

    def _changes(self, files: list[Path], first: tuple[int, int]) -> Iterator[str]:
        """Yield what becomes of sizes and colours, by a look at some of the files."""
        some = files[:: max(1, len(files) // LOOKED_AT)]
        if not (self.height and self.width) and any(picture_size(path) != first for path in some):
            yield f"The pictures are of several sizes and are brought to {first[0]} × {first[1]}, that of the first."
        if not self.colour and any(map(has_colours, some)):
            yield "Some pictures are in colour, but all are read in grey. Turn colour on to keep it."

    def essence(self) -> ImageFolder:
        return self.with_(memory=ImageFolder().memory)

    def label(self) -> str:
        return Path(self.path).name


def _columns(root: Path, pixels: Array, files: list[tuple[Path, str]]) -> tuple[Column, ...]:
    return (
        Column("image", "image", pixels),
        Column("label", "category", text_array(label for _, label in files)),
        Column("file", "text", text_array(path.relative_to(root).as_posix() for path, _ in files)),
    )


def _emptied(files: list[tuple[Path, str]], read: list[tuple[Path, str]]) -> tuple[str, ...]:
    """Return a sentence about classes of which every picture was left out."""
    gone = sorted({label for _, label in files} - {label for _, label in read})
    return (f"No picture is left of {wording.count(len(gone), 'class')}: {', '.join(gone)}.",) if gone else ()


def _first_size(files: list[Path]) -> tuple[int, int]:
    """Return the size of the first picture that is whole; where none is, raise what is wrong with the first."""
    for path in files:
        with suppress(UserError):
            return picture_size(path)
    return picture_size(files[0])


def list_pictures(path: str) -> tuple[list[tuple[Path, str]], tuple[str, ...]]:
    """Return every picture file with its class, sorted, and a note about files that are no pictures."""
    if not path:
        raise UserError("No folder is named. Choose a folder with one folder for each class.")
    root, other = Path(path), 0
    found: list[tuple[Path, str]] = []
    for folder in _entries(root):
        if not folder.is_dir() or folder.name.startswith("."):
            other += not folder.name.startswith(".")
            continue
        inside = [entry for entry in _entries(Path(folder.path)) if not entry.name.startswith(".")]
        pictures = [entry for entry in inside if entry.name.lower().endswith(ENDINGS) and not entry.is_dir()]
        other += len(inside) - len(pictures)
        found += [(Path(entry.path), folder.name) for entry in pictures]
    if not found:
        raise UserError(_without_pictures(root))
    passed = "1 other file or folder in {} was" if other == 1 else f"{other:,} other files or folders in {{}} were"
    return found, ((f"{passed.format(root.name)} passed over.",) if other else ())


def _without_pictures(root: Path) -> str:
    """Return what is wrong with a folder that has no picture in the folders in it."""
    if any(entry.name.lower().endswith(ENDINGS) for entry in _entries(root)):
        return (
            f"The pictures lie right in {root}, so nothing says their classes. Put them into one folder for each class."
        )
    folders = [entry for entry in _entries(root) if entry.is_dir()]
    deeper = [entry.name for entry in folders if any(inner.is_dir() for inner in _entries(Path(entry.path)))]
    hint = f" Or choose a folder in it: {', '.join(deeper[:3])}." if deeper else ""
    return f"{root} holds no pictures. Put one folder for each class into it, with the pictures in them.{hint}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except NotADirectoryError:
        raise UserError(f"{folder} is a file, but a folder is wanted. Choose the folder that holds it.") from None
    except (OSError, ValueError) as error:
        raise UserError(unreadable(folder, error)) from None
