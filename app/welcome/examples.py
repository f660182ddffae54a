"""The projects that come with the program."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path


@dataclass(frozen=True)
class Example:
    """A project file among the resources, and what a person reads about it."""

    path: Path
    title: str
    sentence: str


_SENTENCES = {  # by the name of the file
    "digits": ("Handwritten digits", "A small convolution network reads 8 × 8 pixels."),
    "penguins": ("Penguins", "Three species told apart by bill, flipper and weight."),
    "sunspots": ("Sunspots", "An LSTM foretells next year from the years before."),
    "names": ("Names", "An LSTM reads a first name and says whether it is a woman's or a man's."),
    "fashion": ("Fashion", "Shoes, shirts and bags in 28 × 28 pixels."),
    "cars": ("Cars", "How far a car goes on a gallon, from its data sheet."),
}


def examples() -> tuple[Example, ...]:
    """Return the example projects that are there, the best known first."""
    folder = Path(str(files("resources"))) / "examples"
    found = sorted(folder.glob("*.netw"), key=lambda path: (_rank(path), path.name))
    return tuple(Example(path, *_texts(path)) for path in found)


def _rank(path: Path) -> int:
    return list(_SENTENCES).index(path.stem) if path.stem in _SENTENCES else len(_SENTENCES)


def _texts(path: Path) -> tuple[str, str]:
    return _SENTENCES.get(path.stem, (path.stem.replace("_", " ").capitalize(), "A project to try out."))
