"""From the cells of a text file to columns: which hold numbers, however they are written, and which texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.columns import Column, ColumnKind
from engine.data import wording
from engine.data.csv_dates import SURE, DateWriting, writing_of
from engine.data.csv_numbers import COMMA, Writing, writings
from engine.data.csv_table import Table
from engine.data.kinds import text_kind

NEARLY = 0.8  # of the cells are numbers: a person should hear why the column holds texts all the same
EXACT = 2**53  # larger whole numbers are not told apart
TOLD = 3  # cells that are quoted


@dataclass(frozen=True)
class Found:
    """What is known of a column: how its numbers or dates are written, None where it holds texts, and what to say of it."""

    place: int
    writing: Writing | None = None
    dates: DateWriting | None = None
    plain: bool = False  # numbers as every program writes them
    note: str = ""


def columns(
    table: Table, decimal: str, dates: str, asked: Mapping[str, ColumnKind], delimiter: str
) -> tuple[list[Column], list[str]]:
    """Return the columns of a table, each of the kind that its cells suggest or the person has `asked` for, and notes."""
    free = [place for place, name in enumerate(table.names) if name not in asked]
    found = {place: _look(table, place, decimal, delimiter, dates) for place in free}
    if decimal == "auto" and any(f.writing is not None and f.writing.mark == "," for f in found.values()):
        found |= {place: _as_others(table, f) for place, f in found.items() if f.plain}
    numbers = table.numbers({place: f.writing for place, f in found.items() if f.plain or f.writing is not None})
    merged = [place for place, values in numbers.items() if np.nanmax(np.abs(values), initial=0) > EXACT]
    for place in (place for place in merged if _merges(table, place)):
        del numbers[place]
        note = f"Column {table.names[place]} is read as texts: its numbers are too long to be told apart as numbers."
        found[place] = Found(place, note=note)
    for place in filter(partial(_codes, table), table.padded([place for place in numbers if found[place].plain])):
        del numbers[place]
        found[place] = Found(place, note=f"Column {table.names[place]} is read as texts: its numbers begin with zeros.")
    made = []
    for place, name in enumerate(table.names):
        writing = found[place].dates if place in found else None
        if place in numbers:
            made.append(Column(name, "number", numbers[place]))
        elif writing is not None:
            made.append(Column(name, "date", table.values(place, writing.seconds(f"c{place}"))))
        else:
            kind = asked.get(name) or text_kind(table.distinct(place), table.counts[place][0])
            made.append(Column(name, kind, table.texts(place)))
    return made, [f.note for f in found.values() if f.note]


def _look(table: Table, place: int, decimal: str, delimiter: str, dates: str) -> Found:
    """Find out how the numbers or dates of a column are written, if it holds any."""
    present, numeric = table.counts[place]
    if numeric == present and decimal != "comma":
        return Found(place, plain=True)
    for writing in writings(decimal, delimiter):
        if (
            table.share(place, writing.cell) == 1
            and table.count(place, f"regexp_matches(c{place}, '{writing.cell}')") == present
        ):
            units = table.told(place, f"DISTINCT {writing.unit(f'c{place}')}")
            if len(units) <= 1:
                return Found(place, writing, note=_said(table, place, writing, "".join(units)))
    if numeric == present:
        return Found(place, plain=True)
    writing_of_dates, other = writing_of(lambda way: _all_dates(table, place, way), dates)
    if writing_of_dates is not None:
        return _dated(table, place, writing_of_dates, other)
    return Found(place, note=_nearly(table, place, decimal, delimiter))


def _all_dates(table: Table, place: int, writing: DateWriting) -> bool:
    if table.share(place, writing.cell) < 1:
        return False
    return not table.told(place, "1", f"{writing.read(f'c{place}')} IS NULL")


def _dated(table: Table, place: int, writing: DateWriting, other: DateWriting | None) -> Found:
    """Return a column of dates; one of which day and month might be exchanged, and mean another date, remains texts."""
    cell, name = f"c{place}", table.names[place]
    both = f"{writing.read(cell)} <> {other.read(cell)}" if other else "false"
    doubtful = table.told(place, cell, both)
    if not doubtful:
        return Found(place, dates=writing)
    note = (
        f"Column {name} seems to hold dates, but {doubtful[0]} may begin with the day or with the month, so it is read as "
        "texts. Set how dates are written."
    )
    return Found(place, note=note)


def _said(table: Table, place: int, writing: Writing, unit: str) -> str:
    name, cell = table.names[place], f"c{place}"
    if unit:
        example, value = table.told(place, cell)[0], table.told(place, writing.number(cell))[0]
        return f"Column {name} has numbers with the unit {unit}: {example} is read as {value:g}."
    doubtful = table.told(place, cell, f"regexp_matches({cell}, '{writing.doubtful}')") if writing.doubtful else []
    sure = table.told(place, cell, f"contains({cell}, ',') AND NOT regexp_matches({cell}, '{writing.doubtful}')")
    if doubtful and not sure:
        value = table.told(place, writing.number(cell), f"{cell} = '{doubtful[0]}'")[0]
        return f"Column {name}: {doubtful[0]} is read as {float(value):g}. If that is wrong, set how fractions are written."
    return ""


def _as_others(table: Table, found: Found) -> Found:
    """Read 1.234 as a whole number where other columns have decimal commas and nothing in this one speaks against it."""
    place, cell = found.place, f"c{found.place}"
    pointed = table.told(place, cell, f"contains({cell}, '.')")
    if not pointed or table.count(place, f"NOT regexp_matches({cell}, '{COMMA.cell}')"):
        return found
    note = f"Column {table.names[place]}: {pointed[0]} is read as {pointed[0].replace('.', '')}, as others have decimal commas."
    return Found(place, COMMA, note=note)


def _merges(table: Table, place: int) -> bool:
    """Tell whether whole numbers are so long that different ones become equal."""
    cell = f"c{place}"
    if not table.told(place, cell, f"regexp_full_match({cell}, '[+-]?[0-9]{{16,}}')"):
        return False
    return table.distinct(place) != table.distinct(place, f"TRY_CAST({cell} AS DOUBLE)")


def _codes(table: Table, place: int) -> bool:
    """Tell whether numbers that begin with zeros are whole and of one length, as those of customers or places: 0017."""
    lengths = table.told(place, f"DISTINCT length(c{place})")
    return len(lengths) == 1 and not table.count(place, f"NOT regexp_full_match(c{place}, '[0-9]+')")


def _nearly(table: Table, place: int, decimal: str, delimiter: str) -> str:
    """Return a sentence about a column that holds texts only because a few of its cells are no numbers or dates, else ""."""
    present, cell = table.counts[place][0], f"c{place}"
    numbers = ((w.cell, f"regexp_matches({cell}, '{w.cell}')", "number") for w in writings(decimal, delimiter))
    dates = ((w.cell, f"{w.read(cell)} IS NOT NULL", "date") for w in SURE)
    for pattern, right, word in (*numbers, *dates):
        if table.share(place, pattern) < NEARLY:
            continue
        wrong = table.count(place, f"NOT ({right})")
        if 0 < wrong <= (1 - NEARLY) * present:
            cells = sorted(table.told(place, f"DISTINCT {cell}", f"NOT ({right})"))
            names = ", ".join(f"{text:.30}" for text in cells[:TOLD]) + (", …" if len(cells) > TOLD else "")
            are = f"is no {word}" if wrong == 1 else f"are no {word}s"
            return (
                f"Column {table.names[place]} is read as texts: {wrong:,} of {wording.count(present, 'cell')} {are} "
                f"({names}; the first in row {table.row_of(place, f'NOT ({right})'):,}). "
                "Mend them, or add them to the cells that mean: no value."
            )
    return ""
