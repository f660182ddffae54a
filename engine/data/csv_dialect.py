"""How a table in a text file is written: its encoding, delimiter, header."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from engine.problems import UserError

DELIMITERS = {"tab": "\t", "semicolon": ";", "pipe": "|", "comma": ","}  # where two fit as well, the earlier one wins
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")
ENCODINGS = (  # how a person may say that letters are written
    *("auto", "utf-8", "utf-16-le", "utf-16-be", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256"),
    *("cp437", "cp850", "iso8859-2", "iso8859-15", "koi8-r", "mac-roman"),
    *("shift_jis", "euc-jp", "gb18030", "big5", "euc-kr"),
)
HEAD = 1 << 18  # bytes that are looked at to tell how a file is written
CHUNK = 1 << 20


@dataclass(frozen=True)
class Dialect:
    """How the cells are parted, and the names of the columns; `header` tells whether the first line holds them.

    `skip` is 1 where a line `sep=;`, as Excel writes it, comes before everything.
    """

    delimiter: str
    header: bool
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()
    skip: int = 0


@contextmanager
def as_utf8(path: str, file: BinaryIO, asked: str = "auto") -> Iterator[tuple[str, str]]:
    """Yield the path of a file with the same text in UTF-8, and a note about how the text was written ("" if so).

    `asked` is one of ENCODINGS. With "auto", text with a mark for UTF-16 or UTF-32 is read as such, and what is not UTF-8
    as Windows-1252.
    """
    start = file.read(HEAD)
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    encoding = encoding if asked == "auto" else asked
    for mark, advice in _OTHERS.items():
        if start.startswith(mark):
            raise UserError(f"{path} is {advice}")
    if not encoding and b"\0" in start and asked == "auto":
        raise UserError(f"{path} is not a text file. Choose a table that was saved as CSV.")
    if not encoding:
        encoding = "utf-8" if _is_utf8(file) else "cp1252"
    if encoding == "utf-8" and (asked == "auto" or _is_utf8(file)):
        yield path, ""
        return
    guess = ". If letters look wrong, set its encoding." if encoding == "cp1252" and asked == "auto" else "."
    note = f"The text is written in {_NAMES.get(encoding, encoding.upper())} and was read as such{guess}"
    with TemporaryDirectory(prefix="netwright-") as folder:
        copy = Path(folder, "table.csv")
        _transcode(file, copy, encoding)
        yield str(copy), note if asked == "auto" else ""


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHERS = {
    b"PK\x03\x04": "no text, but a packed file, perhaps a workbook of a spreadsheet. Open it there and save it as CSV.",
    b"\xd0\xcf\x11\xe0": "a workbook of an old spreadsheet. Open it there and save it as CSV.",
    b"\x93NUMPY": "a single array of NumPy. Write the arrays with numpy.savez to a file that ends with .npz.",
    b"PAR1": "a table in the format Parquet, which is not read. Save it as CSV.",
    b"SQLite format 3\0": "a database. Save the table as CSV.",
    b"%PDF": "a PDF document. Copy its table into a spreadsheet and save that as CSV.",
}
_NAMES = {"cp1252": "Windows-1252"}


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _transcode(file: BinaryIO, copy: Path, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    file.seek(0)
    with copy.open("w", encoding="utf-8", newline="") as out:
        while chunk := file.read(CHUNK):
            out.write(decoder.decode(chunk))
        out.write(decoder.decode(b"", final=True))


def first_rows(path: str, delimiter: str, count: int = 100) -> list[list[str]]:
    """Return the first rows that are not empty, from the start of a UTF-8 file."""
    with open(path, "rb") as file:
        start = file.read(HEAD)
    text = start.decode("utf-8-sig", errors="ignore")
    if len(start) == HEAD:
        text = text[: text.rfind("\n") + 1] or text
    rows: list[list[str]] = []
    with suppress(csv.Error):  # of a very long cell: what comes before it tells enough
        for row in islice(filter(None, csv.reader(StringIO(text, newline=""), delimiter=delimiter)), count):
            rows.append(row)
    return rows


SENTENCE = 6  # words; names of columns have fewer, questions of a survey stand beside others


def sniff(path: str, delimiter: str = "auto", header: str = "auto") -> Dialect:
    """Look at the start of a UTF-8 file; `delimiter` is a name of DELIMITERS or "auto", `header` "auto", "yes" or "no"."""
    said = _said(path)
    mark = said or _delimiter(path) if delimiter == "auto" else DELIMITERS[delimiter]
    rows = first_rows(path, mark)[1 if said else 0 :]
    if not rows:
        raise UserError(f"{path} is empty. Choose a file with a table in it.")
    has_header = _has_header(rows) if header == "auto" else header == "yes"
    if not has_header:
        return Dialect(mark, False, tuple(f"column_{i + 1}" for i in range(len(rows[0]))), skip=int(bool(said)))
    names, notes = distinct_names(rows[0])
    return Dialect(mark, True, names, notes, skip=int(bool(said)))


def _said(path: str) -> str:
    """Return the delimiter that a first line `sep=;` names, or ""."""
    with open(path, "rb") as file:
        found = re.match(rb'(?:\xef\xbb\xbf)?"?sep=([,;|\t])"?\r?\n', file.read(16))
    return found[1].decode() if found else ""


def _delimiter(path: str) -> str:
    best, share = ",", 0.5
    for mark in DELIMITERS.values():
        rows = first_rows(path, mark)
        if rows and len(rows[0]) > 1:
            agreeing = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
            if agreeing > share:
                best, share = mark, agreeing
    return best


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names the columns: it has a text above numbers, or no number and nothing that comes again.

    In a file of nothing but sentences it does not, where the first is a sentence, too.
    """
    first, rest = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    for place, cell in enumerate(first):
        below = [row[place].strip() for row in rest if row[place].strip()]
        numeric = below and sum(bool(NUMBER.fullmatch(value)) for value in below) > len(below) / 2
        if numeric and not NUMBER.fullmatch(cell.strip()):
            return True
        if cell.strip() in below:
            return False
    return not any(NUMBER.fullmatch(cell.strip()) for cell in first) and not _sentences(first, rest)


def _sentences(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    lengths = sorted(len(row[0].split()) for row in rest) if len(first) == 1 else []
    return bool(lengths) and len(first[0].split()) >= SENTENCE <= lengths[len(lengths) // 2]


def distinct_names(cells: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a name for each column, none twice, and notes about the names that were made up."""
    names: list[str] = []
    notes = []
    for place, cell in enumerate(cells):
        wish = " ".join(cell.split()) or f"column_{place + 1}"
        name, number = wish, 1
        while name in names:
            number += 1
            name = f"{wish}_{number}"
        if name != wish:
            notes.append(f"Two columns are named {wish}; the later one is called {name} here.")
        names.append(name)
    return tuple(names), tuple(notes)
