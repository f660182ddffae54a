"""How the numbers in a column of a text file are written: decimal commas, thousands, percent signs, units behind them."""

from __future__ import annotations

from dataclasses import dataclass

BLANK = r"[ \t\x{a0}\x{202f}]*"
SIGN = r"[+\-−]?"
CURRENCY = r"(?:[$€£¥₹]|USD|EUR|GBP|CHF)?"
UNIT = r"(?:[^\s\x{a0}\x{202f}\d.,;:/+\-−()<>~*?!#=_''\"&@|][^\s\x{a0}\x{202f}.,;:()]{0,11})?"
EXPONENT = r"(?:[eE][+-]?\d+)?"
GAPS = r"[ ''’\x{a0}\x{202f}]"  # between thousands; quotes are doubled, as SQL wants them


@dataclass(frozen=True)
class Writing:
    """One way to write numbers: `core` matches them without sign and unit, `mark` is the decimal mark.

    `doubtful` matches those that another way would read as well, with another result.
    """

    core: str
    mark: str = "."
    doubtful: str = ""

    @property
    def cell(self) -> str:
        """The regular expression of a cell, in SQL. Its groups: currency, sign, currency, number, unit."""
        return f"^{BLANK}({CURRENCY}){BLANK}({SIGN}){BLANK}({CURRENCY}){BLANK}({self.core}){BLANK}({UNIT}){BLANK}$"

    def number(self, cell: str) -> str:
        """Return the SQL of the number that a cell holds; NULL where it holds none."""
        digits = f"regexp_replace(regexp_extract({cell}, '{self.cell}', 4), '{GAPS}', '', 'g')"
        plain = f"replace(replace({digits}, '.', ''), ',', '.')" if self.mark == "," else f"replace({digits}, ',', '')"
        return f"TRY_CAST(replace(regexp_extract({cell}, '{self.cell}', 2), '−', '-') || {plain} AS DOUBLE)"

    def unit(self, cell: str) -> str:
        """Return the SQL of what stands beside the number in a cell."""
        return " || ".join(f"regexp_extract({cell}, '{self.cell}', {group})" for group in (1, 3, 5))


COMMA = Writing(rf"(?:\d+|\d{{1,3}}(?:\.\d{{3}})+)(?:,\d*)?{EXPONENT}", ",", r"^\D*[1-9]\d{0,2},\d{3}\D*$")
POINT = Writing(rf"(?:\d+\.?\d*|\.\d+){EXPONENT}")
THOUSANDS = Writing(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?", ".", r"^\D*[1-9]\d{0,2},\d{3}\D*$")
SPACED = Writing(rf"(?:\d{{1,3}}(?:{GAPS}\d{{3}})+|\d+)(?:\.\d*)?")
SPACED_COMMA = Writing(rf"(?:\d{{1,3}}(?:{GAPS}\d{{3}})+|\d+)(?:,\d*)?", ",")


def writings(decimal: str, delimiter: str) -> tuple[Writing, ...]:
    """Return the ways in which numbers may be written, the likeliest first, in a file with this decimal mark ("auto")."""
    if decimal == "comma":
        return COMMA, SPACED_COMMA
    if decimal == "point" or delimiter == ",":
        return POINT, THOUSANDS, SPACED
    return COMMA, POINT, THOUSANDS, SPACED_COMMA, SPACED
