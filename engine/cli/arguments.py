"""What can be typed: every command with its options."""

from __future__ import annotations

from argparse import Action, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

FILE = ("file", {"metavar": "FILE", "help": "a project file (.netw)"})
RUN = ("--run", {"default": "", "metavar": "RUN", "help": "which run, such as run-2 (default: the latest)"})


def _number(least: float, whole: bool) -> Any:
    """Return a reader of numbers of at least `least`, for argparse."""
    wanted = f"a {'whole ' if whole else ''}number from {least:g} on"

    def number(text: str) -> float | int:
        with suppress(ValueError):
            value = int(text) if whole else float(text)
            if value >= least:
                return value
        raise ArgumentTypeError(f"this must be {wanted}, not {text!r:.80}")

    return number


_COUNT, _SEED, _RATE = _number(1, whole=True), _number(0, whole=True), _number(1e-12, whole=False)
_SIZE = _number(0, whole=False)
WORKERS = (
    "--workers",
    {"type": _SEED, "metavar": "N", "help": "processes that share the work (0: automatic, as many as are fastest)"},
)
LEAVE_OUT = (
    "--leave-out-broken",
    {"action": "store_true", "help": "read a folder of pictures without those that are broken, and name them"},
)

# Each command: what it does, and its arguments as argparse takes them.
COMMANDS: dict[str, tuple[str, tuple[tuple[str, dict[str, Any]], ...]]] = {
    "new": (
        "write a project with a network that fits the data",
        (
            ("out", {"metavar": "OUT.netw", "help": "the project file to write"}),
            (
                "--template",
                {"choices": ("mlp", "cnn", "lstm"), "default": "mlp", "help": "kind of network (default: mlp)"},
            ),
            (
                "--data",
                {"required": True, "metavar": "DATA", "help": "a sample's name, CSV or npz file, or picture folder"},
            ),
            ("--target", {"default": "", "metavar": "COLUMN", "help": "the column to predict (default: a guess)"}),
            ("--balance", {"action": "store_true", "help": "let rare classes count as much as frequent ones"}),
            LEAVE_OUT,
        ),
    ),
    "check": (
        "say what keeps a project from training",
        (
            ("file", {"metavar": "FILE", "nargs": "?", "help": "a project file (.netw)"}),
            ("--server", {"action": "store_true", "help": "answer each path that comes as a line with a line of JSON"}),
        ),
    ),
    "train": (
        "train a project; Ctrl+C stops and keeps what was learnt",
        (
            FILE,
            ("--epochs", {"type": _COUNT, "metavar": "N", "help": "how often every sample is seen"}),
            ("--seed", {"type": _SEED, "metavar": "N", "help": "same seed, same losses"}),
            ("--rate", {"type": _RATE, "metavar": "X", "help": "the learning rate"}),
            ("--batch", {"type": _COUNT, "metavar": "N", "help": "samples in one step"}),
            WORKERS,
            (
                "--clip-norm",
                {"type": _SIZE, "metavar": "X", "help": "shorten longer gradients to this length (0: never)"},
            ),
            (
                "--clip-value",
                {"type": _SIZE, "metavar": "X", "help": "cut numbers of gradients to this size (0: never)"},
            ),
            (
                "--average",
                {"type": _SIZE, "metavar": "X", "help": "share that a moving average of weights keeps (0: none)"},
            ),
            LEAVE_OUT,
            ("--resume", {"action": "store_true", "help": "go on from the last checkpoint, exactly"}),
        ),
    ),
    "evaluate": (
        "tell how good a run is",
        (FILE, RUN, ("--data", {"metavar": "DATA", "help": "other data than the project's validation samples"})),
    ),
    "predict": (
        "answer for new samples, through ONNX Runtime",
        (
            FILE,
            RUN,
            (
                "inputs",
                {
                    "metavar": "INPUT",
                    "nargs": "+",
                    "help": "a CSV file, pictures, a folder of them, or values such as 5.1,3.5,1.4",
                },
            ),
            (
                "--out",
                {"metavar": "ANSWERS.csv", "help": "write a table: the answers beside the columns of the data"},
            ),
        ),
    ),
    "export": (
        "write an ONNX model that is proven to answer alike",
        (
            FILE,
            RUN,
            ("out", {"metavar": "OUT.onnx", "help": "the model file to write"}),
            ("--opset", {"type": int, "choices": (17, 20), "default": 20, "help": "17 for old runtimes (default: 20)"}),
            ("--report", {"metavar": "REPORT", "help": "also write a report: .md, .html or .json"}),
        ),
    ),
    "runs": ("list the runs of a project", (FILE,)),
    "layers": ("list all layers, losses, optimizers and so on", ()),
    "samples": ("list the data sets that come with the program", ()),
    "bench": (
        "measure how fast the engine trains thirteen networks, beside PyTorch where it is installed",
        (
            ("file", {"metavar": "FILE", "nargs": "?", "help": "a project (.netw) to measure as well"}),
            WORKERS,
            (
                "--only",
                {"nargs": "+", "default": (), "metavar": "NAME", "help": "only these networks, such as vgg_b64"},
            ),
            ("--rounds", {"type": _COUNT, "default": 5, "metavar": "N", "help": "turns of each (default: 5)"}),
            ("--seconds", {"type": _RATE, "default": 0.3, "metavar": "X", "help": "length of a turn (default: 0.3)"}),
            ("--serve", {"action": "store_true", "help": "answer RUN, LOSSES and QUIT, one on each line"}),
        ),
    ),
    "save-copy": (
        "open a project and save it as another file",
        (FILE, ("out", {"metavar": "OUT.netw", "help": "the project file to write"})),
    ),
    "digest": ("print one checksum for each part of a project", (FILE,)),
}


class _Version(Action):
    """Prints the version; it is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str, **rules: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **rules)

    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        from importlib import metadata

        with suppress(metadata.PackageNotFoundError):
            parser.exit(0, f"netwright {metadata.version('netwright')}\n")
        parser.exit(0, "netwright, not installed\n")


def read(words: Sequence[str] | None) -> Namespace:
    """Return what was typed. Raises SystemExit: 2 with a sentence on wrong usage, 0 after help."""
    parser = ArgumentParser(
        prog="netwright",
        description="Draw a neural network, train it on your own data, take it away as ONNX. These commands need no window.",
        epilog="Exit status: 0 done, 1 the project or its data has problems, 2 wrong usage.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, help="print the version and end")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (text, arguments) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        for flag, rules in arguments:
            command.add_argument(flag, **rules)
        command.add_argument("--json", action="store_true", help="print exactly one JSON object")
    found = parser.parse_args(words)
    if found.command == "check" and not (found.server or found.file):
        parser.error("check needs a FILE, or --server")
    if found.command == "check" and found.server and found.file:
        parser.error("check takes a FILE or --server, not both")
    return found
