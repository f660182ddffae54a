"""What a run says about data that is given by hand: values, pictures, names of data; and what does not fit, in a sentence."""

import numpy as np
import pytest
from PIL import Image

from engine import answers
from engine.columns import Column
from engine.data.dataset import Dataset, fingerprint
from engine.data.prepare import prepare
from engine.data.settings import DataSettings
from engine.data.sources.csv import Csv
from engine.data.wiring import wire_data
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.output import Output
from engine.plan.state import draw_parameters
from engine.preprocessing.scale import Scale
from engine.preprocessing.standardise import Standardise
from engine.problems import UserError
from engine.project.project import Project
from engine.project.run import Run


def run_of(dataset, source=None, validation=0.25, **wiring):
    """Return the run of a network that has learnt nothing."""
    graph = Graph().add("in", Input()).add("flat", Flatten(), "in").add("head", Dense(units=2), "flat")
    graph = wire_data(graph.add("out", Output(), "head"), dataset, **wiring)
    settings = DataSettings(source=source, validation=validation)
    fitted = prepare(graph, dataset, settings).fitted
    project = Project(graph=graph, data=settings)
    return Run("run-1", project, draw_parameters(graph, 0), fitted=fitted, data=fingerprint(dataset))


@pytest.fixture
def path(tmp_path):
    lines = [f"{x},{'red' if x % 3 else 'blue'},{'yes' if x > 20 else 'no'}" for x in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["size,colour,bought", *lines]) + "\n")
    return tmp_path / "t.csv"


@pytest.fixture
def table(path):
    source = Csv(path=str(path), missing=("gone",))
    return run_of(source.read(), source, target="bought", columns=("size", "colour"))


def test_values_are_read_as_the_columns_of_the_training_were(table):
    data = answers.given(table, [" 3.5 , red", "gone,gone", "-inf,green"])
    assert [(c.name, c.kind) for c in data.columns] == [("size", "number"), ("colour", "category")]
    assert data["size"].values.tolist()[0] == 3.5
    assert data["size"].missing.tolist() == [False, True, True]
    assert data["colour"].values.tolist() == ["red", "", "green"]
    told = answers.predict(table, data)
    assert [dict(sample["out"].probabilities).keys() for sample in told] == [{"no", "yes"}] * 3


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (["3"], r"A sample needs 2 values \(columns size, colour\), but 1 came: 3\."),
        (["3,red", "3,red,4"], "needs 2 values .* but 3 came: 3,red,4"),
        (["many,red"], r"size is a number, but many is not\.$"),
        (["NA,red"], "size is a number, but NA is not"),  # this table calls them otherwise
        (["light.png"], "does not read one picture"),
        (["{folder}"], "does not read one picture"),
        (["{folder}", "3,red"], "is a folder. Name it alone, or the pictures in it"),
    ],
)
def test_values_that_do_not_fit_are_refused_in_a_sentence(table, tmp_path, values, sentence):
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(tmp_path / "light.png")
    with pytest.raises(UserError, match=sentence):
        answers.given(table, [value.format(folder=tmp_path) for value in values])


def test_a_table_is_read_with_the_settings_of_the_training(table, tmp_path):
    (tmp_path / "new.CSV").write_text("size,colour\ngone,red\n2,blue\n")
    assert answers.given(table, [str(tmp_path / "new.CSV")])["size"].missing.tolist() == [True, False]


def test_a_network_of_pictures_takes_no_values():
    rng = np.random.default_rng(0)
    pictures = Column("picture", "image", rng.integers(0, 256, (12, 1, 4, 4), np.uint8))
    dataset = Dataset((pictures, Column("kind", "category", np.array(["a", "b"] * 6))))
    run = run_of(dataset, target="kind", columns=("picture",), preprocessing=Scale())
    with pytest.raises(UserError, match=r"reads pictures or series\. Give it a file"):
        answers.given(run, ["1,2,3"])


@pytest.mark.parametrize(("rule", "least", "most"), [(Scale(), 2, 18), (Standardise(), 0, 255)])
def test_a_picture_comes_in_the_range_of_the_pixels_that_were_learnt(tmp_path, rule, least, most):
    rng = np.random.default_rng(0)
    pixels = rng.integers(least, most, (30, 4)).astype(float)
    pixels[0], pixels[1] = least, most
    columns = [Column(f"p{place}", "number", pixels[:, place]) for place in range(4)]
    dataset = Dataset((*columns, Column("kind", "category", np.array(["a", "b"] * 15))))
    names = tuple(column.name for column in columns)
    run = run_of(dataset, target="kind", columns=names, size=(1, 2, 2), preprocessing=rule, validation=0.0)
    Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).save(tmp_path / "p.png")
    data = answers.given(run, [str(tmp_path / "p.png")])
    assert data["file"].values.tolist() == ["p.png"]
    assert [data[name].values.tolist() for name in names] == [[least], [most], [most], [least]]


def test_a_run_is_evaluated_on_what_it_did_not_learn_from(table, path):
    found = answers.evaluate(table)
    assert (found.part, found.samples, found.notes) == ("validation", 10, ())
    path.write_text(path.read_text() + "1,red,yes\n")
    assert answers.evaluate(table).notes == ("The data has changed since run-1 was trained.",)
    whole = run_of(table.project.data.source.read(), table.project.data.source, 0.0, target="bought", columns=("size",))
    found = answers.evaluate(whole)
    assert (found.part, found.samples) == ("all", 41)
    assert found.notes == ("No samples were kept back for validation.",)


def test_data_has_a_name(table):
    with pytest.raises(UserError, match="The name of the data is empty"):
        answers.source_of("")
    nowhere = table.with_(project=table.project.with_(data=DataSettings()))
    with pytest.raises(UserError, match=r"The project has no data\. Name some with --data"):
        answers.evaluate(nowhere)
