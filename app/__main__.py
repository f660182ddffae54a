"""`netwright [FILE]` opens the window; `netwright COMMAND ...` works without one and never loads Qt."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; return its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and _is_command(arguments[0]):
        from engine.cli import main as command

        return int(command(arguments) or 0)
    if len(arguments) > 1:
        print("netwright: one file at a time, or a command; netwright --help lists them.", file=sys.stderr)
        return 2
    if arguments and not Path(arguments[0]).suffix and not Path(arguments[0]).exists():
        print(
            f"netwright: {arguments[0]} is neither a command nor a file; netwright --help lists them.", file=sys.stderr
        )
        return 2
    return _window(arguments[0] if arguments else None)


def _is_command(word: str) -> bool:
    """Tell a command, or an option such as --help, from a file; a file of that name is opened as ./name."""
    if word.startswith("-"):
        return True
    from engine.cli import COMMANDS

    return word in COMMANDS


def _window(file: str | None) -> int:
    import gc

    from app.screen import obstacle

    gc.disable()  # nothing is garbage yet; `app.garbage` takes over
    sentence = obstacle()
    if sentence:
        print(sentence, file=sys.stderr)
        return 1
    try:
        from app.application import run
    except ImportError as error:
        print(
            f"Netwright cannot load its window ({error}). Install it again: pip install --upgrade netwright",
            file=sys.stderr,
        )
        return 1
    return run(file)


if __name__ == "__main__":
    sys.exit(main())
