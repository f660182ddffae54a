"""What stops nobody but is hardly meant, and the ways out."""

from pathlib import Path

import pytest

from engine.catalog import Layer
from engine.graph import Graph, Port
from engine.hints import find_hints
from engine.infer import infer, mend
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.project.file import load

KINDS = Layer.registry
EXAMPLES = sorted((Path(__file__).parents[2] / "resources" / "examples").glob("*.netw"))


def chain(*layers, size=(4,)):
    graph, last = Graph().add("in", Input(size=size)), "in"
    for layer in layers:
        node = graph.free_name(type(layer).__name__.lower())
        graph, last = graph.add(node, layer, last), node
    return graph


ONE = [
    ("the softmax twice", chain(Dense(units=3), KINDS["Softmax"](), Output()), "softmax itself"),
    ("a sigmoid twice", chain(Dense(units=1), KINDS["Sigmoid"](), Output(loss=BinaryCrossEntropy())), "sigmoid itself"),
    ("scores cut off", chain(Dense(units=3), ReLU(), Output()), "none below 0"),
    ("numbers cut off", chain(Dense(units=1), ReLU(), Output(loss=MeanSquaredError())), "standardised"),
    ("answers dropped", chain(Dense(units=3), KINDS["Dropout"](), Output()), "takes away answers"),
    ("no activation", chain(Dense(units=8), KINDS["Dropout"](), Dense(units=3), Output()), "No activation"),
    ("a dead branch", chain(Dense(units=3), Output()).add("side", Dense(), "in"), "Nothing reads"),
    ("an unused input", chain(Dense(units=3), Output()).add("other", Input()), "Nothing reads"),
]


@pytest.mark.parametrize(("graph", "says"), [case[1:] for case in ONE], ids=[case[0] for case in ONE])
def test_one_hint_that_stops_nobody_and_whose_way_out_is_the_end_of_it(graph, says):
    (hint,) = find_hints(graph)
    assert says in hint.what
    assert not hint.stops
    for fix in hint.fixes:
        mended = mend(graph, hint, fix)
        assert find_hints(mended) == ()
        assert infer(mended).problems == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_examples_give_no_cause(path):
    assert find_hints(load(path).project.graph) == ()


def test_a_network_in_the_making_gives_no_cause():
    assert find_hints(chain(Dense(), ReLU(), Dense())) == ()


def test_numbers_that_are_not_standardised_may_be_cut_off():
    assert find_hints(chain(Dense(units=1), ReLU(), Output(loss=MeanSquaredError(), standardise=False))) == ()


def test_a_circle_of_boxes_is_no_trap():
    graph = chain(KINDS["Flatten"](), KINDS["Flatten"](), Dense(), Output()).connect("flatten_2", "flatten")
    assert find_hints(graph.connect("dense", "dense")) is not None


def test_a_box_with_two_inputs_is_taken_out_with_its_wires():
    graph = chain(Dense(units=3), Output()).add("side", KINDS["Add"](), "in", "in")
    (hint,) = find_hints(graph)
    assert dict(mend(graph, hint, hint.fixes[0]).wires) == {
        Port("dense", "x"): Port("in"),
        Port("output", "x"): Port("dense"),
    }
