"""Shapes and problems of a graph, and the ways to mend it."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import Layer
from engine.graph import Graph, Port
from engine.infer import infer, mend
from engine.layer import Layer as AnyLayer
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.problems import Remove, Unwire, Wire
from tests.engine.networks import cases


@pytest.fixture
def graph():
    grown = Graph().add("in", Input(size=(4,))).add("a", Dense(units=3), "in").add("b", ReLU(), "a")
    return grown.add("out", Output(), "b")


def only(graph):
    (problem,) = infer(graph).problems
    return problem


def test_a_good_graph_has_shapes_and_no_problems(graph):
    found = infer(graph)
    assert found.problems == ()
    assert dict(found.shapes) == {Port("in"): (4,), Port("a"): (3,), Port("b"): (3,)}
    assert found.inputs(graph, "out") == ((3,),)


def test_unwired(graph):
    cut = graph.disconnect("b", "x")
    problem = only(cut)
    assert str(problem) == "b: Input x is not wired."
    assert (problem.node, problem.port) == ("b", "x")
    assert problem.fixes == (Wire("a"),)
    assert mend(cut, problem, problem.fixes[0]) == graph


def test_no_fix_closes_a_circle():
    """What depends on the box is not offered as its source."""
    problem = only(Graph().add("a", ReLU()).add("b", ReLU(), "a"))
    assert problem.fixes == ()


def test_dangling(graph):
    broken = graph.connect("ghost", "b")
    problem = only(broken)
    assert problem.what == "Input x is wired to ghost, which is not there."
    assert only(mend(broken, problem, problem.fixes[0])).what == "Input x is not wired."


def test_wire_from_an_output_that_is_not_there(graph):
    for source in (Port("a", "z"), Port("out")):
        broken = graph.connect(source, "b")
        problem = next(p for p in infer(broken).problems if p.node == "b" or "circle" in p.what)
        assert problem.fixes
        assert problem.fixes[0] == Unwire() or "circle" in problem.what
    assert only(graph.connect(Port("a", "z"), "b")).what == "Input x is wired to a.z, an output that it does not have."


def test_wire_to_an_input_that_is_not_there(graph):
    for node, what in (("a", "A wire ends at input z, which Dense does not have."), ("ghost", "is not there")):
        broken = graph.connect("in", node, "z")
        problem = only(broken)
        assert what in problem.what
        assert mend(broken, problem, problem.fixes[0]) == graph


def test_a_circle_is_named_and_can_be_opened(graph):
    broken = graph.connect("b", "a")
    problem = next(p for p in infer(broken).problems if "circle" in p.what)
    boxes = problem.what.removesuffix(".").split(": ")[1].split(" → ")
    assert boxes[0] == boxes[-1]
    assert set(boxes) == {"a", "b"}
    for start, end in pairwise(boxes):
        assert broken.sources(end)["x"].node == start
    mended = mend(broken, problem, problem.fixes[0])
    assert not [p for p in infer(mended).problems if "circle" in p.what]


def test_a_circle_hides_no_other_shape(graph):
    broken = graph.add("c", ReLU()).connect("c", "c")
    found = infer(broken)
    assert len(found.problems) == 1
    assert found.problems[0].what == "These wires go round in a circle: c → c."
    assert found.shapes[Port("b")] == (3,)


def test_several_circles_are_all_named(graph):
    for number in range(3):
        graph = graph.add(f"c{number}", ReLU()).connect(f"c{number}", f"c{number}")
    assert len([p for p in infer(graph).problems if "circle" in p.what]) == 3


def test_bad_values_are_reported_where_they_are(graph):
    problem = only(graph.add("a", Dense(units=0)))
    assert str(problem) == "a: Units must be at least 1, not 0."


def test_a_shape_error_comes_with_its_fix(graph):
    wrong = graph.add("in", Input(size=(3, 5, 5)))
    problem = only(wrong)
    assert problem.what == "Dense takes a flat vector, not 3 × 5 × 5. Put a Flatten before it."
    assert (problem.node, problem.port) == ("a", "x")


def test_a_faulty_layer_is_a_problem(graph):
    class Faulty(AnyLayer, abstract=True):
        """A layer with a fault in it."""

        def shape(self, x):
            return 1 / 0

    assert only(graph.add("b", Faulty())).what == "Faulty could not work out its shape: division by zero."


def every_problem():
    """Yield wrong graphs around every example: no input wired, and inputs of every wrong rank."""
    for name, example in cases():
        bare = Graph().add("box", example.layer)
        yield f"{name} bare", bare
        for rank in range(1, 5):
            graph = bare
            for port in example.layer.ports():
                graph = graph.add(f"in_{port}", Input(size=(5,) * rank)).connect(f"in_{port}", "box", port)
            yield f"{name} rank {rank}", graph


@pytest.mark.parametrize("graph", [pytest.param(graph, id=name) for name, graph in every_problem()])
def test_every_fix_removes_its_problem(graph):
    for problem in infer(graph).problems:
        for fix in problem.fixes:
            after = infer(mend(graph, problem, fix)).problems
            assert (problem.node, problem.port, problem.what) not in [(p.node, p.port, p.what) for p in after], fix


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(sorted(Layer.registry))),
    st.dictionaries(
        st.tuples(st.sampled_from("abcdefg"), st.sampled_from(["x", "x1", "y", "nobody"])),
        st.tuples(st.sampled_from("abcdefg"), st.sampled_from(["y", "h", "nobody"])),
    ),
)
def test_it_never_raises(nodes, wires):
    graph = Graph(
        {node: Layer.registry[name]() for node, name in nodes.items()},
        {Port(*end): Port(*start) for end, start in wires.items()},
    )
    for problem in infer(graph).problems:
        assert problem.what.endswith(".")
        for fix in problem.fixes:
            infer(mend(graph, problem, fix))


def test_many_ports_take_no_time():
    """A file may ask for a thousand million inputs."""
    for kind in Layer.registry.values():
        if "inputs" in kind.params():
            assert infer(Graph().add("a", kind(inputs=10**9))).problems


def long_chain(count):
    graph = Graph().add("0", Input())
    nodes, wires = dict(graph.nodes), {}
    for i in range(1, count):
        nodes[str(i)] = Dense(units=8) if i % 2 else ReLU()
        wires[Port(str(i), "x")] = Port(str(i - 1))
    return Graph(nodes, wires)


@pytest.mark.parametrize("wired", [True, False])
def test_time_grows_as_the_graph_does(wired):
    """Eight times the boxes take far less than 64 times as long; both measured in turn, the best of several."""
    best = {50: 1.0, 400: 1.0}
    for _ in range(10):
        for count in best:
            graph = long_chain(count)
            graph = Graph(graph.nodes, graph.wires if wired else {})
            start = time.process_time()
            infer(graph)
            best[count] = min(best[count], time.process_time() - start)
    assert best[400] < 30 * best[50]


def test_an_unwired_box_is_offered_the_one_that_came_before_it():
    graph = (
        Graph().add("in", Input(size=(4,))).add("a", Dense()).add("b", ReLU()).add("c", Dense()).add("out", Output())
    )
    assert [p.fixes for p in infer(graph).problems] == [(Wire(n),) for n in ("in", "a", "b", "c")]


def test_a_flatten_before_a_convolution_can_be_taken_out():
    graph = Graph().add("in", Input(size=(1, 8, 8))).add("flat", Layer.registry["Flatten"](), "in")
    graph = graph.add("conv", Layer.registry["Conv2D"](), "flat")
    problem = only(graph)
    assert problem.fixes == (Remove("flat"),)
    assert infer(mend(graph, problem, problem.fixes[0])).problems == ()
    assert only(graph.add("in", Input(size=(8,)))).fixes == ()
