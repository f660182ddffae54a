"""Pictures that are more than memory should hold: decoded and encoded when they are needed, with the same results."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from engine.data.dataset import fingerprint
from engine.data.decoding import Pictures
from engine.data.pictures import read_picture
from engine.data.prepare import prepare
from engine.data.settings import DataSettings
from engine.data.sources import image_folder
from engine.data.sources.image_folder import ImageFolder
from engine.deferred import Deferred
from engine.graph import Graph
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.output import Output
from engine.plan.predict import FEW, MOST, batch_for
from engine.preprocessing.scale import Scale
from engine.problems import UserError
from engine.process.worker import _essence
from engine.project.project import Project
from engine.training.ahead import ahead
from engine.training.evaluate import evaluate
from engine.training.events import EpochDone, Steps
from engine.training.loop import Training
from engine.training.settings import TrainingSettings

COUNT, SIDE = 30, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("pictures")
    for number in range(COUNT):
        (root / "abc"[number % 3]).mkdir(exist_ok=True)
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "abc"[number % 3] / f"{number:02}.png")
    return root


# What is held how: pictures in memory, and of the others, how many the disk takes.
HELD = {
    "memory": (COUNT, 0),
    "encoded": (COUNT, 0),
    "some on the disk": (7, COUNT),
    "all on the disk": (0, COUNT),
    "a little of each": (7, 9),
    "some decoded again": (7, 0),
    "all decoded again": (0, 0),
}


@pytest.fixture(params=list(HELD))
def held(request, monkeypatch):
    """How much of the pictures is kept, and where."""
    kept, spilt = HELD[request.param]
    if request.param != "memory":
        monkeypatch.setattr("engine.data.encoding.ENCODED", 0)
    leave_room(monkeypatch, spilt * 3 * SIDE * SIDE)

    class Few(Pictures):
        def __init__(self, files, shape, fit, memory, *more):
            super().__init__(files, shape, fit, kept * int(np.prod(shape)), *more)

    monkeypatch.setattr(image_folder, "Pictures", Few)
    return request.param


def leave_room(monkeypatch, size):
    """Let the disk be so full that just these bytes may be taken."""
    monkeypatch.setattr("engine.data.spill.disk_usage", lambda folder: SimpleNamespace(free=2 * size))


@pytest.fixture(scope="module")
def whole(folder):
    return ImageFolder(path=str(folder), colour=True).read()


def network():
    graph = Graph().add("in", Input(columns=("image",), size=(3, SIDE, SIDE), preprocessing=Scale()))
    graph = graph.add("conv", Conv2D(filters=4), "in").add("flat", Flatten(), "conv")
    return graph.add("head", Dense(units=3), "flat").add("out", Output(target="label"), "head")


def prepared(folder):
    return prepare(network(), ImageFolder(path=str(folder), colour=True).read(), DataSettings(validation=0.3))


def numbers(events):
    """Return all losses of a training, and what was found on the validation part."""
    found = []
    for event in events:
        if isinstance(event, Steps):
            found += event.losses
        elif isinstance(event, EpochDone):
            found += [event.epoch.loss, event.epoch.validation_loss]
    return found


def training(samples, **options):
    return Training(network(), TrainingSettings(epochs=3, batch=4), samples, report_every=0.0, **options)


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("batches ahead")]


def test_it_is_indexed_like_the_array_that_it_stands_for():
    array = np.arange(60).reshape(10, 2, 3)
    deferred = Deferred(array.__getitem__, np.arange(10), (2, 3), array.dtype)
    assert (deferred.shape, deferred.ndim, deferred.size, len(deferred)) == (array.shape, 3, 60, 10)
    for index in (3, -1, np.int64(2), slice(2, 5), slice(None, None, -2), [4, 1, 1], np.arange(10) % 3 == 0):
        np.testing.assert_array_equal(deferred[index], array[index])
    np.testing.assert_array_equal(np.asarray(deferred.select([5, 2])), array[[5, 2]])
    np.testing.assert_array_equal(np.concatenate(list(deferred.chunks(4))), array)


def test_a_data_set_is_the_same_however_much_is_kept(folder, whole, held):
    data = ImageFolder(path=str(folder), colour=True).read()
    kept, spilt = HELD[held]
    assert isinstance(data["image"].values, Deferred) is (kept < COUNT)
    assert bool(data.notes) is (kept + spilt < COUNT)
    np.testing.assert_array_equal(np.asarray(data["image"].values), whole["image"].values)
    rows = np.array([20, 3, 3, 29])
    np.testing.assert_array_equal(data.take(rows)["image"].values, whole["image"].values[rows])
    np.testing.assert_array_equal(data["image"].values[12], whole["image"].values[12])
    assert fingerprint(data) == fingerprint(whole)


def test_a_training_is_the_same_however_much_is_kept(folder, whole, held):
    """Bit for bit, losses, validation and weights; also the evaluation afterwards."""
    samples, plain = prepared(folder), prepare(network(), whole, DataSettings(validation=0.3))
    assert isinstance(samples.inputs["in"], Deferred) is (held != "memory")
    np.testing.assert_array_equal(np.asarray(samples.inputs["in"]), np.asarray(plain.inputs["in"]))
    found, wanted = training(samples), training(plain)
    assert numbers(found.events()) == numbers(wanted.events())
    for name, array in wanted.parameters().items():
        np.testing.assert_array_equal(found.parameters()[name], array)
    assert evaluate(network(), found.parameters(), samples).loss == evaluate(network(), wanted.parameters(), plain).loss


def test_resuming_goes_on_as_if_nothing_had_happened(folder, held):
    samples = prepared(folder)
    wanted = numbers(training(samples).events())
    first = training(samples)
    with closing(first.events()) as events:
        before = numbers(islice(events, 5))  # in the middle of an epoch
    checkpoint = first.checkpoint()
    assert checkpoint.step % first.steps_per_epoch
    assert before + numbers(training(samples, resume=checkpoint).events()) == wanted
    assert not threads()


def test_a_thread_ends_with_the_batches_that_nobody_wants(folder, held):
    samples = prepared(folder)
    batches = ahead(samples, (np.array([row]) for row in range(8)))
    np.testing.assert_array_equal(next(batches).samples, [0])
    assert bool(threads()) is (held != "memory")
    batches.close()
    assert not threads()


def test_a_picture_that_cannot_be_read_any_more_is_named(tmp_path, monkeypatch):
    for number in range(4):
        (tmp_path / "a").mkdir(exist_ok=True)
        Image.new("L", (SIDE, SIDE)).save(tmp_path / "a" / f"{number}.png")
    leave_room(monkeypatch, 0)
    pictures = Pictures(sorted((tmp_path / "a").iterdir()), (1, SIDE, SIDE), "stretch", 2 * SIDE * SIDE)
    values = pictures.read()
    (tmp_path / "a" / "3.png").write_bytes(b"no picture")
    assert values[1].shape == (1, SIDE, SIDE)  # one that is kept
    with pytest.raises(UserError, match=r"3\.png is broken"):
        values[2:]
    with pytest.raises(UserError, match=r"3\.png is broken"):
        pictures.read()


def test_threads_that_decode_leave_the_filters_of_warnings_alone(folder):
    before = list(warnings.filters)
    paths = sorted(folder.glob("*/*.png")) * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda path: read_picture(path, SIDE, SIDE, True, "stretch").shape, paths))
    assert set(found) == {(3, SIDE, SIDE)}
    assert list(warnings.filters) == before


def test_how_much_is_kept_is_no_change_of_a_project(folder):
    project = Project(graph=network(), data=DataSettings(source=ImageFolder(path=str(folder), colour=True)))
    less = project.with_(data=project.data.with_(source=project.data.source.with_(memory=1)))
    other = project.with_(data=project.data.with_(source=project.data.source.with_(colour=False)))
    assert _essence(less) == _essence(project) != _essence(other)


def test_large_images_are_answered_a_few_at_a_time():
    assert batch_for(network()) == MOST
    assert batch_for(_images(64)) == 32  # 64 KiB each
    assert batch_for(_images(256)) == FEW
    large = Graph().add("in", Input(size=(3, 1024, 1024))).add("conv", Conv2D(filters=64), "in")
    large = large.add("flat", Flatten(), "conv").add("head", Dense(units=2), "flat").add("out", Output(), "head")
    assert batch_for(large) == 1


def _images(side):
    graph = Graph().add("in", Input(size=(1, side, side))).add("conv", Conv2D(filters=4), "in")
    return graph.add("flat", Flatten(), "conv").add("head", Dense(units=2), "flat").add("out", Output(), "head")
