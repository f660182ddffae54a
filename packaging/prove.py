"""Measures how far everything declared is from outside oracles, and keeps it in resources/proofs.csv for the manual.

    python packaging/prove.py              all of it: a few minutes
    python packaging/prove.py Dense Adam   only these; what is known of the others stays

The tests that take a `witness` do the measuring. PyTorch must be installed. Nothing is written where a test fails.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ |= {
    "NETWRIGHT_ORACLE": "required",
    "CI": "true",
}  # no test is skipped, and the same cases are drawn each time
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

import pytest  # noqa: E402

from engine.catalog import FAMILIES  # noqa: E402
from engine.files import atomic_write  # noqa: E402
from engine.proofs import FILE, Proof, read, written  # noqa: E402

Key = tuple[str, str, str, str]


class Notes:
    """Collects what the tests note, also where they run in several processes."""

    def __init__(self) -> None:
        self.worst: dict[Key, Proof] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        for name, value in report.user_properties if report.when == "call" else ():
            if name == "proof":
                self.add(Proof(*value))

    def add(self, found: Proof) -> None:
        key = (found.family, found.name, found.oracle, found.compared)
        if key not in self.worst or self.worst[key].largest < found.largest:
            self.worst[key] = found


def main(names: list[str]) -> int:
    notes = Notes()
    chosen = ["-k", " or ".join(names)] if names else []
    options = [
        "-q",
        "-m",
        "proof",
        "-n",
        "auto",
        "--dist",
        "worksteal",
        "-p",
        "no:cacheprovider",
        *chosen,
        str(ROOT / "tests" / "engine"),
    ]
    status = pytest.main(options, plugins=[notes])
    if status:
        print("Nothing was written, because a test has failed.")
        return int(status)
    declared = {(family, name) for family, base in FAMILIES.items() for name in base.registry}
    measured = {p for p in notes.worst.values() if not names or p.name in names}
    again = {(p.family, p.name) for p in measured}
    known = [p for p in read(FILE) if names and (p.family, p.name) in declared - again]
    atomic_write(FILE, written([*known, *measured]).encode())
    missing = sorted(f"{family} {name}" for family, name in declared - again if not names or name in names)
    print(f"Wrote {len(measured)} comparisons of {len(again)} declared things to {FILE.relative_to(ROOT)}.")
    print("\n".join(f"No test with a witness has measured {name}." for name in missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
