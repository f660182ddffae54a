"""Commands that the fault tools run: they save, check and recover exactly as the program does.

`serve SOCKET` loads all that any of them needs, then has them run as forks: see `fork_server`.
"""

import sys
from importlib import import_module
from itertools import count
from pathlib import Path

from engine.problems import UserError
from engine.project.file import load, save
from engine.project.recovery import list_recoveries, write_recovery
from engine.project.run import Saved

GOLDEN = Path(__file__).parents[1] / "files" / "format_1.netw"


def state(number):
    """The golden project, told from others by its notes; some states are longer."""
    saved = load(GOLDEN)
    return Saved(saved.project.with_(notes=f"{number} " + "long" * 500 * (number % 3)), saved.runs, saved.preview)


def number_of(saved):
    return int(saved.project.notes.split()[0])


def make(path, *numbers):
    for number in numbers:
        save(path, state(int(number)))


def holds(path, *numbers):
    found = number_of(load(path))
    if str(found) not in numbers:
        raise UserError(f"{path} holds state {found}, not one of {numbers}.")


def loop(path):
    """Save for ever; say each time when it is done."""
    first = number_of(load(path)) + 1 if Path(path).exists() else 1
    for number in count(first):
        save(path, state(number))
        print(f"saved {number}", flush=True)


def at_least(path, number="0"):
    if not Path(path).exists() and number == "0":
        return
    found = number_of(load(path))
    if found < int(number):
        raise UserError(f"{path} holds state {found}, older than {number}, which was said to be saved.")


def recovery(number):
    write_recovery("document", state(int(number)), "/some/where.netw")


def recovered(*numbers):
    (found,) = list_recoveries()
    if found.problem or str(number_of(found.open())) not in numbers or str(found.original) != "/some/where.netw":
        raise UserError(f"Recovered {found}.")


def model(path, *opsets):
    """Look at an exported model as another program would."""
    import onnx

    found = onnx.load(path)
    onnx.checker.check_model(found, full_check=True)
    if str(found.opset_import[0].version) not in opsets:
        raise UserError(f"{path} is of operator set {found.opset_import[0].version}, not of {opsets}.")


def engine(*words):
    sys.exit(import_module("engine.cli").main(words))


def serve(path):
    """Stand by; what comes back is in a fork, with what it is to do."""
    from fork_server import serve as asked

    for name in (
        "engine.catalog",
        "engine.cli.commands",
        "engine.export.write",
        "onnx.checker",
    ):  # ONNX Runtime has threads
        import_module(name)
    words = asked(path)
    if words:
        run(*words)


def run(name, *words):
    try:
        COMMANDS[name](*words)
    except UserError as error:
        sys.exit(str(error))


COMMANDS = {
    "model": model,
    "make": make,
    "holds": holds,
    "loop": loop,
    "at-least": at_least,
    "recovery": recovery,
    "recovered": recovered,
    "engine": engine,
    "serve": serve,
}

if __name__ == "__main__":
    run(*sys.argv[1:])
