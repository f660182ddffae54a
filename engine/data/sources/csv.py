"""Tables in text files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.columns import ColumnKind
from engine.data import csv_columns, csv_table, wording
from engine.data.csv_dates import ASKED
from engine.data.csv_dialect import DELIMITERS, ENCODINGS, as_utf8, sniff
from engine.data.dataset import Dataset
from engine.data.files import open_regular
from engine.data.source import Source
from engine.problems import UserError
from engine.spec import param

LARGEST = 4 << 30  # bytes
SAID = 12  # sentences about a file at most
MISSING = (
    *(
        "NA",
        "N/A",
        "n/a",
        "n.a.",
        "N.A.",
        "NaN",
        "nan",
        "NaT",
        "<NA>",
        "null",
        "NULL",
        "(null)",
        "None",
        "?",
        "-",
        "--",
        ".",
    ),
    *("#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!"),  # as spreadsheets write them
)


class Csv(Source):
    """A table in a text file: CSV, TSV and their relatives, one row on each line."""

    path: str = param("The file.", default="")
    delimiter: str = param("What parts the cells of a line.", default="auto", choices=("auto", *sorted(DELIMITERS)))
    header: str = param(
        "Whether the first line holds the names of the columns.", default="auto", choices=("auto", "yes", "no")
    )
    encoding: str = param(
        "How letters are written in the file, where they look wrong.", default="auto", choices=ENCODINGS, advanced=True
    )
    decimal: str = param(
        "What parts the fraction of a number.", default="auto", choices=("auto", "point", "comma"), advanced=True
    )
    dates: str = param(
        "How dates such as 3/4/2024 are written, where the column itself does not tell; never: dates are texts.",
        default="auto",
        choices=ASKED,
        advanced=True,
    )
    order: str = param(
        "The column by which rows are sorted, such as a date. Empty: as they stand in the file.", default=""
    )
    missing: tuple[str, ...] = param(
        "Cells that mean: no value. An empty cell always does.",
        default=MISSING,
        advanced=True,
    )
    categories: tuple[str, ...] = param(
        "Columns that are categories, though they look like numbers or texts.", default=()
    )
    texts: tuple[str, ...] = param("Columns that are texts, though they look like something else.", default=())

    def read(self) -> Dataset:
        with open_regular(self.path, LARGEST) as file, as_utf8(self.path, file, self.encoding) as (path, note):
            asked: dict[str, ColumnKind] = dict.fromkeys(self.texts, "text")
            asked |= dict.fromkeys(self.categories, "category")
            dialect = sniff(path, self.delimiter, self.header)
            with csv_table.open_table(path, self.path, dialect, self.missing) as table:
                if not table.rows:
                    raise UserError(f"{self.path} has names of columns, but no rows. Choose a file with data in it.")
                found, told = csv_columns.columns(table, self.decimal, self.dates, asked, dialect.delimiter)
        kept = tuple(c for c in found if not (c.name.startswith("column_") and c.missing.all())) or tuple(found)
        notes = [*([note] if note else []), *dialect.notes, *told]
        notes += [f"Column {c.name} has no values." for c in kept if c.missing.all()]
        if len(notes) > SAID:
            notes[SAID:] = [
                f"There is as much to say of {len(notes) - SAID:,} more columns: look at their kinds and values."
            ]
        return self._sorted(Dataset(kept, tuple(notes)))

    def _sorted(self, dataset: Dataset) -> Dataset:
        if not self.order:
            return dataset
        if self.order not in dataset:
            raise UserError(
                f"{self.path} has no column {self.order} to sort by. It has {wording.columns(dataset.names)}."
            )
        return dataset.take(np.argsort(dataset[self.order].values, kind="stable"))

    def label(self) -> str:
        return Path(self.path).name
