"""Project files of older versions, brought up to the present one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.project.container import FORMAT

Members = dict[str, Any]  # the JSON members of a file, parsed, by name

STEPS: Mapping[int, Callable[[Members], Members]] = {}
"""For each old format the function that makes the next one of it: pure, and tested with a file of `tests/files`."""


def migrate(members: Members, version: int) -> Members:
    """Return the JSON members of a file of format `version` as the present format has them."""
    for old in range(version, FORMAT):
        members = STEPS[old](members)
    return members
