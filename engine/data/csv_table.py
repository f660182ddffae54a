"""Reading a table out of a text file with DuckDB, every cell as text first."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.columns import text_array
from engine.data.csv_dialect import Dialect
from engine.data.csv_numbers import Writing
from engine.problems import UserError

LONGEST_LINE = 16 << 20  # bytes
FIRST = 100  # cells of a column by which is guessed what it may hold
ROWS = 1000  # that are looked at for zeros before numbers
SHOWN = 10  # lines that are wrong are named


class Table:
    """The cells of a file in DuckDB as texts, NULL where missing; columns are c0, c1, ...

    Only the columns that are not simply numbers are trimmed and looked through for missing ones with blanks around them:
    that takes longer than reading.
    """

    def __init__(self, connection: Any, names: Sequence[str], missing: Sequence[str]) -> None:
        self._connection, self.names = connection, tuple(names)
        self.rows = int(self._ask("count(*)", "cells")[0])
        self.counts = self._counts(range(len(names)), "cells")
        self._first: Collection[int] = ()  # the columns whose first cells are kept
        self._shares: dict[str, dict[int, float]] = {}  # of these that match each regular expression, by column
        self._tidy = {place for place, (present, numeric) in enumerate(self.counts) if numeric < present}
        if self._tidy:
            self._trim(missing)

    def _trim(self, missing: Sequence[str]) -> None:
        empty = f"[ \\t]*({'|'.join(map(_exactly, missing))})?[ \\t]*"
        places = sorted(self._tidy)
        cells = (
            f"CASE WHEN regexp_full_match(c{i}, '{empty}') THEN NULL ELSE trim(c{i}, ' \t') END AS c{i}" for i in places
        )
        self._connection.execute(f"CREATE TABLE tidy AS SELECT {', '.join(cells)} FROM cells")
        for place, count in zip(places, self._counts(places, "tidy"), strict=True):
            self.counts[place] = count

    def _counts(self, places: Sequence[int], table: str) -> list[tuple[int, int]]:
        """Return for each column how many cells are present, and how many of them are numbers."""
        found: list[tuple[int, int]] = []
        for some in _parts(places):
            row = self._ask(", ".join(f"count(c{i}), count(TRY_CAST(c{i} AS DOUBLE))" for i in some), table)
            found += list(zip(row[::2], row[1::2], strict=True))
        return found

    def count(self, place: int, where: str) -> int:
        """Return for how many cells of a column, of those that are there, a condition holds."""
        return int(self._ask(f"count(*) FILTER (c{place} IS NOT NULL AND {where})", self._of(place))[0])

    def share(self, place: int, pattern: str) -> float:
        """Return the share of a column's first cells that match a regular expression; 1 where there are none."""
        if place not in self._first:
            self._keep_first(self._tidy if place in self._tidy else range(len(self.names)))
        if pattern not in self._shares:
            self._shares[pattern] = self._shares_of(pattern)
        return float(self._shares[pattern].get(place, 1.0))

    def _shares_of(self, pattern: str) -> dict[int, float]:
        query = f"SELECT place, avg(CAST(regexp_matches(cell, '{pattern}') AS INT)) FROM first GROUP BY place"
        return dict(self._connection.execute(query).fetchall())

    def _keep_first(self, places: Collection[int]) -> None:
        """Put the first cells of columns one below the other: to ask for all at once takes no longer than for one."""
        self._first = places
        self._shares.clear()
        self._connection.execute("CREATE OR REPLACE TABLE first (place INT, cell VARCHAR)")
        for some in _parts(sorted(places)):
            cells = (f"(SELECT {i}, c{i} FROM {self._of(i)} WHERE c{i} IS NOT NULL LIMIT {FIRST})" for i in some)
            self._connection.execute(f"INSERT INTO first {' UNION ALL '.join(cells)}")

    def told(self, place: int, what: str, where: str = "true") -> list[Any]:
        """Return the first values of an expression over the cells that are there."""
        query = f"SELECT {what} FROM {self._of(place)} WHERE c{place} IS NOT NULL AND {where} LIMIT 10"
        return [row[0] for row in self._connection.execute(query).fetchall()]

    def padded(self, places: Sequence[int]) -> Iterator[int]:
        """Yield those of some columns that have a whole number with zeros before it among their first cells: 0017."""
        for table in ("cells", "tidy"):
            for some in _parts([place for place in places if self._of(place) == table]):
                found = (f"count(*) FILTER (regexp_full_match(c{i}, '0[0-9]{{2,}}'))" for i in some)
                counts = self._ask(", ".join(found), f"(SELECT * FROM {table} LIMIT {ROWS})")
                yield from (place for place, count in zip(some, counts, strict=True) if count)

    def row_of(self, place: int, where: str) -> int:
        """Return the number of the first row, from 1, in which a condition holds."""
        query = f"SELECT min(rowid) FROM {self._of(place)} WHERE c{place} IS NOT NULL AND {where}"
        return int(self._connection.execute(query).fetchone()[0]) + 1

    def distinct(self, place: int, what: str = "") -> int:
        """Return how many different values a column has, or an expression over it."""
        return int(self._ask(f"count(DISTINCT {what or f'c{place}'})", self._of(place))[0])

    def numbers(self, written: Mapping[int, Writing | None]) -> dict[int, Array]:
        """Return columns as float64, NaN where a value is missing or not finite; `written` says how, None: plainly."""
        found: dict[int, Array] = {}
        for table in ("cells", "tidy"):
            for some in _parts([place for place in written if self._of(place) == table]):
                plain = ((place, written[place]) for place in some)
                cells = (f"{w.number(f'c{i}') if w else f'TRY_CAST(c{i} AS DOUBLE)'} AS c{i}" for i, w in plain)
                got = self._connection.execute(f"SELECT {', '.join(cells)} FROM {table}").fetchnumpy()
                found |= {place: _finite(got[f"c{place}"]) for place in some}
        return found

    def values(self, place: int, what: str) -> Array:
        """Return an expression over the cells of a column as float64, NaN where it is NULL."""
        got = self._connection.execute(f"SELECT {what} AS v FROM {self._of(place)}").fetchnumpy()
        return _finite(got["v"])

    def texts(self, place: int) -> Array:
        """Return a column as texts, "" where it is missing."""
        query = f"SELECT coalesce(trim(c{place}, ' \t'), '') AS v FROM {self._of(place)}"
        return text_array(self._connection.execute(query).fetchnumpy()["v"].tolist())

    def _of(self, place: int) -> str:
        return "tidy" if place in self._tidy else "cells"

    def _ask(self, what: str, table: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._connection.execute(f"SELECT {what} FROM {table}").fetchone()
        return row


@contextmanager
def open_table(path: str, shown: str, dialect: Dialect, missing: Sequence[str]) -> Iterator[Table]:
    """Read a UTF-8 file that is shown to the person as `shown`; raise UserError with the line that is wrong."""
    import duckdb

    with TemporaryDirectory(prefix="netwright-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": folder,
        }
        with duckdb.connect(":memory:", config=settings) as connection:
            try:
                _load(connection, path, dialect, missing)
            except duckdb.Error:
                plain = str(Path(folder, "table.csv"))
                _rewrite(path, shown, dialect, plain)
                try:
                    _load(connection, plain, dialect, missing)
                except duckdb.Error as error:
                    raise UserError(f"{shown} cannot be read: {str(error).splitlines()[0]}") from None
            yield Table(connection, dialect.names, missing)


def _load(connection: Any, path: str, dialect: Dialect, missing: Sequence[str]) -> None:
    exact = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)  # no pattern: this very file
    columns = {f"c{i}": "VARCHAR" for i in range(len(dialect.names))}
    source = connection.read_csv(
        exact,
        auto_detect=False,
        delimiter=dialect.delimiter,
        quotechar='"',
        escapechar='"',
        header=dialect.header,
        skiprows=dialect.skip,
        columns=columns,
        strict_mode=True,
        null_padding=False,
        compression="none",
        max_line_size=LONGEST_LINE,
        na_values=["", *dict.fromkeys(marker for marker in missing if marker)],
    )
    connection.execute("CREATE OR REPLACE TABLE cells AS SELECT * FROM source")
    del source


def _exactly(marker: str) -> str:
    """Return a regular expression that matches just this text."""
    return "".join(f"\\x{{{ord(letter):x}}}" for letter in marker.strip())


def _rewrite(path: str, shown: str, dialect: Dialect, plain: str) -> None:
    """Copy a file that DuckDB refused in the plainest form; raise UserError naming the rows that are wrong.

    What is merely unusual (mixed line ends) is thereby mended.
    """
    width, line = len(dialect.names), 0
    wrong: list[tuple[int, int]] = []
    with open(path, encoding="utf-8-sig", newline="") as file, open(plain, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=dialect.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        reader = csv.reader(file, delimiter=dialect.delimiter, strict=True)
        for _ in range(dialect.skip):
            line += out.write(file.readline()) > 0
        try:
            for row in reader:
                row = [""] if width == 1 and not row else row
                if row and len(row) != width:
                    wrong.append((line + 1, len(row)))
                elif row:
                    writer.writerow(row)
                line = dialect.skip + reader.line_num
        except csv.Error as error:
            raise UserError(_broken(shown, line + 1, str(error))) from None
    if wrong:
        raise UserError(_ragged(shown, wrong, width))


def _ragged(shown: str, wrong: list[tuple[int, int]], width: int) -> str:
    line, found = wrong[0]
    columns = "1 column" if width == 1 else f"{width} columns"
    cells = "1 cell" if found == 1 else f"{found} cells"
    if len(wrong) == 1:
        return (
            f"Line {line} of {shown} has {cells}, but the table has {columns}. Mend that line and read the file again."
        )
    lines = ", ".join(f"{number}" for number, _ in wrong[:SHOWN]) + (", …" if len(wrong) > SHOWN else "")
    return (
        f"Line {line} of {shown} has {cells}, but the table has {columns}; {len(wrong):,} lines do not fit ({lines}). "
        "Mend them and read the file again."
    )


def _broken(shown: str, line: int, reason: str) -> str:
    if "unexpected end" in reason:
        return f'A quoted cell begins in line {line} of {shown} and is never closed. Add the missing " and read the file again.'
    if "field limit" in reason:
        return (
            f"A cell in line {line} of {shown} holds more than 131,072 characters. Shorten it and read the file again."
        )
    return f'Line {line} of {shown} has text after a closing ". Write "" for a quote inside a cell and read the file again.'


def _parts(places: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield columns in groups that one query can hold."""
    for start in range(0, len(places), 200):
        yield places[start : start + 200]


def _finite(values: Any) -> Array:
    found = np.ma.filled(values.astype(np.float64), np.nan)
    found[~np.isfinite(found)] = np.nan
    return found
