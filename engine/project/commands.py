"""What commands do with a project file: check it, copy it, tell its digest."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TextIO

from engine.infer import infer
from engine.problems import UserError
from engine.project.file import digest, load, save


def check_file(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Open a project file and return a sentence for each problem of its network. Raises UserError where it does not open."""
    return tuple(map(str, infer(load(path).project.graph).problems))


def save_copy(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> None:
    """Open a project file and save it as another, in the present format."""
    save(out, load(path))


def digest_lines(path: str | os.PathLike[str]) -> list[str]:
    """Return the lines of `digest` for a file."""
    return digest(load(path))


def serve_checks(stdin: Iterable[str], stdout: TextIO) -> None:
    """Answer each path that comes as a line with one line: `ok`, or `error` and the sentence that says why not."""
    for line in stdin:
        stdout.write(f"{_answer(line.rstrip(chr(10)))}\n")
        stdout.flush()


def _answer(path: str) -> str:
    try:
        check_file(path)
    except UserError as error:
        text = " ".join(str(error).split())
        return "error " + text.encode("utf-8", "backslashreplace").decode()
    return "ok"
