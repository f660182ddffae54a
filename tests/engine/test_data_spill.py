"""Pictures beyond the limit of memory lie on the disk: where it takes them, and without a trace afterwards."""

import errno
import gc
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import FileIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from engine.data import decoding
from engine.data.sources.image_folder import ImageFolder
from engine.data.spill import Spill

ROOT = Path(__file__).parents[2]
COUNT, SIDE = 200, 64  # 2.3 MiB in colour
SIZE = 3 * SIDE * SIDE
FEW = 85  # of them are a MiB


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder of the program's temporary files."""
    monkeypatch.setenv("NETWRIGHT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of one colour each."""
    root = tmp_path_factory.mktemp("pictures")
    (root / "a").mkdir()
    for number in range(COUNT):
        Image.new("RGB", (SIDE, SIDE), (number, 0, 255 - number)).save(root / "a" / f"{number:03}.png")
    return root


@pytest.fixture
def decoded(monkeypatch):
    """The names of the pictures that are decoded from now on."""
    found, read = [], decoding.read_picture

    def read_picture(path, *how):
        found.append(path.name)
        return read(path, *how)

    monkeypatch.setattr(decoding, "read_picture", read_picture)
    return found


def read(folder, memory=1):
    return ImageFolder(path=str(folder), colour=True, memory=memory).read()


def surely_right(data):
    """Assert that every picture is what it was drawn as, in whatever order they are asked for."""
    rows = np.random.default_rng(0).permutation(COUNT)
    pixels = data["image"].values[rows]
    np.testing.assert_array_equal(pixels, np.stack([rows, 0 * rows, 255 - rows], 1)[..., None, None] + 0 * pixels)


def left(cache):
    return sorted(cache.rglob("*")) if cache.exists() else []


def test_nothing_is_decoded_twice(folder, decoded):
    data = read(folder)
    for _ in range(2):
        surely_right(data)
    assert sorted(decoded) == sorted(path.name for path in folder.glob("*/*.png"))
    assert data.notes == ()


def test_what_fits_into_memory_never_touches_the_disk(folder, cache):
    surely_right(read(folder, memory=3))
    assert not cache.exists()


def test_several_threads_may_read_at_once(folder):
    data = read(folder)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(surely_right, data) for _ in range(8)]:
            done.result()


def test_a_nearly_full_disk_takes_what_leaves_half_of_it_free(folder, decoded, monkeypatch):
    monkeypatch.setattr("engine.data.spill.disk_usage", lambda folder: SimpleNamespace(free=100 * SIZE + 5))
    data = read(folder)
    decoded.clear()
    surely_right(data)
    again = COUNT - FEW - 50
    assert again <= len(decoded) < again + decoding.STRETCH * os.cpu_count()
    assert len(data.notes) == 1
    assert f"{len(decoded)} pictures are decoded again in every epoch" in data.notes[0]
    assert "half of the free space is taken" in data.notes[0]


def test_a_disk_that_fills_up_meanwhile_keeps_what_it_took(folder, decoded, monkeypatch, tmp_path):
    class Full(FileIO):
        def write(self, data):
            room = 20 * SIZE + 100 - self.tell()
            if room <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(bytes(data)[:room])

    monkeypatch.setattr("engine.data.spill.TemporaryFile", lambda **options: Full(tmp_path / "full", "w+"))
    data = read(folder)
    decoded.clear()
    surely_right(data)
    assert COUNT - FEW - 20 <= len(decoded) < COUNT - FEW
    assert "because the disk is full. Free some space" in data.notes[0]


def test_a_folder_that_cannot_be_written_to_is_told_of(folder, decoded, cache):
    cache.write_text("a file, where a folder should be")
    data = read(folder)
    decoded.clear()
    surely_right(data)
    assert len(decoded) == COUNT - FEW
    assert f"could not be kept in {cache}, because" in data.notes[0]
    assert "free space is taken" not in data.notes[0]


def test_a_disk_that_does_not_give_a_row_back(tmp_path, monkeypatch):
    class Broken(FileIO):
        def readinto(self, buffer):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("engine.data.spill.TemporaryFile", lambda **options: Broken(tmp_path / "broken", "w+"))
    broken, out = Spill(2, 4), np.zeros(4, np.uint8)
    broken.write(1, np.arange(4, dtype=np.uint8))
    assert broken.there.tolist() == [False, True]
    assert not broken.read(0, out)
    assert not broken.read(1, out)


def test_nothing_is_left_when_nobody_needs_it(folder, cache):
    data = read(folder)
    assert cache.is_dir()
    if os.name == "posix":
        assert not left(cache)  # not even meanwhile
    del data
    gc.collect()
    assert not left(cache)


def in_its_own_process(folder, program):
    """Start a process that reads the folder with little memory and runs a program; return it once it has said a line."""
    lines = f"""
from engine.data.sources.image_folder import ImageFolder
def read(memory=1): return ImageFolder(path={str(folder)!r}, colour=True, memory=memory).read()["image"].values
{program}"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", lines], env=environment, **pipes)


@pytest.mark.parametrize("end", ["kill", "terminate", "communicate"])
def test_nothing_is_left_however_the_process_ends(folder, cache, end):
    with in_its_own_process(folder, "pixels = read(); print(len(pixels), flush=True); input()") as process:
        assert process.stdout.readline() == f"{COUNT}\n"
        assert cache.is_dir()
        process.communicate("\n") if end == "communicate" else getattr(process, end)()
        process.wait(timeout=60)
    assert not left(cache)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_memory_stays_under_the_limit(tmp_path):
    """600 pictures of 192 KiB are 112 MiB; 8 may be kept, some more are for the pictures in the making."""
    (tmp_path / "many" / "a").mkdir(parents=True)
    Image.new("RGB", (256, 256), "red").save(tmp_path / "many" / "a" / "000.png")
    for number in range(1, 600):
        os.link(tmp_path / "many" / "a" / "000.png", tmp_path / "many" / "a" / f"{number:03}.png")
    program = f"""
from pathlib import Path
import numpy as np
from engine.data.pictures import read_picture
def peak(): return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
read_picture(Path({str(tmp_path / "many" / "a" / "000.png")!r}), 256, 256, True, "stretch")
before = peak()
pixels = read(memory=8)
order = np.random.default_rng(0).permutation(len(pixels))
for start in range(0, len(order), 8): assert pixels[order[start : start + 8]].shape[1:] == (3, 256, 256)
print(peak() - before)"""
    with in_its_own_process(tmp_path / "many", program) as process:
        taken = float(process.communicate()[0])
    assert 8 <= taken < 12 + 2 * os.cpu_count()


def test_broken_pictures_are_left_out_of_what_lies_on_the_disk(tmp_path, folder):
    for number in range(COUNT):
        path = tmp_path / "some" / "a" / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if number in (3, FEW + 3) else (folder / "a" / path.name).read_bytes())
    data = ImageFolder(path=str(tmp_path / "some"), colour=True, memory=1, broken="leave out").read()
    reds = [number for number in range(COUNT) if number not in (3, FEW + 3)]
    assert np.asarray(data["image"].values)[:, 0, 0, 0].tolist() == reds
    assert data.notes == (f"2 of {COUNT} pictures are broken and were left out: a/003.png, a/{FEW + 3:03}.png.",)
