import hashlib
import json
import time

import numpy as np
import pytest

from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.guesses import readable
from engine.data.kinds import guess_target, tells_classes, text_kind
from engine.data.prepare import data_problems, prepare
from engine.data.samples import FOLDER, SAMPLES
from engine.data.settings import DataSettings
from engine.data.source import Source
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.sample import Sample
from engine.data.summary import cell_text, preview, summarise, summarise_column
from engine.data.wiring import sample_settings, wire_data, wire_sample
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.embedding import Embedding
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.output import Output
from engine.problems import UserError

TEXT = (
    Graph()
    .add("in", Input())
    .add("vectors", Embedding(), "in")
    .add("flat", Flatten(), "vectors")
    .add("head", Dense(), "flat")
    .add("out", Output(), "head")
)
EMPTY = Graph().add("in", Input()).add("head", Dense(), "in").add("out", Output(), "head")
ROWS = {
    "digits8x8": (1797, 65),
    "fashion5k": (5000, 2),
    "animals4k": (4000, 2),
    "penguins": (344, 7),
    "auto_mpg": (392, 9),
    "breast_cancer": (569, 31),
    "phishing": (1250, 10),
    "stock_ibm": (3270, 8),
    "basic_motions": (80, 2),
    "sunspots": (309, 2),
    "tweet_sentiment": (4200, 3),
    "first_names": (8849, 2),
    "sensor_network": (18914, 6),
}


def empty(name):
    return TEXT if SAMPLES[name].preprocessing.takes_tokens else EMPTY


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_can_be_read_wired_and_prepared(name):
    sample, data = SAMPLES[name], Sample(name=name).read()
    assert (len(data), len(data.columns)) == ROWS[name]
    graph = wire_sample(empty(name), data, sample)
    settings = sample_settings(sample)
    assert data_problems(graph, data, settings) == ()
    prepared = prepare(graph, data, settings)
    values = prepared.inputs["in"]
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert values.shape[1:] == graph.nodes["in"].size
    assert graph.nodes["out"].target == sample.target
    assert (graph.nodes["out"].loss.target == "class") == (sample.task == "class")
    assert sample.title.endswith(".")
    json.dumps({node: dict(fitted) for node, fitted in prepared.fitted.items()}, allow_nan=False)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_guessed_about_a_sample_can_be_trained(name):
    data = Sample(name=name).read()
    graph = wire_data(empty(name), data)
    assert graph.nodes["out"].target not in graph.nodes["in"].columns
    assert data_problems(graph, data, DataSettings()) == ()


@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in ("stock_ibm",)])
def test_the_target_is_guessed(name):
    assert guess_target(Sample(name=name).read()) == SAMPLES[name].target


def test_the_files_are_the_ones_that_were_recorded():
    for line in (FOLDER / "SHA256SUMS").read_text().splitlines():
        wanted, name = line.split("  ")
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == wanted, name


def test_an_unknown_sample_is_refused():
    with pytest.raises(UserError, match="no sample named 'nothing'"):
        Sample(name="nothing").read()


@pytest.mark.parametrize("kind", Source.registry.values())
def test_sources_are_declared_well(kind):
    source = kind()
    assert source.problems() == {}
    assert Source.from_dict(json.loads(json.dumps(source.to_dict()))) == source
    assert isinstance(source.label(), str)


def test_sources_are_called_by_their_last_name():
    assert Csv(path="/somewhere/a table.csv").label() == "a table.csv"
    assert ImageFolder(path="/somewhere/pets/").label() == "pets"
    assert Sample(name="penguins").label() == "penguins"


def test_preparing_five_thousand_pictures_is_fast():
    data = Sample(name="fashion5k").read()
    graph = wire_sample(EMPTY, data, SAMPLES["fashion5k"])
    spent = []
    for _ in range(3):
        start = time.thread_time()
        prepare(graph, data, DataSettings())
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.5


def test_penguins_in_figures():
    summary = summarise(Sample(name="penguins").read())
    figures = {column.name: column for column in summary.columns}
    assert summary.rows == 344
    assert summary.target == "species"
    assert figures["species"].counts == (("Adelie", 152), ("Gentoo", 124), ("Chinstrap", 68))
    assert figures["bill_length_mm"].missing == 2
    assert (figures["bill_length_mm"].smallest, figures["bill_length_mm"].largest) == (32.1, 59.6)
    assert figures["bill_length_mm"].mean == pytest.approx(43.92, abs=0.01)
    assert sum(column.missing for column in summary.columns) == 19


def test_digits_are_counted_in_their_order():
    data = Sample(name="digits8x8").read()
    column = summarise_column(data["digit"])
    assert [name for name, _ in column.counts] == [str(k) for k in range(10)]
    assert sum(count for _, count in column.counts) == 1797
    assert summarise_column(data["p20"]).counts == ()


def test_rows_as_texts():
    penguins = Sample(name="penguins").read()
    assert preview(penguins, 0, 1) == [["Adelie", "Torgersen", "39.1", "18.7", "181", "3750", "MALE"]]
    assert preview(penguins, 343, 50)[-1][0] == "Gentoo" or len(preview(penguins, 343, 50)) == 1
    assert preview(penguins, 3, 1)[0][2] == ""
    assert preview(Sample(name="fashion5k").read(), 0, 1)[0][0] == "1 × 28 × 28"


def test_figures_of_columns_without_values():
    column = summarise_column(Column("v", "number", np.full(3, np.nan)))
    assert (column.missing, column.distinct, column.mean) == (3, 0, None)
    assert summarise(Dataset(())).columns == ()
    assert cell_text(Column("v", "number", np.array([0.1], np.float32)), 0) == "0.1"


def test_what_is_read_together():
    number, other = Column("n", "number", np.arange(6.0)), Column("m", "number", np.arange(6.0))
    few, many = (
        Column("c", "category", np.array(list("ababab"))),
        Column("d", "category", np.arange(300).astype(str)[:6]),
    )
    text = Column("t", "text", np.array(["a b c d e f g"] * 6))
    image = Column("i", "image", np.zeros((6, 1, 2, 2), np.uint8))
    series = Column("s", "number", np.zeros((6, 3, 2)))
    read = lambda *columns: [c.name for c in readable(Dataset(columns), "m")]  # noqa: E731
    assert read(number, other, few) == ["n", "c"]
    assert read(text, image, number) == ["i"]
    assert read(series, number) == ["s"]
    assert read(text, other) == ["t"]
    assert read(text, number, other) == ["t"]
    assert read(text, few, number) == ["c", "n"] or read(text, few, number) == ["n", "c"]
    assert read(number, many) == ["n", "d"]


def test_classes_and_measures():
    assert tells_classes(Column("label", "number", np.arange(90.0) % 10))
    assert tells_classes(Column("x", "number", np.arange(90.0) % 2))
    assert not tells_classes(Column("rooms", "number", np.arange(90.0) % 10))
    assert not tells_classes(Column("label", "number", np.arange(90.0) / 7))
    assert not tells_classes(Column("label", "number", np.full(9, np.nan)))
    assert not tells_classes(Column("label", "number", np.array([1e300, -1e300] * 9)[:3]))


def test_boxes_that_are_not_there_are_left_alone():
    data = Sample(name="penguins").read()
    assert wire_data(Graph(), data) == Graph()
    only = wire_data(Graph().add("in", Input()), data)
    assert only.nodes["in"].size == (12,)


@pytest.mark.parametrize(
    ("distinct", "present", "kind"),
    [
        (1, 2, "category"),
        (2, 2, "text"),
        (50, 100, "category"),
        (50, 99, "text"),
        (51, 102, "text"),  # many values must occur often
        (51, 1020, "category"),
        (51, 1019, "text"),
        (1000, 20_000, "category"),
        (1001, 1_000_000, "text"),
    ],
)
def test_texts_are_categories_where_they_are_repeated(distinct, present, kind):
    assert text_kind(distinct, present) == kind


def test_a_target_is_guessed_by_its_name_else_by_its_values_else_by_its_place():
    def guess(**columns):
        made = []
        for name, values in columns.items():
            kind = "category" if isinstance(values[0], str) else "number"
            made.append(Column(name, kind, np.array(values * 4, dtype=None if kind == "category" else float)))
        return guess_target(Dataset(tuple(made)))

    size, sold, none = [1.5, 2.5, 7.0], [0, 1, 1], [np.nan] * 3
    assert guess(Label=size, sold=sold) == "Label"
    assert guess(Label=none, sold=sold, size=size) == "size"
    assert guess(is_old=sold, is_new=sold, size=size) == "is_new"
    assert guess(size=size, colour=["a", "b", "b"], width=size) == "width"
    assert guess(colour=["a", "b", "b"], size=size) == "colour"
    assert guess(size=size, sold=sold) == "sold"
    assert guess(sold=sold, size=size) == "sold"
    assert guess(size=size, same=[3.0] * 3) == "size"
    assert guess(size=size, empty=none) == "size"
    assert guess(empty=none) == ""
    assert guess() == ""


def test_pictures_are_summed_up_by_their_shape():
    found = summarise_column(Column("i", "image", np.zeros((5, 3, 2, 4), np.uint8)))
    assert (found.rows, found.missing, found.distinct, found.smallest, found.largest) == (5, 0, 5, 0, 255)
    assert found.shape == preview(Dataset((Column("i", "image", np.zeros((1, 3, 2, 4), np.uint8)),)))[0][0]
    assert not tells_classes(Column("t", "text", np.array(["a", "b"] * 9)))
