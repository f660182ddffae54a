"""Data for a new project, and which templates fit it. Called off the window's thread."""

from __future__ import annotations

from collections.abc import Mapping

from app.data_reading import Read, read
from engine.data.source import Source
from engine.problems import UserError
from engine.project.project import Project
from engine.templates import TEMPLATES, likely_target, start, suggest

Offers = Mapping[str, Project | str]  # by the template's name: the project, or why there can be none


def read_and_guess(source: Source) -> tuple[Read, str]:
    """Read a source; return it with the column that a person most likely wants to predict, "" where none is likely."""
    found = read(source)
    return found, likely_target(found.dataset, source)


def offers(found: Read, target: str) -> tuple[Offers, str]:
    """Return what each template makes of the data, and the name of the one that suits it best, "" where none does."""
    made = {name: _made(name, found, target) for name in TEMPLATES}
    fitting = [name for name, one in made.items() if isinstance(one, Project)]
    best = suggest(found.dataset, found.source, target)
    return made, best if best in fitting else next(iter(fitting), "")


def _made(template: str, found: Read, target: str) -> Project | str:
    try:
        return start(template, found.dataset, found.source, target)
    except UserError as error:
        return str(error)
