"""Measures whether data keeps up: `python packaging/measure_pictures.py [PICTURES [EPOCHS [SIDE [WORKERS...]]]]`.

Makes a folder of PNGs, trains a small convolution network from it and from the same arrays in an npz, some steps of one after
some of the other, and prints the time of the epochs after the first: at the standard limit of memory, and at limits at which
two fifths and next to none of the pictures are kept. Each with one worker and with as many as are fastest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import shuffle
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.plan.threads import one_thread  # noqa: E402

os.environ.update(one_thread(os.environ))  # NumPy looks once, when it is imported

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from engine.arrays import Array, Generator  # noqa: E402
from engine.data.prepare import Prepared, prepare  # noqa: E402
from engine.data.settings import DataSettings  # noqa: E402
from engine.data.source import Source  # noqa: E402
from engine.data.sources.image_folder import ImageFolder  # noqa: E402
from engine.data.sources.npz import Npz  # noqa: E402
from engine.graph import Graph  # noqa: E402
from engine.layers.conv2d import Conv2D  # noqa: E402
from engine.layers.dense import Dense  # noqa: E402
from engine.layers.flatten import Flatten  # noqa: E402
from engine.layers.input import Input  # noqa: E402
from engine.layers.max_pool2d import MaxPool2D  # noqa: E402
from engine.layers.output import Output  # noqa: E402
from engine.layers.relu import ReLU  # noqa: E402
from engine.preprocessing.scale import Scale  # noqa: E402
from engine.training.events import Ended, EpochDone, Event, Steps  # noqa: E402
from engine.training.loop import Training  # noqa: E402
from engine.training.settings import TrainingSettings  # noqa: E402

CLASSES = 10
CHUNK = 100  # pictures that are drawn at a time
SHARES = (0.4, 0.0)  # of the pictures that are kept, beside the standard limit
STRETCH = 10  # steps
ARRAYS = "arrays"


def draw(folder: Path, count: int, side: int) -> None:
    """Write pictures whose PNGs are as hard to pack and unpack as photographs': noise that fades as its frequency grows."""
    rng = np.random.default_rng(0)
    for number in range(CLASSES):
        (folder / str(number)).mkdir(parents=True)
    for start in range(0, count, CHUNK):
        for number, pixels in enumerate(scenes(rng, min(CHUNK, count - start), side), start):
            Image.fromarray(pixels).save(folder / str(number % CLASSES) / f"{number:06}.png")


def scenes(rng: Generator, count: int, side: int) -> Array:
    """Return so many pictures (N, side, side, 3), those of each class with stripes of their own."""
    y, x = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    falling = 1 / np.maximum(np.hypot(y, x), 1 / side) ** 1.5
    grey = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((count, side, side))) * falling, s=(side, side))
    tint = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((count, 3, side, side))) * falling, s=(side, side))
    mixed = grey[:, None] + 0.3 * tint
    mixed /= mixed.std(axis=(1, 2, 3), keepdims=True)
    angle = np.arange(count) % CLASSES * np.pi / CLASSES
    rows, columns = np.mgrid[:side, :side]
    along = np.cos(angle)[:, None, None] * rows + np.sin(angle)[:, None, None] * columns
    mixed += 0.7 * np.sin(2 * np.pi * along / 8)[:, None]
    grain = rng.standard_normal(mixed.shape)
    return (128 + 45 * mixed + 2 * grain).clip(0, 255).astype(np.uint8).transpose(0, 2, 3, 1)


def network(side: int) -> Graph:
    """Return three convolutions with poolings, and two dense layers."""
    layers = [layer for filters in (8, 16, 32) for layer in (Conv2D(filters=filters), ReLU(), MaxPool2D())]
    graph = Graph().add("0", Input(columns=("image",), size=(3, side, side), preprocessing=Scale()))
    body = [*layers, Flatten(), Dense(units=64), ReLU(), Dense(units=CLASSES)]
    for number, layer in enumerate(body, 1):
        graph = graph.add(str(number), layer, str(number - 1))
    return graph.add("out", Output(target="label"), str(len(body)))


def read(source: Source, side: int) -> Prepared:
    """Return what a training of the network reads."""
    return prepare(network(side), source.read(), DataSettings(source=source))


def sources(folder: Path, count: int, side: int) -> dict[str, Source]:
    """Return the folder at several limits, and the arrays, by what the table calls them."""
    pictures = ImageFolder(path=str(folder), height=side, width=side, colour=True)
    data = pictures.read()
    arrays = folder.with_suffix(".npz")
    np.savez(arrays, image=np.asarray(data["image"].values).transpose(0, 2, 3, 1), label=data["label"].values)
    found: dict[str, Source] = {ARRAYS: Npz(path=str(arrays)), "standard limit": pictures}
    for share in SHARES:
        memory = max(1, int(share * count * 3 * side * side) >> 20)
        kept = min(1.0, (memory << 20) / (count * 3 * side * side))
        found[f"{kept:.0%} kept"] = pictures.with_(memory=memory)
    return found


@dataclass
class Entrant:
    """One training, and what each of its stretches took after the first epoch."""

    training: Training
    events: Iterator[Event]
    seconds: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    over: bool = False

    def go_on(self) -> None:
        """Train for a stretch, which also ends with its epoch; between two it rests."""
        start, first, steps = perf_counter(), not self.training.epoch, 0
        for event in self.events:
            self.over = isinstance(event, Ended)
            if isinstance(event, Steps):
                self.losses += event.losses
                steps += len(event.losses)
            if steps >= STRETCH or self.over or isinstance(event, EpochDone):
                break
        if steps and not first:
            self.seconds.append(perf_counter() - start)


def race(samples: dict[str, Prepared], side: int, epochs: int, workers: int) -> dict[str, Entrant]:
    """Train on all samples, a stretch of each in turn; 0 workers: as many as the arrays are trained with fastest."""
    found: dict[str, Entrant] = {}
    with ExitStack() as stack:
        for name, prepared in samples.items():
            settings = TrainingSettings(epochs=epochs, workers=workers)
            training = Training(network(side), settings, prepared, report_every=0.0)
            stack.enter_context(closing(training))
            workers = training.plan.workers
            found[name] = Entrant(training, training.events())
        turn = list(found.values())
        while not all(entrant.over for entrant in turn):
            shuffle(turn)
            for entrant in turn:
                entrant.go_on()
    return found


def told(found: dict[str, Entrant]) -> Iterator[str]:
    """Yield a line for each way to hold the pictures: how long its stretches take beside those from arrays."""
    arrays = found[ARRAYS]
    yield f"{arrays.training.plan.workers} workers, {len(arrays.seconds)} stretches of {median(arrays.seconds):.2f} s"
    for name, entrant in found.items():
        each = median(mine / theirs for mine, theirs in zip(entrant.seconds, arrays.seconds, strict=True))
        total = sum(entrant.seconds) / sum(arrays.seconds)
        same = "the same losses" if entrant.losses == arrays.losses else "OTHER LOSSES"
        yield f"  {name:15} {each:.3f}, altogether {total:.3f}, {same}"


def main(count: int = 10_000, epochs: int = 3, side: int = 64, *workers: int) -> None:
    """Print everything."""
    with TemporaryDirectory() as place:
        folder = Path(place, "pictures")
        draw(folder, count, side)
        samples = {name: read(source, side) for name, source in sources(folder, count, side).items()}
        for number in workers or (1, 0):
            for line in told(race(samples, side, epochs, number)):
                print(line, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
