import numpy as np
import pytest

from engine.columns import WRITTEN, Column
from engine.data.check import data_problems
from engine.data.dataset import Dataset
from engine.data.guesses import suggest_loss
from engine.data.kinds import guess_target
from engine.data.settings import DataSettings
from engine.data.summary import summarise
from engine.data.wiring import wire_data
from engine.graph import Graph
from engine.infer import mend
from engine.layers.dense import Dense
from engine.layers.embedding import Embedding
from engine.layers.glu import GLU
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.layers.softmax import Softmax
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.losses.poisson import Poisson
from engine.preprocessing.characters import Characters
from engine.preprocessing.scale import Scale
from engine.problems import Change

DATA = Dataset(
    (
        Column("a", "number", np.arange(60.0)),
        Column("b", "number", np.arange(60.0) % 3),
        Column("c", "number", np.arange(60.0) ** 2),
        Column("d", "number", np.arange(60.0) % 30 / 7),
        Column("e", "number", 3 - np.arange(60.0)),
        Column("place", "category", np.array(["hill", "sea", "town"] * 20)),
        Column("words", "text", np.array([f"text {i}" for i in range(60)])),
        Column("picture", "image", np.zeros((60, 1, 4, 4), np.uint8)),
        Column("series", "number", np.zeros((60, 5, 2))),
        Column("void", "number", np.full(60, np.nan)),
        Column("same", "category", np.array(["one"] * 60)),
    )
)
GOOD = wire_data(
    Graph().add("in", Input()).add("head", Dense(), "in").add("out", Output(), "head"),
    DATA,
    target="place",
    columns=("a", "b"),
)


def change(node, **values):
    return GOOD.add(node, GOOD.nodes[node].with_(**values))


def first(graph, settings=None, data=DATA):
    return data_problems(graph, data, settings or DataSettings())[0]


def test_a_wired_network_has_no_problems():
    assert data_problems(GOOD, DATA, DataSettings()) == ()


CASES = [
    ("no columns", change("in", columns=()), {}, "reads no columns", ("columns", ("picture",))),
    ("a column that is not there", change("in", columns=("a", "q")), {}, "no column q", ("columns", ("a",))),
    ("size", change("in", size=(5,)), {}, "make 2, but its size is 5", ("size", (2,))),
    ("window", GOOD, {"window": 3}, "make 3 × 2, but its size is 2", ("size", (3, 2))),
    ("head", change("head", units=10), {}, "head gives 10 values, but place has 3 classes", ("units", 3)),
    ("target among the inputs", change("in", columns=("a", "place")), {}, "to be predicted", ("columns", ("a",))),
    (
        "text",
        change("in", columns=("words",)),
        {},
        "Standardise takes numbers, categories or dates, but words",
        "Characters",
    ),
    ("image", change("in", columns=("picture",)), {}, "but picture holds images", "Scale"),
    ("shapes", change("in", columns=("a", "series")), {}, "different shapes", None),
    ("cut series", change("in", columns=("series",)), {"window": 2}, "can be cut into windows", None),
    ("no target", change("out", target=""), {}, "no target", ("target", "a")),
    ("lost target", change("out", target="q"), {}, "no column q", ("target", "a")),
    ("void target", change("out", target="void"), {}, "void has no values", None),
    ("one class", change("out", target="same"), {}, "only one class", None),
    ("image as target", change("out", target="picture"), {}, "picture holds images", None),
    (
        "loss",
        change("out", loss=MeanSquaredError()),
        {},
        "predicts numbers, but place holds categories",
        "CrossEntropy",
    ),
    ("counts", change("out", target="e", loss=Poisson()), {}, "Poisson predicts counts, but e", "MeanSquaredError"),
    ("binary", change("out", loss=BinaryCrossEntropy()), {}, "two classes apart, but place has 3", "CrossEntropy"),
    ("measures", change("out", target="d"), {}, "d holds 30 different numbers", "MeanSquaredError"),
    ("void input", change("in", columns=("a", "void")), {}, "column void, in which no row", ("columns", ("a",))),
    ("value head", change("out", target="c", loss=MeanSquaredError()), {}, "c has 1 number", ("units", 1)),
    ("too long a window", GOOD, {"window": 60}, "too few for a window of 60", None),
]


@pytest.mark.parametrize(("graph", "settings", "words", "fix"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_each_mistake_has_its_own_sentence_and_fix(graph, settings, words, fix):
    problem = first(graph, DataSettings(**settings))
    assert words in str(problem)
    assert problem.what.endswith(".")
    if fix is None:
        assert problem.fixes == ()
        return
    change = problem.fixes[0]
    assert isinstance(change, Change)
    if isinstance(fix, tuple):
        assert (change.param, change.value) == fix
    else:
        assert type(change.value).__name__ == fix
    mended = mend(graph, problem, change)
    assert str(problem) not in map(str, data_problems(mended, DATA, DataSettings(**settings)))


TABLE = Dataset(tuple(DATA[name] for name in ("a", "b", "c", "d", "e", "place")))


def test_one_click_lets_an_input_read_the_data_and_an_output_predict_from_it():
    graph = Graph().add("in", Input()).add("head", Dense(units=3), "in").add("out", Output(), "head")
    for says in ("Read a, b, c and 2 more", "Predict place"):
        problem = first(graph, data=TABLE)
        assert [fix.label for fix in problem.fixes] == [says]
        graph = mend(graph, problem, problem.fixes[0])
    assert data_problems(graph, TABLE, DataSettings()) == ()


def test_a_new_output_of_numbers_gets_a_loss_for_numbers():
    numbers = Dataset(tuple(DATA[name] for name in ("a", "b", "c")))
    problem = first(change("out", target=""), data=numbers)
    assert problem.fixes[0].label == "Predict c"
    assert mend(GOOD, problem, problem.fixes[0]).nodes["out"].loss == MeanSquaredError()


def test_a_window_reads_also_what_is_predicted():
    problem = first(change("in", columns=()), DataSettings(window=4), TABLE)
    mended = mend(GOOD, problem, problem.fixes[0]).nodes["in"]
    assert mended.columns == ("a", "b", "c", "d", "e", "place")
    assert mended.size == (4, 8)


def test_a_button_names_values_as_the_form_writes_them():
    problem = first(change("in", columns=("a", "q")))
    assert problem.fixes[0].label == "Leave out q"
    labels = [Change("size", (3, 2)).label, Change("mask", False).label, Change("loss", CrossEntropy()).label]
    assert labels == ["Set size to 3, 2", "Set mask to no", "Set loss to cross entropy"]


def test_without_data_there_is_one_problem():
    assert "No data" in first(GOOD, data=None).what
    assert "no rows" in first(GOOD, data=Dataset(())).what
    assert "At least 2 rows" in first(GOOD, data=DATA.take(np.arange(1))).what


def test_a_network_without_ends_is_told_so():
    texts = [p.what for p in data_problems(Graph().add("relu", ReLU()), DATA, DataSettings())]
    assert texts == ["The network has no Input.", "The network has no Output."]


def test_the_head_is_blamed_at_the_output_where_no_dense_is():
    graph = Graph().add("in", Input(columns=("a", "b"), size=(2,))).add("relu", ReLU(), "in")
    graph = graph.add("out", Output(target="place", loss=CrossEntropy()), "relu")
    problem = first(graph)
    assert (problem.node, problem.port, problem.fixes) == ("out", "x", ())
    assert "relu gives 2 values, but place has 3 classes" in problem.what


def test_too_many_classes_are_refused():
    data = Dataset((Column("a", "number", np.arange(3000.0)), Column("b", "text", np.arange(3000).astype(str))))
    graph = Graph().add("in", Input(columns=("a",), size=(1,))).add("out", Output(target="b"), "in")
    assert "3,000 different values" in str(first(graph, data=data))


def test_tokens_need_an_embedding():
    graph = Graph().add("in", Input(columns=("words",), size=(9,), preprocessing=Characters()))
    graph = graph.add("head", Dense(units=3), "in").add("out", Output(target="place"), "head")
    problem = first(graph)
    assert "which Dense would take for measures" in problem.what
    mended = mend(graph, problem, problem.fixes[0])
    assert isinstance(mended.nodes["embedding"], Embedding)
    short = mended.add("embedding", Embedding(entries=10))
    assert "10 entries, but in gives numbers of tokens up to 255" in first(short).what
    assert mend(short, first(short), first(short).fixes[0]).nodes["embedding"].entries == 256
    assert wire_data(short, DATA, columns=("words",)).nodes["embedding"].entries == 256


def test_unfinished_networks_raise_nothing():
    for graph in (Graph(), Graph().add("out", Output()), Graph().add("in", Input(preprocessing=Scale()))):
        assert data_problems(graph, DATA, DataSettings())


def test_many_numbers_are_counted_without_writing_each_out(monkeypatch):
    numbers = np.random.default_rng(0).standard_normal((2, 500))
    dataset = Dataset((Column("size", "number", numbers[0]), Column("price", "number", numbers[1])))
    monkeypatch.setitem(WRITTEN, "number", lambda value: pytest.fail(f"{value} was written out"))
    assert guess_target(dataset) == "price"
    assert type(suggest_loss(dataset["price"], CrossEntropy())) is MeanSquaredError
    assert summarise(dataset).columns[0].distinct == dataset["size"].different == 500
    graph = Graph().add("in", Input(columns=("size",), size=(1,))).add("out", Output(target="price"), "in")
    assert any("500 different numbers" in problem.what for problem in data_problems(graph, dataset, DataSettings()))


def test_as_many_values_as_a_number_has_different_ones_are_meant_for_classes():
    graph = change("in", columns=("a", "c")).add("head", Dense(units=3))
    graph = graph.add("out", GOOD.nodes["out"].with_(target="b", loss=MeanSquaredError()))
    first, second = data_problems(graph, DATA, DataSettings())
    assert "as many as b has" in first.what
    assert data_problems(mend(graph, first, first.fixes[0]), DATA, DataSettings()) == ()
    assert data_problems(mend(graph, second, second.fixes[0]), DATA, DataSettings()) == ()


def test_whole_numbers_far_apart_are_measures():
    grams = Dataset((*DATA.columns, Column("grams", "number", 2700 + 50 * np.arange(60.0))))
    graph = GOOD.add("out", GOOD.nodes["out"].with_(target="grams"))
    (problem,) = data_problems(graph, grams, DataSettings())
    assert "60 different numbers" in problem.what
    assert problem.fixes == (Change("loss", MeanSquaredError()),)


def test_a_target_that_is_nearly_a_columns_name_is_taken_for_it():
    graph = GOOD.add("out", GOOD.nodes["out"].with_(target="plaec"))
    (problem,) = data_problems(graph, DATA, DataSettings())
    assert [fix.label for fix in problem.fixes] == ["Predict place"]
    assert data_problems(mend(graph, problem, problem.fixes[0]), DATA, DataSettings()) == ()


def test_the_head_is_found_behind_what_keeps_the_number_of_values():
    graph = GOOD.add("soft", Softmax(), "head").connect("soft", "out")
    assert data_problems(graph, DATA, DataSettings()) == ()
    problem = first(graph.add("head", Dense(units=10)))
    assert problem.what == "soft gives 10 values, but place has 3 classes."
    assert (problem.node, problem.fixes) == ("head", (Change("units", 3),))
    fresh = wire_data(graph.add("head", Dense(units=10)), DATA, target="place", columns=("a", "b"))
    assert fresh.nodes["head"].units == 3
    assert first(graph.add("soft", GLU()).add("head", Dense(units=20))).fixes == ()  # halves them
