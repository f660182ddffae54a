"""Templates fit every data set that suits them, and say so where one does not."""

from itertools import pairwise

import numpy as np
import pytest

from engine.columns import Column
from engine.data.check import data_problems
from engine.data.dataset import Dataset
from engine.data.guesses import readable
from engine.data.overlap import shared_steps
from engine.data.samples import SAMPLES
from engine.data.sources.sample import Sample
from engine.data.split import advice
from engine.infer import infer
from engine.layers.input import Input
from engine.layers.max_pool1d import MaxPool1D
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.plan.state import draw_parameters
from engine.problems import UserError
from engine.templates import TEMPLATES, left_out, likely_target, start, suggest

IMAGES = ("digits8x8", "fashion5k", "animals4k")
SUITED = {"mlp": set(SAMPLES), "cnn": set(IMAGES), "lstm": set(SAMPLES) - {"fashion5k", "animals4k"}}


@pytest.fixture(scope="module")
def read():
    """Read each sample once."""
    known = {}

    def sample(name):
        if name not in known:
            known[name] = Sample(name=name).read()
        return known[name]

    return sample


@pytest.mark.parametrize(("template", "name"), [(t, n) for t, names in sorted(SUITED.items()) for n in sorted(names)])
def test_a_template_fits_a_sample_at_once(template, name, read):
    source, dataset = Sample(name=name), read(name)
    project = start(template, dataset, source)
    assert infer(project.graph).problems == ()
    assert data_problems(project.graph, dataset, project.data) == ()
    assert project.data.source == source
    assert project.training.problems() == {}
    assert sum(array.size for array in draw_parameters(project.graph, 0).values()) < 400_000
    (output,) = [layer for layer in project.graph.nodes.values() if isinstance(layer, Output)]
    assert output.target == SAMPLES[name].target


@pytest.mark.parametrize("template", TEMPLATES)
def test_boxes_stand_in_rows_under_readable_names(template, read):
    project = start(template, read("digits8x8"), Sample(name="digits8x8"))
    places = [project.places[name] for name in project.graph.order]
    assert set(project.places) == set(project.graph.nodes)
    assert places == sorted(places, key=lambda place: (place[1], place[0]))
    steps = [after[0] - before[0] for before, after in pairwise(places) if before[1] == after[1]]
    assert set(steps) == {256.0}
    assert max(x for x, _ in places) <= 4 * 256.0
    assert all(name.isidentifier() for name in project.graph.nodes)


def test_small_images_are_not_pooled_away(read):
    def pools(name):
        graph = start("cnn", read(name), Sample(name=name)).graph
        return sum(isinstance(layer, MaxPool2D) for layer in graph.nodes.values())

    assert (pools("digits8x8"), pools("fashion5k")) == (1, 2)


def test_a_table_of_ones_own(read):
    rng = np.random.default_rng(0)
    table = Dataset(
        (
            Column("height", "number", rng.normal(size=80)),
            Column("colour", "category", rng.choice(np.array(["red", "blue"]), 80)),
            Column("code", "category", np.array([f"c{place}" for place in range(80)])),
            Column("remark", "text", np.array(["so it is, mostly"] * 80)),
            Column("price", "number", rng.normal(size=80)),
        )
    )
    graph = start("mlp", table, target="price").graph
    (layer,) = [layer for layer in graph.nodes.values() if isinstance(layer, Input)]
    assert layer.columns == ("height", "colour")
    assert layer.size == (3,)
    assert start("lstm", table, target="colour").graph.nodes["text"].columns == ("remark",)


def test_what_cannot_be_read_or_predicted_is_left_out_or_said():
    table = Dataset(
        (
            Column("when", "date", np.arange(40.0) * 86_400),
            Column("empty", "number", np.full(40, np.nan)),
            Column("same", "category", np.array(["a"] * 40)),
            Column("y", "category", np.array(["a", "b"] * 20)),
        )
    )
    layer = start("mlp", table, target="y").graph.nodes["table"]
    assert layer.columns == ("when", "same")
    assert layer.preprocessing.dates == "trend, year, week"
    with pytest.raises(UserError, match="when holds dates"):
        start("mlp", table, target="when")
    with pytest.raises(UserError, match=r"same has only one class \(a\), so there is nothing to learn"):
        start("mlp", table, target="same")


def test_what_does_not_suit_is_said(read):
    for template, name, target, text in (
        ("cnn", "penguins", "", "needs images"),
        ("rnn", "penguins", "", "no template 'rnn'"),
        ("mlp", "penguins", "weight", "no column weight"),
    ):
        with pytest.raises(UserError, match=text):
            start(template, read(name), Sample(name=name), target)
    with pytest.raises(UserError, match="only the column y"):
        start("mlp", Dataset((Column("y", "category", np.array(["a", "b"] * 9)),)), target="y")


@pytest.mark.parametrize(
    ("name", "best"),
    [("penguins", "mlp"), ("digits8x8", "cnn"), ("first_names", "lstm"), ("sunspots", "lstm"), ("fashion5k", "cnn")],
)
def test_the_template_that_suits_best_is_suggested(read, name, best):
    assert suggest(read(name), Sample(name=name)) == best


def test_the_likely_target_is_what_is_known_of_a_sample_else_what_its_name_says(read):
    assert likely_target(read("auto_mpg"), Sample(name="auto_mpg")) == SAMPLES["auto_mpg"].target
    table = Dataset((Column("a", "number", np.arange(4.0)), Column("label", "number", np.arange(4.0))))
    assert likely_target(table) == "label"


def log(rows=400, gap=0):
    rng = np.random.default_rng(0)
    seconds = 60.0 * np.arange(rows)
    seconds[rows // 2 :] += gap
    columns = [Column(name, "number", rng.normal(size=rows)) for name in ("heat", "load")]
    state = Column("state", "category", rng.choice(np.array(["idle", "busy"]), rows))
    return Dataset((Column("time", "date", seconds), *columns, state))


def test_rows_that_follow_one_another_in_time_are_a_series_and_its_end_is_kept_back():
    assert suggest(log()) == "lstm"
    for template, box in (("lstm", "lstm"), ("cnn", "conv1")):
        for target, read in (("state", ("heat", "load")), ("load", ("heat", "load"))):
            project = start(template, log(), target=target)
            assert project.graph.nodes["series"].columns == read
            assert box in project.graph.nodes
            assert infer(project.graph).problems == ()
            assert (project.data.window, project.data.split) == (32, "last")
            assert advice(project.data, log()) == ()
    assert start("mlp", log(), target="state").data.split == "last"
    shuffled = log().take(np.random.default_rng(0).permutation(400))
    assert suggest(shuffled) == "mlp"


def test_what_is_wrong_with_the_division_of_time_is_told():
    project = start("lstm", log(gap=7200), target="state")
    assert advice(project.data, log(gap=7200)) == ("There is a gap of 2.02 hours in time: windows reach over it.",)
    alone = project.data.with_(window=0, split="random")
    assert advice(alone, log())[0].startswith(
        "The rows follow one another in time (time), so those kept back lie between"
    )


def test_series_are_convolved_along_their_steps_whatever_lies_beside_them():
    rng = np.random.default_rng(0)
    series = Column("series", "number", rng.normal(size=(60, 24, 3)).astype(np.float32))
    label = Column("label", "category", np.array(["a", "b"] * 30))
    dataset = Dataset((series, Column("start", "number", np.arange(60.0)), label))
    assert suggest(dataset) == "lstm"
    for template in TEMPLATES:
        graph = start(template, dataset).graph
        assert graph.nodes["series"].columns == ("series",)
        assert infer(graph).problems == ()
    assert isinstance(start("cnn", dataset).graph.nodes["pool1"], MaxPool1D)


def test_numbers_of_rows_are_not_read_and_what_is_not_read_is_told():
    rng = np.random.default_rng(0)
    table = Dataset(
        (
            Column("customerId", "number", rng.permutation(90).astype(np.float64)),
            Column("paid", "number", np.arange(90.0)),
            Column("valid", "number", np.arange(90.0)),
            Column("city", "category", np.array([f"c{n % 60}" for n in range(90)])),
            Column("y", "category", np.array(["a", "b", "b"] * 30)),
        )
    )
    graph = start("mlp", table, target="y").graph
    assert graph.nodes["table"].columns == ("paid", "valid")
    assert left_out(graph, table) == "Not read: customerId, city (60 different categories)."
    assert left_out(start("mlp", table.take(np.arange(90)), target="city").graph, table) == "Not read: customerId."
    assert [column.name for column in readable(table, "y")] == ["paid", "valid", "city"]


@pytest.mark.parametrize("stride", [1, 8, 23])
def test_series_that_overlap_are_not_divided_at_random(stride):
    long = np.random.default_rng(0).normal(size=(2000, 3))
    long[100:130] = np.nan
    cut = np.stack([long[start : start + 24] for start in range(0, 60 * stride, stride)])
    label = Column("label", "category", np.array(["a", "b"] * 30))
    dataset = Dataset((Column("series", "number", cut), label))
    project = start("cnn", dataset)
    apart = stride == 23  # one step alone is shared by chance, too
    assert project.data.split == ("stratified" if apart else "last")
    told = advice(project.data.with_(split="random"), dataset)
    assert bool(told) is not apart
    assert apart or told[0].startswith(f"Each series shares {24 - stride} steps with the next")
    still = Dataset((Column("series", "number", np.ones((60, 24, 3))), label))
    assert start("cnn", still).data.split == "stratified"
    alone = Dataset((Column("series", "number", np.random.default_rng(1).normal(size=(60, 24, 3))), label))
    assert start("cnn", alone).data.split == "stratified"


def test_series_without_numbers_share_none():
    assert shared_steps(Column("series", "number", np.zeros((9, 5, 0)))) == 0
    assert shared_steps(Column("series", "number", np.zeros((9, 0, 2)))) == 0
