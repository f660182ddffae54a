import csv
import os
import re
from contextlib import suppress
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.csv_dialect import DELIMITERS
from engine.data.csv_table import Table
from engine.data.sources.csv import Csv
from engine.problems import UserError

CORPUS = Path(__file__).parent.parent / "corpus" / "csv"


def read(name, **settings):
    return Csv(path=str(CORPUS / name), **settings).read()


def cells(data):
    return {c.name: [None if v != v else v for v in c.values.tolist()] for c in data.columns}


GOOD = {
    "excel_sep.csv": {"a": [1, 3.5], "b": ["x", "y,z"]},
    "bom.csv": {"name": ["Ann", "Böb"], "age": [31, 42]},
    "semicolon_decimal_comma.csv": {"größe": [1.5, 2.25], "preis": [1234.5, 99], "ort": ["Köln", "Bonn"]},
    "windows_1252.csv": {"name": ["café", "“quoted”"], "price": [3, 4]},
    "utf16.csv": {"name": ["Ann", "Bob"], "age": [31, 42]},
    "quoted.csv": {"name": ["Ann", "Bob", "Cy"], "text": ["a, b", "two\nlines", 'said "hi"']},
    "crlf.csv": {"a": [1, 3], "b": [2, 4]},
    "old_mac.csv": {"a": [1, 3], "b": [2, 4]},
    "mixed_line_ends.csv": {"a": [1, 3], "b": [2, 4]},
    "blank_lines.csv": {"a": [1, 3], "b": [2, 4]},
    "trailing_delimiter.csv": {"a": [1, 3], "b": [2, 4]},
    "duplicate_names.csv": {"x": [1, 5], "x_2": [2, 6], "column_3": [3, 7], "y": [4, 8]},
    "no_header.csv": {"column_1": [1, 3, 5], "column_2": [2, 4, 6], "column_3": ["a", "b", "a"]},
    "missing_markers.csv": {"n": [1, None, None, None, 4], "t": ["red", "", "blue", "red", ""]},
    "spaces.csv": {"a": [1, 2], "b": ["x", "y"]},
    "no_final_newline.csv": {"a": [1, 3], "b": [2, 4]},
    "infinite.csv": {"a": [1, None, None, None, -3]},
    "one_column.csv": {"value": [1, 2, 3]},
    "texts_only.csv": {"question": ["who", "what"], "answer": ["me", "this"]},
}
BAD = {
    "excel_sep_ragged.csv": ("Line 4 of", "1 cell, but the table has 2 columns"),
    "ragged_short.csv": ("Line 3 of", "2 cells, but the table has 3 columns"),
    "ragged_long.csv": ("Line 4 of", "3 cells, but the table has 2 columns"),
    "open_quote.csv": ("line 3 of", "never closed"),
    "text_after_quote.csv": ("Line 3 of", 'after a closing "'),
    "empty.csv": ("is empty",),
    "only_blank.csv": ("is empty",),
    "bom_only.csv": ("is empty",),
    "only_header.csv": ("no rows",),
    "binary.csv": ("not a text file",),
}


def test_every_file_of_the_corpus_has_an_expectation():
    assert {path.name for path in CORPUS.iterdir()} == {*GOOD, *BAD}


@pytest.mark.parametrize("name", GOOD)
def test_awkward_tables_are_read(name):
    assert cells(read(name)) == GOOD[name]


@pytest.mark.parametrize("name", BAD)
def test_broken_tables_give_one_sentence_with_the_line(name):
    with pytest.raises(UserError) as caught:
        read(name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    for part in BAD[name]:
        assert part in str(caught.value)


@pytest.mark.parametrize("name", GOOD)
def test_reading_leaves_nothing_open_and_gives_equal_columns(name):
    data = read(name)
    assert len({len(column.values) for column in data.columns}) == 1
    assert len(set(data.names)) == len(data.names)


def test_notes_say_what_was_mended():
    assert "Windows-1252 and was read as such. If letters look wrong" in read("windows_1252.csv").notes[0]
    assert read("utf16.csv").notes == ("The text is written in UTF-16 and was read as such.",)
    assert "x_2" in read("duplicate_names.csv").notes[0]


def test_header_and_delimiter_can_be_asked_for():
    assert read("no_header.csv", header="yes").names == ("1", "2", "a")
    assert cells(read("one_column.csv", header="no")) == {"column_1": ["value", "1", "2", "3"]}
    assert read("crlf.csv", delimiter="semicolon").names == ("a,b",)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("1990,total\n3,4\n", {"1990": [3], "total": [4]}),  # a year may be a name
        ("1990,1991\n3,4\n", {"column_1": [1990, 3], "column_2": [1991, 4]}),
        ("1990,total\n3,many\n", {"column_1": [1990, 3], "column_2": ["total", "many"]}),
        ("name,town\nAnn,3\nBob,x\n", {"name": ["Ann", "Bob"], "town": ["3", "x"]}),
        ("value\r\n1\n\n2\r3\n", {"value": [1, None, 2, 3]}),  # line ends of all kinds
        ("value\r\nx\n2\r3\n", {"value": ["x", "2", "3"]}),
    ],
)
def test_the_first_line_holds_names_where_it_differs_from_the_rest(tmp_path, text, columns):
    (tmp_path / "t.csv").write_bytes(text.encode())
    assert cells(Csv(path=str(tmp_path / "t.csv")).read()) == columns


def test_a_decimal_comma_can_be_asked_for(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('a,b\n"1,5",2\n"2,5",3\n')
    assert Csv(path=str(path)).read()["a"].kind == "category" or Csv(path=str(path)).read()["a"].kind == "text"
    assert cells(Csv(path=str(path), decimal="comma").read())["a"] == [1.5, 2.5]


def column(tmp_path, cells, delimiter=",", more=(), **settings):
    """Read a column of these cells, beside others; return its values and what is said of it."""
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["x", *(f"more_{place}" for place in range(len(more)))])
        writer.writerows(zip(cells, *more, strict=True))
    data = Csv(path=str(path), **settings).read()
    return data["x"].values.tolist(), " ".join(data.notes)


@pytest.mark.parametrize(
    ("cells", "values", "words"),
    [
        (["2.5%", "97 %", "-3.25%"], [2.5, 97, -3.25], "2.5% is read as 2.5"),
        (["50 kg", "51.5 kg", "7kg"], [50, 51.5, 7], "the unit kg"),
        (["20.5°C", "-3°C"], [20.5, -3], "the unit °C"),
        (["3 m/s", "4.5 m/s"], [3, 4.5], "the unit m/s"),
        (["$1,234.50", "-$7.00"], [1234.5, -7], "$1,234.50 is read as 1234.5"),
        (["€ 3", "€ 12.5"], [3, 12.5], "the unit €"),
        (["1,234,567", "12", "2,000.5"], [1234567, 12, 2000.5], ""),
        (["1,234", "987"], [1234, 987], "1,234 is read as 1234"),
        (["1 234 567", "12"], [1234567, 12], ""),
        (["1'234.25", "7'000"], [1234.25, 7000], ""),
        (["1\u00a0234", "\u00a07\u00a0"], [1234, 7], ""),
        (["\u22123.5", "4", "1e3"], [-3.5, 4, 1000], ""),
        (["#N/A", "3", "#DIV/0!", ".", "--"], [None, 3, None, None, None], ""),
    ],
)
def test_numbers_as_people_write_them(tmp_path, cells, values, words):
    found, notes = column(tmp_path, cells, more=(["p"] * len(cells),))
    assert [None if v != v else v for v in found] == values
    assert words in notes


@pytest.mark.parametrize(
    "cells",
    [
        ["5 kg", "3 lb"],
        ["A1", "A2"],
        ["2024-01", "2024-02"],
        ["10:30", "11:45"],
        ["1.2.3", "4.5.6"],
        ["1-2", "3-4"],
        ["1 2", "3 4"],
        ["(1)", "(2)"],
        ["+49 30 1", "+49 40 2"],
        ["1,2", "3,4"],
        ["0x1F", "0x2A"],
    ],
)
def test_texts_with_digits_stay_texts(tmp_path, cells):
    assert column(tmp_path, cells, more=(["p"] * len(cells),))[0] == cells


def test_thousands_are_no_fractions_where_other_columns_have_decimal_commas(tmp_path):
    found, notes = column(tmp_path, ["1.100", "20.250", "7"], ";", (["0,5", "1,25", "3"],))
    assert found == [1100, 20250, 7]
    assert "1.100 is read as 1100" in notes
    assert column(tmp_path, ["1.1", "20.25", "7"], ";", (["0,5", "1,25", "3"],))[0] == [1.1, 20.25, 7]
    assert column(tmp_path, ["1.100", "20.250", "7"], ";", (["5", "1", "3"],))[0] == [1.1, 20.25, 7]
    assert column(tmp_path, ["1.100", "20.250", "7"], ";", (["0,5", "1,25", "3"],), decimal="point")[0] == [
        1.1,
        20.25,
        7,
    ]
    assert "1,234 is read as 1.234" in column(tmp_path, ["1,234", "5,678"], ";", (["a", "b"],))[1]


def test_numbers_that_are_too_long_stay_texts(tmp_path):
    found, notes = column(tmp_path, ["12345678901234567", "12345678901234568"])
    assert found == ["12345678901234567", "12345678901234568"]
    assert "too long" in notes
    assert column(tmp_path, ["1e300", "2e300"])[0] == [1e300, 2e300]
    assert column(tmp_path, ["100000000000000000000", "5"])[0] == [1e20, 5]


def test_cells_that_keep_a_column_from_being_numbers_are_named(tmp_path):
    cells = [*map(str, range(40))]
    cells[17], cells[20] = "oops", ">100"
    notes = column(tmp_path, cells)[1]
    assert "Column x is read as texts: 2 of 40 cells are no numbers (>100, oops; the first in row 18)." in notes
    assert not column(tmp_path, ["1", "two", "3", "four"])[1]


@pytest.mark.parametrize(
    ("cell", "word"), [("3", "number"), ("2.5%", "number"), ("1 234", "number"), ("2024-01-31", "date")]
)
def test_a_single_cell_far_down_is_not_lost(tmp_path, cell, word):
    found, notes = column(tmp_path, [cell] * 150 + ["oops"])
    assert found == [cell] * 150 + ["oops"]
    assert f"1 of 151 cells is no {word} (oops; the first in row 151)" in notes


def test_kinds_can_be_asked_for():
    data = read("crlf.csv", categories=("a",), texts=("b",))
    assert [(c.kind, c.values.tolist()) for c in data.columns] == [("category", ["1", "3"]), ("text", ["2", "4"])]


@pytest.mark.parametrize("name", ["a*.csv", "b[1].csv", "c?.csv", "it's.csv", "d e.csv", "ü.csv", "x.csv.gz"])
def test_names_of_files_are_no_patterns(tmp_path, name):
    for other in ("ab.csv", "b1.csv", "cx.csv"):
        (tmp_path / other).write_text("wrong\n9\n")
    (tmp_path / name).write_text("a,b\n1,2\n")
    assert cells(Csv(path=str(tmp_path / name)).read()) == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "No file is named. Choose a file."),
        ("missing.csv", "missing.csv is not there. Choose the file again."),
        ("http://localhost/x.csv", "http://localhost/x.csv is not there"),
        ("s3://x/y.csv", "s3://x/y.csv is not there"),
        ("a\0b", "a\0b cannot be read: embedded null byte."),
    ],
)
def test_paths_that_lead_nowhere(path, words):
    with pytest.raises(UserError, match=re.escape(words)):
        Csv(path=path).read()


@pytest.mark.parametrize(
    ("start", "words"), [(b"PK\x03\x04", "workbook"), (b"\x93NUMPY", "savez"), (b"PAR1", "Parquet")]
)
def test_files_of_other_kinds_are_told_by_name(tmp_path, start, words):
    (tmp_path / "x.csv").write_bytes(start + bytes(100))
    with pytest.raises(UserError, match=words):
        Csv(path=str(tmp_path / "x.csv")).read()


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(UserError, match="is a folder"):
        Csv(path=str(tmp_path)).read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="ordinary file"):
        Csv(path=str(pipe)).read()


def test_a_device_is_refused():
    if Path("/dev/zero").exists():
        with pytest.raises(UserError, match="ordinary file"):
            Csv(path="/dev/zero").read()


def test_a_late_byte_that_is_no_utf8(tmp_path):
    path = tmp_path / "late.csv"
    path.write_bytes(b"a,b\n" + b"1,x\n" * 200_000 + b"2,\xe9\n")
    data = Csv(path=str(path)).read()
    assert data["b"].values[-1] == "é"
    assert len(data) == 200_001


def test_a_ragged_line_late_in_a_long_file(tmp_path):
    path = tmp_path / "late.csv"
    path.write_bytes(b"a,b\n" + b"1,x\n" * 100_000 + b"2\n" + b"1,x\n" * 10)
    with pytest.raises(UserError, match="Line 100002 of"):
        Csv(path=str(path)).read()


def test_sentences_about_a_file_do_not_flood_a_person(tmp_path):
    (tmp_path / "t.csv").write_text(",".join(f"c{i}" for i in range(50)) + "\n" + 2 * (",".join(["5 kg"] * 50) + "\n"))
    notes = Csv(path=str(tmp_path / "t.csv")).read().notes
    assert len(notes) == 13
    assert "38 more columns" in notes[-1]


def test_all_lines_of_another_length_are_named_at_once(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i}{',x' if i % 10 == 3 else ''}\n" for i in range(50)))
    with pytest.raises(
        UserError, match=r"Line 5 of .* has 3 cells, .* 2 columns; 5 lines do not fit \(5, 15, 25, 35, 45\)"
    ):
        Csv(path=str(path)).read()


def test_only_a_column_with_neither_name_nor_values_is_left_out(tmp_path):
    (tmp_path / "t.csv").write_text("a,,b,\n1,,,x\n2,,,y\n")
    data = Csv(path=str(tmp_path / "t.csv"), delimiter="comma").read()
    assert data.names == ("a", "b", "column_4")
    assert data.notes == ("Column b has no values.",)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["1,2", "3"], "Line 3 of {path} has 1 cell, but the table has 2 columns. Mend that line"),
        (["1", "3"], "has 1 cell, but the table has 2 columns; 2 lines do not fit (2, 3). Mend them"),
        (["1,2,3"] * 11, "11 lines do not fit (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …). Mend them"),
    ],
)
def test_lines_that_do_not_fit_are_counted(tmp_path, lines, words):
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["a,b", *lines, "5,6", "7,8"]) + "\n")
    with pytest.raises(UserError, match=re.escape(words.format(path=path))):
        Csv(path=str(path), delimiter="comma").read()


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp1251", "Москва"), ("shift_jis", "東京"), ("mac-roman", "Zürich"), ("utf-16-le", "x")]
)
def test_how_letters_are_written_can_be_said(tmp_path, encoding, word):
    path = tmp_path / "t.csv"
    path.write_bytes(f"a,b\n{word},1\n".encode(encoding))
    data = Csv(path=str(path), encoding=encoding).read()
    assert data["a"].values.tolist() == [word]
    assert not data.notes


def test_rows_keep_their_order(tmp_path):
    path = tmp_path / "order.csv"
    path.write_text("n\n" + "\n".join(map(str, range(300_000))) + "\n")
    assert np.array_equal(Csv(path=str(path)).read()["n"].values, np.arange(300_000))


def test_many_columns(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"p{i}" for i in range(785)) + "\n" + (",".join(["7"] * 785) + "\n") * 3)
    data = Csv(path=str(path)).read()
    assert len(data.columns) == 785
    assert data["p784"].values.tolist() == [7, 7, 7]


def test_a_very_long_text(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("a,b\n1," + "x" * 3_000_000 + "\n")
    assert len(Csv(path=str(path)).read()["b"].values[0]) == 3_000_000


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_long_text_among_the_first_rows(tmp_path, quote):
    path, text = tmp_path / "long.csv", "x " * 69_999 + "x"
    path.write_text(f"a;b\n1;{quote}{text}{quote}\n2;y\n")
    assert cells(Csv(path=str(path)).read()) == {"a": [1, 2], "b": [text, "y"]}


def test_a_decimal_comma_that_is_asked_for_does_not_turn_points_into_texts(tmp_path):
    assert column(tmp_path, ["1.5", "2.25"], ";", (["1,5", "3"],), decimal="comma")[0] == [1.5, 2.25]


def test_leading_quotes_in_markers_do_no_harm(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a\nx'\n.*\n(\n")
    data = Csv(path=str(path), missing=("x'", "(", "\\")).read()
    assert data["a"].values.tolist() == ["", ".*", ""]


CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)


def test_many_columns_of_texts_are_looked_at_together(tmp_path, monkeypatch):
    asked, share = set(), Table.share
    monkeypatch.setattr(
        Table, "share", lambda table, place, pattern: asked.add(pattern) or share(table, place, pattern)
    )
    query = MagicMock(wraps=Table._shares_of)
    monkeypatch.setattr(Table, "_shares_of", lambda table, pattern: query(table, pattern))
    cells = [["1.5", "no", "7 kg", "red", "", "2024-05-17"][n % 6] for n in range(60)]
    path = tmp_path / "wide.csv"
    path.write_text("".join(f"{','.join(row)}\n" for row in ([f"c{n}" for n in range(60)], cells, cells, cells)))
    kinds = [column.kind for column in Csv(path=str(path)).read().columns]
    assert kinds == ["number", "category", "number", "category", "number", "date"] * 10
    assert 10 < query.call_count == len(asked)


@pytest.mark.slow
@given(
    rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6),
    delimiter=st.sampled_from(["comma", "semicolon", "tab"]),
)
@settings(max_examples=100, deadline=None)
def test_whatever_is_written_is_read_again(tmp_path_factory, rows, delimiter):
    path = tmp_path_factory.mktemp("table") / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=DELIMITERS[delimiter], quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([("first", "second"), *rows])
    source = Csv(path=str(path), delimiter=delimiter, header="yes", missing=(), texts=("first", "second"))
    columns = source.read().columns
    assert [c.values.tolist() for c in columns] == [[row[k].strip(" \t") for row in rows] for k in range(2)]


@pytest.mark.slow
@given(data=st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_give_a_table_or_a_sentence(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "t.csv"
    path.write_bytes(data)
    with suppress(UserError):
        found = Csv(path=str(path)).read()
        assert len({len(column.values) for column in found.columns}) == 1


@pytest.mark.slow
@given(text=st.text('ab,;\t"\n\r1.5 ', max_size=40))
@settings(max_examples=150, deadline=None)
def test_any_signs_of_a_table_give_a_table_or_a_sentence(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("signs") / "t.csv"
    path.write_bytes(text.encode())
    try:
        found = Csv(path=str(path)).read()
    except UserError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert len({len(column.values) for column in found.columns}) == 1


def test_numbers_that_begin_with_zeros_keep_them(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        "id,place,share,hour\n" + "".join(f"{n:04d},{n % 3:03d},0.{n:02d},{n % 24:02d}\n" for n in range(60))
    )
    dataset = Csv(path=str(path)).read()
    assert [(c.name, c.kind) for c in dataset.columns] == [
        ("id", "text"),
        ("place", "category"),
        ("share", "number"),
        ("hour", "number"),
    ]
    assert dataset["id"].values[17] == "0017"
    assert dataset.notes[0] == "Column id is read as texts: its numbers begin with zeros."


SENTENCES = ["the cat sees a big red house", "a dog and a bird like the old tree", "we know not what we do in the end"]


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (SENTENCES, ("column_1",)),
        (["text", *SENTENCES], ("text",)),
        (["What did you like about our course?", "all", "this and that"], ("What did you like about our course?",)),
        (["the,DET", "cat,NOUN", "sees,VERB", "the,DET", "dog,NOUN"], ("column_1", "column_2")),
        (["word,tag", "cat,NOUN", "sees,VERB", "the,DET", "dog,NOUN"], ("word", "tag")),
    ],
)
def test_a_first_line_that_is_like_the_others_names_no_columns(tmp_path, lines, names):
    path = tmp_path / "words.csv"
    path.write_text("\n".join(lines))
    assert Csv(path=str(path)).read().names == names
