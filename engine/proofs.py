"""What each declared thing was compared with, and how far it was off: the record that `packaging/prove.py` measures."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import engine

FILE = Path(engine.__file__).resolve().parent.parent / "resources" / "proofs.csv"


@dataclass(frozen=True, order=True)
class Proof:
    """One comparison with something outside of the program.

    `compared` says what of the two was compared, `largest` is the largest difference that any case showed, in units of
    the largest value, or 1 where all are smaller; more than `tolerance` would have failed a test.
    """

    family: str
    name: str
    oracle: str
    compared: str
    largest: float
    tolerance: float

    def __str__(self) -> str:
        return f"{self.oracle}, {self.compared}: at most {self.largest:.1e} apart."


def line(proofs: Iterable[Proof]) -> str:
    """Return the largest difference from each oracle in one line; "" for no proofs."""
    worst: dict[str, float] = {}
    for proof in proofs:
        worst[proof.oracle] = max(proof.largest, worst.get(proof.oracle, 0.0))
    told = ", ".join(f"{oracle} {f'{largest:.1e}' if largest else '0'}" for oracle, largest in worst.items())
    return f"Largest difference that was measured: {told}." if told else ""


@cache
def recorded() -> Mapping[tuple[str, str], tuple[Proof, ...]]:
    """Return all proofs, by family and name as in `engine.catalog.FAMILIES`."""
    found: dict[tuple[str, str], tuple[Proof, ...]] = {}
    for row in read(FILE):
        key = (row.family, row.name)
        found[key] = (*found.get(key, ()), row)
    return found


def read(file: Path) -> list[Proof]:
    """Return the proofs of a file, none where there is no file yet."""
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return [Proof(a, b, c, d, float(e), float(f)) for a, b, c, d, e, f in [*csv.reader(lines)][1:]]


def written(proofs: Iterable[Proof]) -> str:
    """Return proofs as the text of a file: sorted, differences to two digits, so that two measurements can be compared."""
    rows = (f"{p.family},{p.name},{p.oracle},{p.compared},{p.largest:.1e},{p.tolerance:.0e}" for p in sorted(proofs))
    return "\n".join([",".join(field.name for field in fields(Proof)), *rows, ""])
