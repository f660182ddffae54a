"""The command line: the whole engine without a window. Nothing here imports Qt, and little is imported before it is needed."""

from engine.cli.arguments import COMMANDS
from engine.cli.execute import main

__all__ = ["COMMANDS", "main"]
