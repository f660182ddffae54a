"""How the dates in a column of a text file are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

CLOCK = r"(?:(?:[T ]|, ?)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|[+\-]\d{2}:?\d{2}))?)?"
TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
ASKED = ("auto", "day first", "month first", "never")  # how a person may say that dates are written


@dataclass(frozen=True)
class DateWriting:
    """One way to write dates: `days` matches them without the time, `formats` reads them, as C's strptime."""

    days: str
    formats: tuple[str, ...]

    @property
    def cell(self) -> str:
        """The regular expression of a cell, in SQL."""
        return f"^{self.days}{CLOCK}$"

    def read(self, cell: str) -> str:
        """Return the SQL of a cell's time stamp, as it is written whatever the time zone; NULL where there is none."""
        plain = rf"regexp_replace({cell}, ' ?(Z|UTC|(:\d{{2}}(?:\.\d+)?)[+\-]\d{{2}}:?\d{{2}})$', '\2')"
        plain = rf"regexp_replace({plain}, '(\d)(?:T|, ?)(\d{{1,2}}:)', '\1 \2')"
        plain = rf"regexp_replace({plain}, ' ?([AaPp])\.?([Mm])\.?$', ' \1\2')"
        plain = rf"regexp_replace({plain}, '(\.\d{{6}})\d+', '\1')"  # what DuckDB's %f takes at most
        formats = ", ".join(f"'{day}{time}'" for day, time in product(self.formats, TIMES))
        return f"(CASE WHEN regexp_matches({cell}, '{self.cell}') THEN try_strptime({plain}, [{formats}]) END)"

    def seconds(self, cell: str) -> str:
        """Return the SQL of the seconds since 1970 of a cell."""
        return f"epoch({self.read(cell)})"


def _digits(mark: str, year: str, *, first: str) -> DateWriting:
    """Return the way to write day, month and year as digits; short years (%y) only beside two digits each: 1.2.10 is none."""
    digits = (r"\d{1,2}", r"\d{4}") if year == "%Y" else (r"\d{2}", r"\d{2}")
    order = ("%d", "%m") if first == "day" else ("%m", "%d")
    sign = mark.replace(".", r"\.")
    return DateWriting(f"{digits[0]}{sign}{digits[0]}{sign}{digits[1]}", (mark.join((*order, year)),))


ISO = DateWriting(r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",))
YEAR_FIRST = DateWriting(r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",))
DOTTED = tuple(_digits(".", year, first="day") for year in ("%Y", "%y"))
NAMED = DateWriting(
    r"(?:\d{1,2}[ \-.]{1,2}[A-Za-z]{3,9}[ \-]\d{4}|[A-Za-z]{3,9} \d{1,2},? \d{4})",
    tuple(
        f.replace("%B", name)
        for name in ("%b", "%B")
        for f in ("%d-%B-%Y", "%d %B %Y", "%d. %B %Y", "%B %d %Y", "%B %d, %Y")
    ),
)
DAY_FIRST = tuple(_digits(mark, year, first="day") for mark in "/-" for year in ("%Y", "%y"))
MONTH_FIRST = tuple(_digits(mark, year, first="month") for mark in "/-" for year in ("%Y", "%y"))
SURE = (ISO, YEAR_FIRST, *DOTTED, NAMED)


def writing_of(all_match: Callable[[DateWriting], bool], asked: str) -> tuple[DateWriting | None, DateWriting | None]:
    """Return how the dates of a column are written, None where it holds none, and another way that fits as well.

    `asked` is one of ASKED. `all_match` tells whether every cell is a date in one way.
    """
    if asked == "never":
        return None, None
    for writing in SURE:
        if all_match(writing):
            return writing, None
    for day, month in zip(DAY_FIRST, MONTH_FIRST, strict=True):
        if asked != "auto":
            only = day if asked == "day first" else month
            if all_match(only):
                return only, None
            continue
        fitting = [writing for writing in (day, month) if all_match(writing)]
        if fitting:
            return fitting[0], fitting[1] if len(fitting) > 1 else None
    return None, None
