"""What can be wrong with a network, as data: a sentence for the person and, where one exists, a way to mend it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """Mend a box by giving one of its parameters another value; `says` is what a person reads, where that says more.

    `also` are parameters that have to change with it.
    """

    param: str
    value: Any
    says: str = ""
    also: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return self.says or f"Set {self.param.replace('_', ' ')} to {_written(self.value)}"


@dataclass(frozen=True)
class Insert:
    """Mend a wire by putting a new box into it; `layer` is a name of the catalog."""

    layer: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"Put a {self.layer} before it"


@dataclass(frozen=True)
class Unwire:
    """Mend by taking the wire away that ends at the problem's port."""

    label: str = "Remove the wire"


@dataclass(frozen=True)
class Wire:
    """Mend by wiring the problem's port to the output `y` of the box `source`."""

    source: str

    @property
    def label(self) -> str:
        return f"Wire it to {self.source}"


@dataclass(frozen=True)
class Remove:
    """Mend by taking the box `node` out; its readers then read what it read, where it has one input."""

    node: str
    says: str = ""

    @property
    def label(self) -> str:
        return self.says or f"Take {self.node} out"


@dataclass(frozen=True)
class Reread:
    """Mend the data by giving one of the parameters of its source another value, and reading it again."""

    param: str
    value: Any
    label: str


Fix = Change | Insert | Remove | Unwire | Wire | Reread


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way of training, or, where it stops nobody, should be known before.

    `what` says what was expected and what came, `why` (may be empty) the reason behind it.
    `node` and `port` say where; a problem of the whole project has neither.
    """

    what: str
    why: str = ""
    node: str | None = None
    port: str | None = None
    fixes: tuple[Fix, ...] = ()
    stops: bool = True

    def __str__(self) -> str:
        where = f"{self.node}: " if self.node else ""
        return " ".join(filter(None, [where + self.what, self.why]))


def _written(value: Any) -> str:
    """Return the value of a parameter as the form writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(_written, value))
    if isinstance(value, str | int | float):
        return str(value)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(value).__name__).lower()


class UserError(Exception):
    """A mistake or mishap that the person can mend; its text is a whole sentence meant for them.

    Commands print it on standard error and end with status 1; the window shows it. It never shows a traceback. `fix` is
    a way to mend it with one click, where there is one.
    """

    def __init__(self, text: str = "", fix: Fix | None = None) -> None:
        super().__init__(text)
        self.fix = fix
