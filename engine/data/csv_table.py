"""Reading a table out of a text file with DuckDB, every cell as text first, and telling numbers from texts."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from engine.arrays import Array
from engine.columns import Column, ColumnKind, text_array
from engine.data.csv_dialect import Dialect
from engine.data.kinds import text_kind
from engine.problems import UserError

COMMA_NUMBER = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d*)?([eE][+-]?\d+)?"
LONGEST_LINE = 16 << 20  # bytes


class Table:
    """The cells of a file in DuckDB as texts, trimmed, NULL where missing; columns are c0, c1, ..."""

    def __init__(self, connection: Any, names: Sequence[str]) -> None:
        self._connection, self.names = connection, tuple(names)
        self.rows = int(self._ask("count(*)")[0])

    def counts(self) -> list[tuple[int, int]]:
        """Return for each column how many cells are present, and how many of them are numbers."""
        found: list[tuple[int, int]] = []
        for start in range(0, len(self.names), 200):
            places = range(start, min(start + 200, len(self.names)))
            row = self._ask(", ".join(f"count(c{i}), count(TRY_CAST(c{i} AS DOUBLE))" for i in places))
            found += list(zip(row[::2], row[1::2], strict=True))
        return found

    def comma_numbers(self, place: int) -> int:
        """Return how many cells of a column are numbers with a decimal comma, or whole."""
        return int(self._ask(f"count(*) FILTER (regexp_full_match(c{place}, '{COMMA_NUMBER}'))")[0])

    def distinct(self, place: int) -> int:
        """Return how many different values a column has."""
        return int(self._ask(f"count(DISTINCT c{place})")[0])

    def _ask(self, what: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._connection.execute(f"SELECT {what} FROM cells").fetchone()
        return row

    def numbers(self, place: int, comma: bool) -> Array:
        """Return a column as float64, NaN where it is missing or not finite."""
        cell = f"replace(replace(c{place}, '.', ''), ',', '.')" if comma else f"c{place}"
        query = f"SELECT TRY_CAST({cell} AS DOUBLE) AS v FROM cells"
        values = np.ma.filled(self._connection.execute(query).fetchnumpy()["v"].astype(np.float64), np.nan)
        values[~np.isfinite(values)] = np.nan
        return values

    def texts(self, place: int) -> Array:
        """Return a column as texts, "" where it is missing."""
        query = f"SELECT coalesce(c{place}, '') AS v FROM cells"
        return text_array(self._connection.execute(query).fetchnumpy()["v"].tolist())


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
            yield Table(connection, dialect.names)


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
    )
    empty = f"regexp_full_match({{0}}, '[ \\t]*({'|'.join(map(_exactly, missing))})?[ \\t]*')"
    tidy = f"CASE WHEN {empty} THEN NULL ELSE trim({{0}}, ' \t') END AS {{0}}"
    cells = ", ".join(tidy.format(column) for column in columns)
    connection.execute(f"CREATE OR REPLACE TABLE cells AS SELECT {cells} FROM source")
    del source


def _exactly(marker: str) -> str:
    """Return a regular expression that matches just this text."""
    return "".join(f"\\x{{{{{ord(letter):x}}}}}" for letter in marker.strip())


def _rewrite(path: str, shown: str, dialect: Dialect, plain: str) -> None:
    """Copy a file that DuckDB refused in the plainest form; raise UserError at the first row that is wrong.

    What is merely unusual (mixed line ends) is thereby mended.
    """
    width, line = len(dialect.names), 0
    with open(path, encoding="utf-8-sig", newline="") as file, open(plain, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=dialect.delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
        reader = csv.reader(file, delimiter=dialect.delimiter, strict=True)
        for _ in range(dialect.skip):
            line += out.write(file.readline()) > 0
        try:
            for row in reader:
                if len(row) != width and (row or width == 1):
                    row = row or [""]
                if row and len(row) != width:
                    raise UserError(_ragged(shown, line + 1, len(row), width))
                if row:
                    writer.writerow(row)
                line = dialect.skip + reader.line_num
        except csv.Error as error:
            raise UserError(_broken(shown, line + 1, str(error))) from None


def _ragged(shown: str, line: int, found: int, width: int) -> str:
    cells = "1 cell" if found == 1 else f"{found} cells"
    return f"Line {line} of {shown} has {cells}, but the table has {width} columns. Mend that line and read the file again."


def _broken(shown: str, line: int, reason: str) -> str:
    if "unexpected end" in reason:
        return f'A quoted cell begins in line {line} of {shown} and is never closed. Add the missing " and read the file again.'
    if "field limit" in reason:
        return (
            f"A cell in line {line} of {shown} holds more than 131,072 characters. Shorten it and read the file again."
        )
    return f'Line {line} of {shown} has text after a closing ". Write "" for a quote inside a cell and read the file again.'


def columns(
    table: Table, decimal: str, categories: Sequence[str], texts: Sequence[str], delimiter: str
) -> Iterator[Column]:
    """Yield the columns of a table, each of the kind that its cells suggest or the person has asked for."""
    for place, (present, numbers) in enumerate(table.counts()):
        name = table.names[place]
        asked: ColumnKind | None = "category" if name in categories else "text" if name in texts else None
        tried = asked is None and (decimal == "comma" or (decimal == "auto" and delimiter != "," and numbers < present))
        comma = tried and table.comma_numbers(place) == present
        if asked is None and (numbers == present or comma):
            yield Column(name, "number", table.numbers(place, comma))
        else:
            yield Column(name, asked or text_kind(table.distinct(place), present), table.texts(place))
