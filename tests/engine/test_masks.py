"""Padded series give exactly what they give unpadded, whatever their lengths: values, losses, gradients, exported models."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import engine.catalog  # noqa: F401  (declares every layer)
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.prepare import data_problems, prepare
from engine.data.settings import DataSettings
from engine.export.onnx import build
from engine.export.samples import samples
from engine.export.verify import verify
from engine.graph import Graph
from engine.infer import infer, mend
from engine.layer import Layer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.learning import Learning
from engine.losses.mean_squared_error import MeanSquaredError
from engine.lowering import lowered
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.predict import Predictor
from engine.plan.program import Key
from engine.plan.state import draw_parameters
from engine.preprocessing.words import Words
from engine.training.evaluate import evaluate
from tests.engine.networks import scatter

STEPS, FEATURES = 7, 4
kinds = Layer.registry


def box(name, **params):
    return kinds[name](**params)


READERS = {
    "rnn": [box("SimpleRNN", units=3)],
    "rnn-steps": [box("SimpleRNN", units=3, sequence=True)],
    "gru": [box("GRU", units=3)],
    "gru-steps": [box("GRU", units=3, sequence=True)],
    "lstm": [box("LSTM", units=3)],
    "lstm-steps": [box("LSTM", units=3, sequence=True)],
    "stack": [box("GRU", units=3, layers=2)],
    "stack-steps": [box("LSTM", units=3, layers=2, sequence=True)],
    "both-ways": [box("Bidirectional", layer="GRU", units=2)],
    "both-ways-steps": [box("Bidirectional", layer="LSTM", units=2, sequence=True)],
    "mean": [box("Dense", units=3), box("Tanh"), box("GlobalAveragePool1D")],
    "largest": [box("LayerNorm"), box("Dense", units=3), box("GlobalMaxPool1D")],
    "places": [box("PositionalEncoding"), box("GELU"), box("Dense", units=3)],
    "rotated": [box("RoPE"), box("RMSNorm"), box("Reverse")],
    "same-convolution": [box("Conv1D", filters=3), box("ReLU"), box("Conv1D", filters=2), box("GlobalAveragePool1D")],
    "causal-convolution": [box("Conv1D", filters=3, padding="causal", dilation=2), box("GRU", units=2)],
    "pooled": [box("Conv1D", filters=3, kernel=1), box("MaxPool1D"), box("GRU", units=2)],
    "explicit": [
        box("Conv1D", filters=4, stride=2, padding="explicit", border=1),
        box("Conv1D", filters=4, groups=2),
        box("GRU", units=2),
    ],
    "attention": [box("MultiHeadAttention", heads=2), box("GlobalAveragePool1D")],
    "causal-attention": [box("PositionalEncoding"), box("MultiHeadAttention", heads=2, causal=True)],
    "turned-attention": [box("MultiHeadAttention", heads=2, rope=True), box("Dense", units=2)],
    "transformer": [
        box("TransformerEncoderBlock", heads=2, hidden=5),
        box("TransformerEncoderBlock", heads=1, hidden=3),
    ],
    "averaged": [box("AveragePool1D", kernel=2, stride=1), box("SimpleRNN", units=2, sequence=True)],
}


def network(boxes, source):
    graph = Graph().add("in", source)
    last = "in"
    if source.preprocessing.takes_tokens:
        graph, last = graph.add("embedding", box("Embedding", entries=9, width=FEATURES), last), "embedding"
    for number, layer in enumerate(boxes):
        graph, last = graph.add(f"box{number}", layer, last), f"box{number}"
    return graph.add("out", Output(loss=MeanSquaredError()), last)


@st.composite
def padded(draw, shortest=2):
    """Return a series for each sample, and where in a row of STEPS it stands: before, after or among the padding."""
    lengths = draw(st.lists(st.integers(shortest, STEPS), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    samples = [rng.normal(size=(length, FEATURES)) for length in lengths]
    side = draw(st.sampled_from(["before", "after", "among"]))
    places = [_places(rng, length, side) for length in lengths]
    return samples, places


def _places(rng, length, side):
    if side == "among":
        return np.sort(rng.permutation(STEPS)[:length])
    return np.arange(length) + (STEPS - length if side == "before" else 0)


def in_rows(samples, places):
    rows = np.full((len(samples), STEPS, FEATURES), np.nan)
    for row, sample, place in zip(rows, samples, places, strict=True):
        row[place] = sample
    return rows


def answers(plan):
    return {node: array.copy() for node, array in plan.outputs().items()}


def trained(plan, inputs, targets):
    """Return loss, outputs and all gradients."""
    plan.load(inputs, targets)
    loss = plan.run()
    return (
        loss,
        plan.outputs()["out"].copy(),
        {n: g.copy() for n, g in (plan.gradients | plan.input_gradients()).items()},
    )


def ready(graph, batch, parameters=None):
    plan = compile(graph, batch, dtype=np.float64, input_gradients=True, poison=True)
    if parameters is None:
        scatter(plan, np.random.default_rng(3))
    else:
        plan.state.restore(parameters)
    return plan


QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", sorted(READERS))
@QUICK
@given(drawn=padded())
def test_a_padded_series_is_the_series(name, drawn):
    samples, places = drawn
    graph = network(READERS[name], Input(size=(STEPS, FEATURES), mask=True))
    assert infer(graph).problems == ()
    whole = ready(graph, len(samples))
    rng = np.random.default_rng(5)
    targets = rng.normal(size=whole.targets["out"].shape)
    loss, outputs, gradients = trained(whole, {"in": in_rows(samples, places)}, {"out": targets})
    sums = {name: np.zeros_like(array) for name, array in gradients.items()}
    total = 0.0
    for number, (sample, place) in enumerate(zip(samples, places, strict=True)):
        alone = ready(network(READERS[name], Input(size=sample.shape)), 1, whole.state.arrays())
        per_step = targets.ndim == 3
        shape = alone.targets["out"].shape
        there = spots(whole, number, shape[1]) if per_step else slice(None)
        mine = targets[number][there][None]
        one, output, found = trained(alone, {"in": sample[None]}, {"out": mine})
        np.testing.assert_allclose(outputs[number][there], output[0], rtol=1e-9, atol=1e-12)
        total += one / len(samples)
        for key, array in found.items():
            if key == "in":
                sums["in"][number, place] += array[0] / len(samples)
            else:
                sums[key] += array / len(samples)
    assert loss == pytest.approx(total, rel=1e-9)
    for key, array in sums.items():
        np.testing.assert_allclose(gradients[key], array, rtol=1e-8, atol=1e-11, err_msg=key)


def spots(plan, number, count):
    """Return at which steps of the Output one sample has its values."""
    (mask,) = (source for port, source in plan.graph.sources("out").items() if port == "mask")
    (found,) = np.nonzero(plan.bound.arrays[Key("value", *mask)][number])
    assert len(found) == count
    return found


@QUICK
@given(lengths=st.lists(st.integers(1, STEPS), min_size=2, max_size=5), side=st.sampled_from(["before", "after"]))
def test_a_padded_text_is_the_text(lengths, side):
    rng = np.random.default_rng(sum(lengths))
    texts = [rng.integers(1, 9, length).astype(float) for length in lengths]
    rows = np.zeros((len(texts), STEPS))
    for row, text in zip(rows, texts, strict=True):
        row[_places(rng, len(text), side)] = text
    boxes = [box("Bidirectional", layer="GRU", units=2, layers=2, sequence=True), box("LSTM", units=2)]
    graph = network(boxes, Input(size=(STEPS,), preprocessing=Words(tokens=9), mask=True))
    plan = compile(graph, len(texts), dtype=np.float64, poison=True)
    scatter(plan, rng)
    found = Predictor(graph, plan.parameters, batch=3, dtype=np.float64).outputs({"in": rows})["out"]
    for text, answer in zip(texts, found, strict=True):
        alone = network(boxes, Input(size=(len(text),), preprocessing=Words(tokens=9)))
        expected = Predictor(alone, plan.parameters, batch=1, dtype=np.float64).outputs({"in": text[None]})["out"]
        np.testing.assert_allclose(answer, expected[0], rtol=1e-9, atol=1e-12)


@QUICK
@given(drawn=padded(), memory=padded())
def test_a_padded_memory_is_the_memory(drawn, memory):
    (samples, places), (others, there) = drawn, memory
    count = min(len(samples), len(others))
    samples, places, others, there = (part[:count] for part in (samples, places, others, there))
    graph = between((STEPS, FEATURES), (STEPS, FEATURES), mask=True)
    whole = compile(graph, count, dtype=np.float64, poison=True)
    scatter(whole, np.random.default_rng(1))
    found = Predictor(graph, whole.parameters, dtype=np.float64).outputs(
        {"in": in_rows(samples, places), "memory": in_rows(others, there)}
    )["out"]
    for number, (sample, other) in enumerate(zip(samples, others, strict=True)):
        alone = Predictor(between(sample.shape, other.shape), whole.parameters, batch=1, dtype=np.float64)
        expected = alone.outputs({"in": sample[None], "memory": other[None]})["out"]
        np.testing.assert_allclose(found[number][places[number]], expected[0], rtol=1e-9, atol=1e-12)


def between(size, memory, mask=False):
    graph = Graph().add("in", Input(size=size, mask=mask)).add("memory", Input(size=memory, mask=mask))
    graph = graph.add("wide", box("Dense", units=6), "memory")
    graph = graph.add("cross", box("CrossAttention", heads=2), "in", "wide")
    graph = graph.add("decoder", box("TransformerDecoderBlock", heads=2, hidden=3), "cross", "memory")
    return graph.add("out", Output(loss=MeanSquaredError()), "decoder")


APART = [kind for kind in Layer.registry.values() if kind.apart]


@pytest.mark.parametrize("kind", APART, ids=lambda kind: kind.__name__)
def test_what_works_apart_does(kind):
    """Moving one step of the inputs moves no other step of the output, also through what the training draws and sums."""
    for example in kind.examples():
        shapes = example.inputs
        least = 2 if kind.apart == "step" else 1
        if (
            example.integers
            or any(len(shape) != 2 or len(shape) < least for shape in shapes)
            or len({s[0] for s in shapes}) > 1
        ):
            shapes = ((5, 4),) * len(shapes)
        if example.integers:
            shapes = ((5,),)
        graph = Graph()
        for port, shape in zip(example.layer.ports(), shapes, strict=True):
            graph = graph.add(f"in_{port}", Input(size=shape))
        graph = graph.add("box", example.layer, *(f"in_{port}" for port in example.layer.ports()))
        graph = graph.add("out", Output(loss=MeanSquaredError()), "box")
        if infer(graph).problems:
            continue
        plan = compile(graph, 2, dtype=np.float64)
        scatter(plan, np.random.default_rng(1))
        rng = np.random.default_rng(2)
        inputs = {node: rng.uniform(0, 3, array.shape) for node, array in plan.inputs.items()}
        plan.load(inputs, plan.targets)
        plan.state.rng.bit_generator.state = np.random.default_rng(5).bit_generator.state
        plan.run()
        before = answers(plan)["out"]
        for array in inputs.values():
            array[:, 2] += 1
        plan.load(inputs, plan.targets)
        plan.state.rng.bit_generator.state = np.random.default_rng(5).bit_generator.state
        plan.run()
        np.testing.assert_array_equal(np.delete(answers(plan)["out"], 2, axis=1), np.delete(before, 2, axis=1))


MIXING = [
    kind
    for kind in Layer.registry.values()
    if not kind.apart and kind.pass_mask is Layer.pass_mask and kind().ports() and kind.__name__ != "Missing"
]


@pytest.mark.parametrize("kind", MIXING, ids=lambda kind: kind.__name__)
def test_what_mixes_steps_says_so_and_the_fix_helps(kind):
    for example in kind.examples():
        graph = Graph()
        for port, shape in zip(example.layer.ports(), example.inputs, strict=True):
            graph = graph.add(f"in_{port}", Input(size=shape, mask=len(shape) == 2))
        graph = graph.add("box", example.layer, *(f"in_{port}" for port in example.layer.ports()))
        problems = infer(graph).problems
        assert len(problems) == any(len(shape) == 2 for shape in example.inputs)
        for problem in problems:
            assert "padding" in problem.what
            graph = mend(graph, problem, problem.fixes[0])
        assert all(
            "padding" not in problem.what or problem.port != problems[0].port for problem in infer(graph).problems
        )


def test_series_padded_in_different_ways_cannot_be_added():
    graph = Graph().add("a", Input(size=(5, 2), mask=True)).add("b", Input(size=(5, 2), mask=True))
    (problem,) = infer(graph.add("sum", box("Add"), "a", "b")).problems
    assert "padded in different ways" in problem.what


def test_only_texts_and_series_have_padding():
    graph = Graph().add("in", Input(size=(4,), mask=True))
    (problem,) = infer(graph).problems
    assert infer(mend(graph, problem, problem.fixes[0])).problems == ()


def test_a_stride_with_the_same_padding_has_its_sentence():
    graph = Graph().add("in", Input(size=(5, 2), mask=True)).add("box", box("Conv1D", stride=2), "in")
    (problem,) = infer(graph).problems
    assert "stride" in problem.what


def recorded(rows=24):
    """Return series of unequal lengths, filled up with missing values, each with a class and a class at each step."""
    rng = np.random.default_rng(4)
    series = rng.normal(size=(rows, STEPS, 2)).astype(np.float32)
    for number, length in enumerate(rng.integers(2, STEPS + 1, rows)):
        series[number, length:] = np.nan
    each = np.where(np.isnan(series[..., :1]), np.nan, series[..., :1] > 0)
    kind = np.where(np.nanmean(series[..., 0], axis=1) > 0, "up", "down")
    columns = Column("series", "number", series), Column("each", "number", each), Column("kind", "category", kind)
    return Dataset(columns)


def listening():
    """Return a network with all that leaves padding out, one Output for each sample and one for each step."""
    graph = Graph().add("in", Input(columns=("series",), size=(STEPS, 2), mask=True))
    graph = graph.add("wide", box("Conv1D", filters=4), "in").add("places", box("PositionalEncoding"), "wide")
    graph = graph.add("attention", box("MultiHeadAttention", heads=2, rope=True), "places")
    graph = graph.add("both", box("Bidirectional", layer="LSTM", units=3, layers=2, sequence=True), "in")
    graph = graph.add("tag", box("Dense", units=2), "both").add("each", Output(target="each"), "tag")
    graph = graph.add("pooled", box("MaxPool1D", stride=1), "attention").add("last", box("GRU", units=3), "pooled")
    graph = graph.add("mean", box("GlobalAveragePool1D"), "pooled").add("largest", box("GlobalMaxPool1D"), "attention")
    graph = graph.add("plain", box("ForgetPadding"), "both").add("flat", box("Flatten"), "plain")
    graph = graph.add("all", box("Concatenate", inputs=4), "last", "mean", "largest", "flat")
    return graph.add("head", box("Dense", units=2), "all").add("kind", Output(target="kind"), "head")


@pytest.mark.parametrize("opset", [17, 20])
def test_the_exported_model_leaves_padding_out(opset):
    data, graph = recorded(), listening()
    prepared = prepare(graph, data, DataSettings())
    parameters = draw_parameters(graph, 1)
    model = build(graph, parameters, prepared.fitted, opset=opset)
    chosen = samples(graph, data, DataSettings(), prepared.fitted, 16)
    found = verify(model, graph, parameters, prepared.fitted, chosen.feeds, chosen.inputs)
    assert found.agrees, found.first_wrong
    assert {"last", "attention//own", "in"} <= {part.box for part in found.boxes}


def test_series_of_unequal_lengths_are_learnt_from():
    data, graph = recorded(), listening()
    prepared = prepare(graph, data, DataSettings())
    padding = np.isnan(prepared.inputs["in"]).all(axis=2)
    assert padding.any()
    np.testing.assert_array_equal(prepared.targets["each"] < 0, padding)
    plan = compile(graph, 6, optimizer=Adam(), seed=1)
    for _ in range(40):
        for start in range(0, 18, 6):
            rows = prepared.train[start : start + 6]
            plan.load(*({n: a[rows] for n, a in part.items()} for part in (prepared.inputs, prepared.targets)))
            plan.step(0.02)
    found = evaluate(graph, plan.parameters, prepared, prepared.train)
    assert found.outputs["each"].metrics["Accuracy"] > 0.9
    assert found.outputs["each"].confusion.sum() == (~padding[prepared.train]).sum()


def test_a_class_at_each_step_needs_a_mask_where_series_are_shorter():
    data, graph = recorded(), listening()
    plain = graph.add("in", graph.nodes["in"].with_(mask=False))
    found = [problem for problem in data_problems(plain, data, DataSettings()) if problem.node == "each"]
    assert len(found) == 1
    assert "mask" in found[0].why
    assert data_problems(graph, data, DataSettings()) == ()


def test_a_network_without_padding_is_left_as_it_is():
    graph = network(READERS["lstm"], Input(size=(STEPS, FEATURES)))
    assert lowered(graph) is graph


@pytest.mark.parametrize("mask", [False, True])
def test_stacks_may_share_their_weights(mask):
    """The gradient of what two boxes share is the sum of what each has by itself, whether both are padded or one."""
    reader = box("GRU", units=3, layers=2, sequence=True)
    graph = (
        Graph()
        .add("in", Input(size=(STEPS, FEATURES), mask=True))
        .add("other", Input(size=(STEPS, FEATURES), mask=mask))
    )
    graph = graph.add("first", reader, "in").add("second", reader, "other")
    for name in ("first", "second"):
        graph = graph.add(f"out_{name}", Output(loss=MeanSquaredError()), name)
    shared = graph.add("second", reader.with_(learning=Learning(shares="first", frozen=False)))
    plans = [compile(g, 3, dtype=np.float64, poison=True, seed=2) for g in (shared, graph)]
    assert {name.partition(".")[0] for name in plans[0].parameters} == {"first"}
    for name, array in plans[0].parameters.items():
        for side in ("first", "second"):
            plans[1].parameters[name.replace("first", side)][...] = array
    rng = np.random.default_rng(1)
    series, rest = rng.normal(size=(2, 3, STEPS, FEATURES))
    series[1, 4:] = np.nan
    losses = []
    for plan in plans:
        plan.load({"in": series, "other": rest}, {node: np.ones(array.shape) for node, array in plan.targets.items()})
        losses.append(plan.run())
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    for name, array in plans[0].gradients.items():
        both = plans[1].gradients[name] + plans[1].gradients[name.replace("first", "second")]
        np.testing.assert_allclose(array, both, rtol=1e-9, atol=1e-13, err_msg=name)
