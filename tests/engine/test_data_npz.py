import io
import zipfile

import numpy as np
import pytest

from engine.data.sources.npz import Npz
from engine.problems import UserError


@pytest.fixture
def read(tmp_path):
    def read(**arrays):
        np.savez_compressed(tmp_path / "data.npz", **arrays)
        return Npz(path=str(tmp_path / "data.npz")).read()

    return read


def shapes(data):
    return {column.name: (column.kind, column.values.shape) for column in data.columns}


def test_images_with_named_classes(read):
    data = read(X=np.zeros((4, 5, 6), np.uint8), y=np.array([0, 1, 1, 0], np.uint8), names=np.array(["cat", "dog"]))
    assert shapes(data) == {"image": ("image", (4, 1, 5, 6)), "label": ("category", (4,))}
    assert data["label"].values.tolist() == ["cat", "dog", "dog", "cat"]


def test_colours_come_first(read):
    assert shapes(read(X=np.zeros((4, 5, 6, 3), np.uint8)))["image"] == ("image", (4, 3, 5, 6))
    assert shapes(read(X=np.zeros((4, 3, 5, 6), np.uint8)))["image"] == ("image", (4, 3, 5, 6))


def test_tables_series_and_other_arrays(read):
    data = read(X=np.ones((4, 2)), y=np.arange(4), z=np.ones((4, 7, 3), np.float32), w=np.array([True, False] * 2))
    assert shapes(data) == {
        "X0": ("number", (4,)),
        "X1": ("number", (4,)),
        "z": ("number", (4, 7, 3)),
        "w": ("number", (4,)),
        "label": ("number", (4,)),
    }


def test_parts_are_joined(read):
    data = read(X_train=np.zeros((3, 5, 2)), X_test=np.ones((1, 5, 2)), y_train=list("aab"), y_test=["b"])
    assert (
        shapes(data) == {"series": ("number", (4, 5, 2)), "label": ("text", (4,))} or data["label"].kind == "category"
    )
    assert data["series"].values[3].min() == 1
    assert data["label"].values.tolist() == ["a", "a", "b", "b"]


def test_infinite_values_count_as_missing(read):
    values = read(a=np.array([1, np.inf, -np.inf, np.nan]))["a"].values
    assert np.isnan(values).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"X": np.zeros((4, 2)), "y": np.zeros(3)}, "one entry for each sample"),
        ({"X": np.array(5.0)}, "one entry for each sample"),
        ({"X": np.zeros((0, 2))}, "one entry for each sample"),
        ({"X": np.zeros((2, 2, 2, 2, 2))}, "neither table"),
        ({"X": np.zeros(2, complex)}, "only numbers, texts and dates"),
        ({"X": np.zeros(2, "m8[s]")}, "only numbers, texts and dates"),
        ({"X": np.zeros((2, 2, 2), "M8[s]")}, "neither table"),
        ({"X": np.zeros(2, [("a", float)])}, "only numbers, texts and dates"),
        ({"X": np.zeros((2, 3)), "y": np.array([0, 5]), "names": np.array(["a", "b"])}, "2 classes are named"),
        ({f"a{i}": np.zeros(2) for i in range(70)}, "70 arrays"),
    ],
)
def test_arrays_that_make_no_data_set(read, arrays, words):
    with pytest.raises(UserError, match=words):
        read(**arrays)


def member(header, data=b""):
    """An .npy file with this header."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data)


@pytest.mark.parametrize(
    "data",
    [
        member("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos\nsystem\n(S'false'\ntR."),
        member("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}", b"\0" * 8),
        member("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}", b"\0" * 8),
        member("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1," * 40 + ")}", b"\0" * 8),
        member("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", b"\0" * 8),
        member("__import__('os').system('false')"),
        b"",
        b"no array",
    ],
)
def test_members_that_are_no_plain_arrays(tmp_path, data):
    archive(tmp_path / "bad.npz", [("X.npy", data)])
    with pytest.raises(UserError) as caught:
        Npz(path=str(tmp_path / "bad.npz")).read()
    assert "bad.npz" in str(caught.value)


def test_files_that_are_no_archives(tmp_path):
    good = io.BytesIO()
    np.savez(good, X=np.random.default_rng(0).normal(size=(50, 4)))
    whole = good.getvalue()
    flipped = bytearray(whole)
    flipped[400] ^= 0xFF
    for data in (b"", b"text", whole[: len(whole) // 2], whole[:-10], bytes(flipped)):
        (tmp_path / "bad.npz").write_bytes(data)
        with pytest.raises(UserError, match=r"bad\.npz"):
            Npz(path=str(tmp_path / "bad.npz")).read()


def test_names_that_stand_twice(tmp_path):
    npy = member("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", b"\0" * 8)
    with pytest.warns(UserWarning, match="Duplicate"):
        archive(tmp_path / "twice.npz", [("X.npy", npy), ("X.npy", npy)])
    with pytest.raises(UserError, match="name of its own"):
        Npz(path=str(tmp_path / "twice.npz")).read()


def test_dates_single_values_and_columns(read):
    when = np.array(["2024-01-01T12:00", "NaT", "2024-01-03"], "datetime64[m]")
    data = read(when=when, x=np.arange(3.0), y=np.array([[0], [1], [0]]), version=np.array(3))
    assert (data["when"].kind, data["when"].texts().tolist()) == ("date", ["2024-01-01 12:00:00", "", "2024-01-03"])
    assert data["label"].values.tolist() == [0, 1, 0]
    assert data.notes == ("version is a single value and was left out.",)


@pytest.mark.parametrize("unit", ["M8", "M8[Y]", "M8[as]", "M8[W]"])
def test_dates_out_of_the_calendar_count_as_missing(read, unit):
    values = np.array([-(2**60), np.iinfo(np.int64).min, 2**60]).view(unit)
    assert read(when=values, x=np.arange(3.0))["when"].texts().tolist() == ["", "", ""] or unit == "M8[as]"


def test_classes_are_named_whatever_type_their_numbers_have(read):
    for y in (np.array([0.0, 1.0, 0.0]), np.array([[0], [1], [0]])):
        data = read(X=np.zeros((3, 2)), y=y, names=np.array(["cat", "dog"]))
        assert data["label"].values.tolist() == ["cat", "dog", "cat"]


def test_transparency_is_a_channel_and_no_width(read):
    assert read(X=np.zeros((5, 8, 9, 4), np.uint8))["image"].inner == (4, 8, 9)


def test_whole_numbers_that_may_be_pixels_are_told(read):
    assert "save it as uint8" in read(X=np.full((5, 8, 8), 200)).notes[0]
    assert not read(X=np.full((5, 8, 8), 200.5)).notes


def test_too_many_columns_are_counted(read):
    with pytest.raises(UserError, match="X has 20,000 columns; at most 16,384"):
        read(X=np.zeros((2, 20_000)))
