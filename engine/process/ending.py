"""Why a training process ended, as a sentence."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CRASHES = {"SIGSEGV", "SIGABRT", "SIGBUS", "SIGILL", "SIGFPE"}
_COUNTERS = Path("/proc/vmstat")


@dataclass(frozen=True)
class Ending:
    """What is known about an end.

    The exit code; whether the system ended processes for lack of memory meanwhile; the number of complete epochs in the
    last checkpoint (None: there is none).
    """

    code: int
    memory: bool
    epoch: int | None

    @property
    def text(self) -> str:
        """What happened, and what to do."""
        return f"{self._cause()} {self._advice()}"

    def _cause(self) -> str:
        if self.code >= 0:
            return f"The training process ended by itself with code {self.code}."
        number = -self.code
        name = _name(number)
        if name == "SIGKILL" and self.memory:
            return "The system ended the training process, because memory ran out. Choose a smaller batch or network."
        if name in _CRASHES:
            return f"The training process crashed ({name})."
        return f"The training process was ended from outside (signal {number})."

    def _advice(self) -> str:
        if self.epoch is None:
            return "There is no checkpoint yet; train again."
        where = f"is from epoch {self.epoch}" if self.epoch else "is from within the first epoch"
        return f"The last checkpoint {where}; Resume continues from there."


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def memory_kills() -> int:
    """Return how many processes this system has ended for lack of memory since it started; 0 where it does not say."""
    with suppress(OSError, ValueError):
        lines = _COUNTERS.read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0
