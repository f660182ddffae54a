"""Runs one command and turns whatever happens into lines, a JSON object and an exit status."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from math import isfinite
from typing import Any

from engine.cli.arguments import read
from engine.cli.log import log_path, record
from engine.plan.threads import one_thread
from engine.problems import UserError


@dataclass(frozen=True)
class Outcome:
    """What a command has to say: `told` for programs, `lines` for people, `problems` where it did not succeed."""

    told: Mapping[str, Any]
    lines: Sequence[str] = ()
    problems: Sequence[str] = field(default=())


def main(words: Sequence[str] | None = None) -> int:
    """Run a command, by default that of the process. Returns 0 done or 1 problems; SystemExit(2) is wrong usage."""
    arguments = read(words)
    try:
        outcome = _run(arguments)
        _say(outcome, arguments.json)
    except BrokenPipeError:  # whoever read our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 1 if outcome.problems else 0


def _run(arguments: Namespace) -> Outcome:
    if arguments.command == "bench":
        os.environ.update(one_thread(os.environ))  # NumPy looks once, when it is imported
    try:
        commands = import_module("engine.cli.commands")
        return commands.COMMANDS[arguments.command](arguments)
    except BrokenPipeError:
        raise
    except UserError as error:
        record(error)
        return _failed(str(error))
    except KeyboardInterrupt:
        return _failed("Stopped.")
    except MemoryError as error:
        record(error)
        return _failed("There is not enough memory. Choose smaller data, or a smaller network.")
    except Exception as error:  # the boundary: the person gets a sentence, the log everything
        record(error)
        return _failed(f"Something went wrong in the program ({type(error).__name__}). Details are in {log_path()}.")


def _failed(text: str) -> Outcome:
    return Outcome({"error": text}, problems=(text,))


def _say(outcome: Outcome, as_json: bool) -> None:
    for problem in outcome.problems:
        print(problem, file=sys.stderr)
    if as_json:
        print(json.dumps(_plain(outcome.told), sort_keys=True))
    else:
        for line in outcome.lines:
            print(line)
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    """Return values that JSON has; numbers that are not finite become null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not isfinite(value) else value
