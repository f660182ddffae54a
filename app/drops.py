"""What a file that is dropped on the window becomes: a project is opened, data becomes the data of the project."""

from __future__ import annotations

from pathlib import Path

from app.edits import Edit
from engine.data.source import Source
from engine.problems import UserError
from engine.project.file import SUFFIX

_SOURCES = {".csv": "Csv", ".tsv": "Csv", ".txt": "Csv", ".npz": "Npz"}
KINDS = "Netwright opens .netw projects, .csv, .tsv and .npz tables, and folders of pictures."


def edit_for(path: Path) -> Edit | None:
    """Return the edit that makes a file or folder the data of a project, or None for a project file.

    Raises UserError for what is neither.
    """
    if path.suffix.lower() == SUFFIX:
        return None
    name = "ImageFolder" if path.is_dir() else _SOURCES.get(path.suffix.lower(), "")
    if not path.exists():
        raise UserError(f"There is no file {path}. Check its name.")
    if name not in Source.registry:
        raise UserError(f"{path.name} is of no kind that can be opened. {KINDS}")
    source = Source.registry[name](path=str(path))
    return lambda project: project.with_(data=project.data.with_(source=source))
