"""The graph as a value."""

import pickle
from graphlib import CycleError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.graph import Graph, Port
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU


@pytest.fixture
def graph():
    grown = Graph().add("in", Input()).add("a", Dense(units=3), "in").add("b", ReLU(), "a")
    return grown.add("out", Output(), "b")


def test_edits_leave_the_old_graph_alone(graph):
    before = (dict(graph.nodes), dict(graph.wires))
    graph.add("c", ReLU(), "b")
    graph.add("a", Dense(units=9))
    graph.connect("in", "b")
    graph.disconnect("b", "x")
    graph.remove(["a"])
    graph.rename("a", "z")
    assert (dict(graph.nodes), dict(graph.wires)) == before


def test_nothing_can_be_changed_in_place(graph):
    with pytest.raises(TypeError):
        graph.nodes["x"] = ReLU()
    with pytest.raises(TypeError):
        graph.wires[Port("b", "x")] = Port("in")
    with pytest.raises(AttributeError):
        graph.nodes = {}
    nodes = {"a": ReLU()}
    made = Graph(nodes)
    nodes["b"] = ReLU()
    assert list(made.nodes) == ["a"]
    made.order  # noqa: B018
    graph.sources("b").clear()
    assert graph.sources("b") == {"x": Port("a")}


def test_a_second_wire_takes_the_place_of_the_first(graph):
    changed = graph.connect("in", "b")
    assert changed.sources("b") == {"x": Port("in")}
    assert len(changed.wires) == len(graph.wires)
    assert Port("a") not in changed.readers


def test_another_layer_keeps_its_wires(graph):
    assert graph.add("a", Dense(units=9)).wires == graph.wires


def test_removing_takes_the_wires_along(graph):
    rest = graph.remove(["a"])
    assert set(rest.nodes) == {"in", "b", "out"}
    assert dict(rest.wires) == {Port("out", "x"): Port("b")}


def test_renaming_keeps_order_and_wires(graph):
    renamed = graph.rename("a", "first")
    assert list(renamed.nodes) == ["in", "first", "b", "out"]
    assert renamed.sources("b") == {"x": Port("first")}
    assert renamed.rename("first", "a") == graph
    assert graph.rename("a", "a") == graph
    with pytest.raises(ValueError, match="already"):
        graph.rename("a", "b")


def test_order_and_circles(graph):
    assert graph.order == ("in", "a", "b", "out")
    with pytest.raises(CycleError):
        graph.connect("b", "a").order  # noqa: B018
    with pytest.raises(CycleError):
        graph.connect("a", "a").order  # noqa: B018


def test_who_feeds_whom(graph):
    assert graph.feeds("in", "out")
    assert graph.feeds("a", "a")
    assert not graph.feeds("b", "a")
    assert graph.reached("a") == {"a", "b", "out"}
    assert graph.connect("b", "a").feeds("b", "a")
    assert graph.add("c", ReLU(), "in").unread == ("c",)


def test_free_names(graph):
    assert graph.free_name("c") == "c"
    assert graph.add("a_2", ReLU()).free_name("a") == "a_3"


def test_it_is_equal_by_value_and_can_be_sent(graph):
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert graph.disconnect("b", "x").connect("a", "b") == graph


EDITS = st.lists(
    st.tuples(st.sampled_from(["add", "connect", "disconnect", "remove"]), *[st.sampled_from("abcde")] * 2), max_size=30
)


@given(EDITS)
def test_any_edits_keep_it_whole(edits):
    """Wires only ever touch boxes that are there, and every port has at most one."""
    graph = Graph()
    for kind, one, other in edits:
        if kind == "add":
            graph = graph.add(one, ReLU(), *([other] if other in graph.nodes else []))
        elif kind == "connect" and {one, other} <= set(graph.nodes):
            graph = graph.connect(one, other)
        elif kind == "disconnect":
            graph = graph.disconnect(one, "x")
        elif kind == "remove":
            graph = graph.remove([one])
        assert {p.node for p in (*graph.wires, *graph.wires.values())} <= set(graph.nodes)
        assert sum(map(len, graph.readers.values())) == len(graph.wires)
