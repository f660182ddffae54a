"""Vectors of small networks lie samples last in memory, with ones behind them: nothing but the speed may change."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.calls import singles
from engine.graph import Graph, Port
from engine.infer import infer
from engine.layer import Example, ShapeError, needs
from engine.layers.add import Add
from engine.layers.batch_norm import BatchNorm
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.input import Input
from engine.layers.layer_norm import LayerNorm
from engine.layers.multiply import Multiply
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.layers.softmax import Softmax
from engine.layers.tanh import Tanh
from engine.learning import Learning
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.adam import Adam
from engine.plan import samples_last as rule
from engine.plan.compile import compile
from engine.plan.predict import Predictor
from engine.plan.program import Key
from engine.plan.samples_last import samples_last, takes_each_value
from tests.engine.networks import Alone, Weighted, all_gradients, cases, feed, scatter


def usual_order():
    """Return a context in which no network is small enough."""
    return patch.object(rule, "MOST", 0)


def chain(*layers, size=3, loss=None):
    graph, last = Graph().add("in", Input(size=(size,))), "in"
    for number, layer in enumerate(layers):
        graph, last = graph.add(f"box{number}", layer, last), f"box{number}"
    return graph.add("out", Output(loss=loss or MeanSquaredError()), last)


def found(graph, batch=4):
    return {str(port) for port in samples_last(graph, infer(graph), batch)}


# ---------------------------------------------------------------------- which


def test_all_between_the_input_and_the_last_dense_lie_so():
    assert found(chain(Dense(units=5), Tanh(), Dropout(), Dense(units=2))) == {"in", "box0", "box1", "box2"}


def test_what_another_layer_reads_lies_as_usual():
    assert found(chain(Dense(units=5), Softmax(), Dense(units=2))) == {"in"}
    assert found(chain(Dense(units=5), ReLU())) == {"in"}
    assert found(chain(ReLU(), LayerNorm(), Dense(units=2))) == set()


def test_large_vectors_and_what_is_made_of_them_lie_as_usual():
    assert found(chain(Dense(units=5), ReLU(), Dense(units=2), size=600)) == set()
    assert found(chain(Dense(units=600), ReLU(), Dense(units=2))) == {"in"}
    assert found(chain(Dense(units=5), ReLU(), Dense(units=2)), batch=100_000) == set()


def test_branches_that_are_joined_lie_alike():
    graph = chain(Dense(units=5), ReLU(), Dense(units=5), Add(), Dense(units=2)).connect("box1", "box3", "x2")
    assert found(graph) == {"in", "box0", "box1", "box2", "box3"}
    other = graph.add("soft", Softmax(), "box1").connect("soft", "box3", "x2")
    assert found(other) == {"in"}
    repeated = chain(Dense(units=5), Multiply(), Dense(units=2)).add("one", Dense(units=1), "in")
    assert found(repeated.connect("one", "box1", "x2")) == {"in"}


def test_a_dense_then_takes_one_call_forward_and_two_backward():
    plan = compile(chain(Dense(units=5), Tanh(), Dense(units=4), Tanh(), Dense(units=2)), 6)
    counts = {
        (call.node, call.phase): len(singles(run))
        for call, run in zip(plan.bound.program.calls, plan.bound.calls, strict=True)
    }
    assert {counts[f"box{number}", "forward"] for number in (0, 2, 4)} == {1}
    assert [counts[f"box{number}", "backward"] for number in (0, 2, 4)] == [1, 2, 2]


def test_a_plan_says_where_its_values_lie():
    costs = {cost.node: cost for cost in compile(chain(Dense(units=5), Tanh(), Dense(units=2)), 4).explain(repeats=1)}
    assert [costs[node].layout for node in ("in", "box1", "box2", "out")] == ["samples last"] * 2 + ["in order"] * 2
    assert costs["in"].bytes == 4 * 3 * 4


# ---------------------------------------------------------------------- layers by themselves


def vector_cases():
    """Yield every example of a layer that works on each value by itself, on vectors of five features."""
    for name, example in cases():
        inputs = ((5,),) * len(example.inputs)
        if takes_each_value(example.layer) and fits(example.layer, inputs):
            yield pytest.param(Example(example.layer, inputs), id=name)


def fits(layer, inputs):
    try:
        return layer.shape(*inputs) == inputs[0]
    except ShapeError:
        return False


VECTOR_CASES = list(vector_cases())


def empty_samples_last(shape):
    return np.full(shape[::-1], np.nan).T


def agree(ours, theirs):
    return all(np.allclose(ours[name], theirs[name], rtol=1e-12, atol=1e-14) for name in theirs)


@pytest.mark.parametrize("batch", [1, 3, 5])
@pytest.mark.parametrize("example", VECTOR_CASES)
def test_a_layer_that_takes_each_value_by_itself_does_so_wherever_it_lies(example, batch):
    """One that draws a number for each value draws in the order of memory: as for as many samples as there are features."""
    usual, other = Alone(example, batch), Alone(example, batch, empty_samples_last)
    turned = [{k: np.asfortranarray(a) for k, a in arrays.items()} for arrays in (usual.inputs, usual.grads)]
    ours = other.run(*turned)
    if "rng" not in needs(type(example.layer), "forward") or agree(ours, usual.run(usual.inputs, usual.grads)):
        assert agree(ours, usual.run(usual.inputs, usual.grads))
        return
    across = Alone(Example(example.layer, ((batch,),) * len(example.inputs)), 5)
    assert agree({k: a.T for k, a in ours.items()}, across.run(*({k: a.T for k, a in some.items()} for some in turned)))


# ---------------------------------------------------------------------- networks

VALUES = [case.values[0].layer for case in VECTOR_CASES if len(case.values[0].inputs) == 1]
OTHERS = [Softmax(), LayerNorm(), BatchNorm()]
WIDTHS = st.sampled_from([1, 2, 5])


class Same:
    """Draws the same number for each value, so that it does not matter in which order; the next time another one."""

    def __init__(self):
        self.bit_generator = self
        self.drawn = 0

    def _next(self):
        self.drawn += 1
        return (0.3, 0.97)[self.drawn % 2]

    def random(self, out, dtype):
        out.fill(self._next())

    standard_normal = random

    def random_raw(self, count):
        return np.full(4 * count, self._next() * (1 << 16), np.uint16).view(np.uint64)


@st.composite
def networks(draw):
    """Return a graph of small Dense and what may stand between them; all that is unread goes to an Output."""
    graph, widths = Graph(), {}
    for number in range(draw(st.integers(1, 2))):
        widths[f"in{number}"] = draw(WIDTHS)
        graph = graph.add(f"in{number}", Input(size=(widths[f"in{number}"],)))
    for number in range(draw(st.integers(2, 8))):
        source, kind = draw(st.sampled_from(sorted(widths))), draw(st.sampled_from("DDDDVVVJO"))
        layer, sources = draw(boxes(kind, graph, widths, source))
        graph = graph.add(f"box{number}", layer, *sources)
        widths[f"box{number}"] = layer.units if kind == "D" else widths[source]
    for node in widths:
        if Port(node) not in graph.readers:
            loss = draw(st.sampled_from([Weighted(), MeanSquaredError(), BinaryCrossEntropy()]))
            graph = graph.add(f"out {node}", Output(loss=loss), node)
    return graph


@st.composite
def boxes(draw, kind, graph, widths, source):
    if kind == "D":
        return draw(denses(graph, widths, source)), (source,)
    if kind == "J":
        other = draw(st.sampled_from(sorted(node for node in widths if widths[node] == widths[source])))
        return draw(st.sampled_from([Add(), Multiply()])), (source, other)
    return draw(st.sampled_from(VALUES if kind == "V" else OTHERS)), (source,)


@st.composite
def denses(draw, graph, widths, source):
    alike = [
        node
        for node, layer in graph.nodes.items()
        if isinstance(layer, Dense) and widths[graph.sources(node)["x"].node] == widths[source]
    ]
    if alike and draw(st.booleans()):
        shared = draw(st.sampled_from(alike))
        return graph.nodes[shared].with_(learning=Learning(shares=shared))
    learning = Learning(
        frozen=draw(st.sampled_from([False, False, True])),
        normalisation=draw(st.sampled_from(["none", "none", "weight", "spectral"])),
    )
    return Dense(units=draw(WIDTHS), use_bias=draw(st.integers(0, 3)) > 0, learning=learning)


@settings(max_examples=150, deadline=None)
@given(graph=networks(), batch=st.integers(1, 6))
def test_any_small_network_computes_the_same_as_in_the_usual_order(graph, batch):
    assert infer(graph).problems == ()
    first = compile(graph, batch, dtype=np.float64)
    scatter(first, np.random.default_rng(1))
    with usual_order():
        expected = results(first, graph, batch)
    ours = results(first, graph, batch, poison=True)
    for name, array in expected.items():
        np.testing.assert_allclose(ours[name], array, rtol=1e-9, atol=1e-11, err_msg=name)


def results(first, graph, batch, **options):
    """Return loss, losses, outputs and gradients of a plan with the parameters of another one."""
    first.state.rng = Same()
    kept = first.state.statistics.copy()
    plan = compile(graph, batch, dtype=np.float64, share=first, input_gradients=True, **options)
    feed(plan, np.random.default_rng(2))
    for _ in range(2):
        first.state.statistics[...] = kept
        loss = plan.run()
    first.state.statistics[...] = kept
    after = {f"{kind} {n}": a.copy() for kind in ("losses", "outputs") for n, a in of(plan, kind).items()}
    answers = Predictor(graph, first.state, batch=batch).outputs(plan.inputs)
    return {"loss": loss} | after | all_gradients(plan) | {f"answer {n}": a for n, a in answers.items()}


def of(plan, kind):
    return plan.losses if kind == "losses" else plan.outputs()


@pytest.mark.parametrize("poison", [False, True])
def test_training_goes_the_same_way_and_the_ones_stay(poison):
    graph = chain(Dense(units=8), Tanh(), Dense(units=8), ReLU(), Dense(units=1), loss=BinaryCrossEntropy())
    rng, losses = np.random.default_rng(3), []
    x, target = rng.normal(size=(32, 3)), rng.integers(0, 2, (32, 1))
    with usual_order():
        expected = compile(graph, 32, optimizer=Adam(), dtype=np.float64)
    plan = compile(graph, 32, optimizer=Adam(), dtype=np.float64, poison=poison)
    for one in (plan, expected):
        one.load({"in": x}, {"out": target})
        losses.append([one.step(0.01) for _ in range(300)])
    np.testing.assert_allclose(*losses, rtol=1e-6)
    assert losses[0][-1] < 0.5 * losses[0][0]
    ones = [array[:, -1] for key, array in plan.bound.arrays.items() if key.kind == "augmented"]
    assert len(ones) == 3
    assert all((one == 1).all() for one in ones)
    assert not any(key.kind == "augmented" for key in expected.bound.arrays)


def test_every_value_can_be_looked_at():
    graph = chain(Dense(units=5), Tanh(), Dense(units=2))
    x = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
    state = compile(graph, 4).state
    with usual_order():
        expected = Predictor(graph, state, batch=4, keep_values=True).values({"in": x})
    predictor = Predictor(graph, state, batch=4, keep_values=True)
    values = predictor.values({"in": x})
    assert values.keys() == expected.keys()
    for port, value in expected.items():
        np.testing.assert_allclose(values[port], value, rtol=1e-5, atol=1e-6)


def test_workers_who_share_a_batch_keep_the_usual_order():
    plan = compile(chain(Dense(units=5), Tanh(), Dense(units=2)), 6, workers=2)
    try:
        assert not any(spec.memory for key, spec in plan.bound.program.arrays.items() if key.kind == "value")
        assert Key("augmented", "in", "y") not in plan.bound.arrays
    finally:
        plan.close()
