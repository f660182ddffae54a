import io
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.data.samples import FOLDER
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.npz import Npz
from engine.problems import Reread, UserError


@pytest.fixture(scope="module")
def animals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("animals")
    with zipfile.ZipFile(FOLDER / "animals4k_png.zip") as archive:
        for name in archive.namelist():
            target = folder / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(archive.read(name))
    return folder


def picture(mode="RGB", size=(6, 4), colour="red", kind="PNG", **options):
    stream = io.BytesIO()
    Image.new(mode, size, colour).save(stream, kind, **options)
    return stream.getvalue()


def put(folder, name, data):
    path = Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def read(folder, **settings):
    return ImageFolder(path=str(folder), **settings).read()


def test_a_folder_of_pngs_equals_the_arrays(animals):
    data = read(animals)
    arrays = Npz(path=str(FOLDER / "animals4k.npz")).read()
    order = np.argsort(arrays["label"].values, kind="stable")
    assert data["label"].values.tolist() == arrays["label"].values[order].tolist()
    np.testing.assert_array_equal(data["image"].values, arrays["image"].values[order])
    assert data["file"].values[0] == "Bear/bear_000.png"


def test_sizes_and_colours(animals, tmp_path):
    put(tmp_path, "a/1.png", picture())
    put(tmp_path, "b/2.jpg", picture(kind="JPEG", size=(600, 400)))
    data = read(tmp_path, height=3, width=5, colour=True)
    assert data["image"].values.shape == (2, 3, 3, 5)
    assert np.abs(data["image"].values.mean(axis=(0, 2, 3)) - [255, 0, 0]).max() < 3
    assert read(tmp_path)["image"].values.shape == (2, 1, 4, 6)


def test_awkward_pictures(tmp_path):
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200
    put(tmp_path, "a/clear.png", picture("RGBA", colour=(0, 0, 0, 0)))
    put(tmp_path, "a/deep.png", picture("I;16", colour=65535))
    put(tmp_path, "a/palette.gif", picture("P", kind="GIF", colour=0))
    put(tmp_path, "a/one_bit.png", picture("1", colour=1))
    put(
        tmp_path,
        "a/turned.jpg",
        picture(kind="JPEG", colour="white", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
    )
    put(tmp_path, "a/cmyk.jpg", picture("CMYK", kind="JPEG", colour=(0, 0, 0, 0)))
    data = read(tmp_path, height=4, width=4)
    means = dict(zip(data["file"].values.tolist(), data["image"].values.mean(axis=(1, 2, 3)), strict=True))
    assert means["a/clear.png"] == means["a/deep.png"] == means["a/one_bit.png"] == 255
    assert means["a/turned.jpg"] > 250
    assert means["a/cmyk.jpg"] > 250


@pytest.mark.parametrize(
    ("pixel", "dtype", "grey"), [(0.5, np.float32, 128), (200, np.float32, 200), (200, np.int32, 200)]
)
def test_pixels_of_many_bits_keep_their_brightness(tmp_path, pixel, dtype, grey):
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((4, 4), pixel, dtype)).save(tmp_path / "a" / "1.tif")
    assert (read(tmp_path)["image"].values == grey).all()


def test_pixels_of_an_unknown_range_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    Image.fromarray(np.full((4, 4), 70_000, np.int32)).save(tmp_path / "a" / "1.tif")
    with pytest.raises(UserError, match=r"1\.tif is broken \(its pixels are numbers from 70000 to 70000"):
        read(tmp_path)


def test_a_folder_of_another_shape_is_told_from_an_empty_one(tmp_path):
    put(tmp_path / "flat", "1.png", picture())
    with pytest.raises(UserError, match="lie right in"):
        read(tmp_path / "flat")
    put(tmp_path / "deep", "train/cat/1.png", picture())
    put(tmp_path / "deep", "test/cat/1.png", picture())
    with pytest.raises(UserError, match="Or choose a folder in it: test, train"):
        read(tmp_path / "deep")


def test_crop_keeps_proportions(tmp_path):
    wide = np.zeros((10, 30), np.uint8)
    wide[:, 10:20] = 200
    stream = io.BytesIO()
    Image.fromarray(wide).save(stream, "PNG")
    put(tmp_path, "a/wide.png", stream.getvalue())
    assert (read(tmp_path, height=10, width=10, fit="crop")["image"].values == 200).all()
    assert (read(tmp_path, height=10, width=10)["image"].values == 0).any()


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "flipped", "header"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_a_broken_picture_is_named_in_one_sentence(tmp_path, damage, kind):
    whole = bytearray(picture(size=(64, 64), kind=kind))
    broken = {
        "cut": bytes(whole[: len(whole) // 2]),
        "empty": b"",
        "text": b"this is no picture at all",
        "flipped": bytes(whole[:20] + bytes(b ^ 0x5A for b in whole[20:])),
        "header": bytes(whole[:12]),
    }[damage]
    put(tmp_path, "a/good.png", picture())
    path = put(tmp_path, f"b/bad.{kind.lower()}", broken)
    if damage == "flipped" and kind in ("GIF", "BMP", "TIFF", "JPEG"):  # no checksum: it may still be a picture
        with suppress(UserError):
            assert len(read(tmp_path)) == 2
        return
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_broken_pictures_are_named_at_once(tmp_path):
    for number in range(40):
        put(tmp_path, f"a/{number:02}.png", b"no picture" if number in (0, 7, 39) else picture())
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"3 of 40 pictures in {tmp_path} are broken: a/00.png, a/07.png, a/39.png.")
    for number in range(40):
        put(tmp_path, f"a/{number:02}.png", b"no picture" if number else picture())
    with pytest.raises(UserError, match=r"39 of 40 .*a/05.png and 34 more\. Replace them or take them away\."):
        read(tmp_path)


def test_broken_pictures_are_left_out_where_a_person_wants_to_go_on(tmp_path):
    for number in range(40):
        shade = picture("L", colour=number)
        put(tmp_path, f"{'ab'[number % 2]}/{number:02}.png", b"no picture" if number in (0, 7, 39) else shade)
    with pytest.raises(UserError, match="--leave-out-broken") as caught:
        read(tmp_path)
    assert caught.value.fix == Reread("broken", "leave out", "Leave them out")
    data = read(tmp_path, broken="leave out")
    assert data["image"].values[:, 0, 0, 0].tolist() == [int(Path(name).stem) for name in data["file"].values]
    assert len(data["label"].values) == 37
    assert data.notes == ("3 of 40 pictures are broken and were left out: a/00.png, b/07.png, b/39.png.",)
    for number in range(1, 40):
        put(tmp_path, f"{'ab'[number % 2]}/{number:02}.png", b"no picture" if number % 2 else picture())
    assert read(tmp_path, broken="leave out").notes[1] == "No picture is left of 1 class: b."
    with pytest.raises(UserError, match="21 of 40"):
        read(tmp_path)


def test_where_every_picture_is_broken_none_can_be_left_out(tmp_path):
    put(tmp_path, "a/1.png", b"no picture")
    for broken in ("stop", "leave out"):
        with pytest.raises(UserError, match=r"1\.png is broken") as caught:
            read(tmp_path, broken=broken, height=4, width=4)
        assert caught.value.fix is None


def test_a_picture_that_unpacks_to_far_too_much_is_refused(tmp_path):
    put(tmp_path, "a/bomb.png", picture("1", size=(20_000, 20_000), colour=0))
    with pytest.raises(UserError, match="too many"):
        read(tmp_path, height=8, width=8)


def test_other_files_are_passed_over_with_a_note(tmp_path):
    put(tmp_path, "a/1.png", picture())
    put(tmp_path, "a/.hidden.png", b"no")
    put(tmp_path, "a/readme.txt", b"x")
    put(tmp_path, "loose.png", picture())
    put(tmp_path, "a/deeper/2.png", picture())
    data = read(tmp_path)
    assert len(data) == 1
    assert data.notes[0] == f"3 other files or folders in {tmp_path.name} were passed over."


def test_folders_that_hold_nothing(tmp_path):
    for path in ("", str(tmp_path), str(tmp_path / "missing"), "a\0b"):
        with pytest.raises(UserError):
            ImageFolder(path=path).read()
    with pytest.raises(UserError, match="is a file"):
        ImageFolder(path=str(put(tmp_path, "x.png", picture()))).read()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_among_the_pictures_does_not_hang(tmp_path):
    put(tmp_path, "a/1.png", picture())
    os.mkfifo(tmp_path / "a" / "2.png")
    with pytest.raises(UserError, match=r"2\.png is not an ordinary file"):
        read(tmp_path)


def test_more_pictures_than_memory_are_refused(animals):
    with pytest.raises(UserError, match="smaller size"):
        read(animals, height=4096, width=4096)


def test_it_is_told_that_sizes_differ_and_that_colours_are_lost(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        Image.new("L", (9, 7)).save(tmp_path / name / "1.png")
    assert read(tmp_path).notes == ()
    Image.new("RGB", (12, 7)).save(tmp_path / "b" / "2.png")
    sizes, colours = read(tmp_path).notes
    assert sizes == "The pictures are of several sizes and are brought to 7 × 9, that of the first."
    assert colours.startswith("Some pictures are in colour, but all are read in grey.")
    assert read(tmp_path, height=5, width=5, colour=True).notes == ()
