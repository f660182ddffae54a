import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.columns import Column, text_array
from engine.data.batches import batches, shuffled, take
from engine.data.dataset import Dataset, fingerprint
from engine.data.prepare import decode, encode, feeds, in_unit, prepare
from engine.data.settings import DataSettings
from engine.data.split import split
from engine.data.windows import Cut
from engine.data.wiring import wire_data
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.embedding import Embedding
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.output import Output
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.preprocessing.characters import Characters
from engine.preprocessing.scale import Scale
from engine.problems import UserError

NAN = float("nan")


def table(rows=40, seed=0):
    rng = np.random.default_rng(seed)
    return Dataset(
        (
            Column("a", "number", rng.normal(5, 2, rows)),
            Column("b", "category", rng.choice(np.array(["x", "y", "z"]), rows)),
            Column("class", "category", rng.choice(np.array(["no", "yes"]), rows)),
            Column("price", "number", rng.normal(100, 20, rows)),
        )
    )


def network(loss=None, **inputs):
    loss = {} if loss is None else {"loss": loss}
    return Graph().add("in", Input(**inputs)).add("head", Dense(units=1), "in").add("out", Output(**loss), "head")


def wired(dataset, target, loss=None, **settings):
    return wire_data(network(loss), dataset, target=target, **settings)


def test_a_table_becomes_arrays():
    data = table()
    prepared = prepare(wired(data, "class"), data, DataSettings())
    assert prepared.inputs["in"].shape == (40, 5)
    assert prepared.inputs["in"].dtype == np.float32
    assert prepared.targets["out"].dtype == np.intp
    assert len(prepared.train) == 32
    assert sorted([*prepared.train, *prepared.validation]) == list(range(40))
    assert prepared.fitted["out"] == {"classes": ["no", "yes"]}
    json.dumps({node: dict(values) for node, values in prepared.fitted.items()}, allow_nan=False)


def test_only_the_training_part_is_fitted():
    """An outlier, a category and a text that only validation holds change nothing that is fitted."""
    data = table()
    graph = wired(data, "price")
    plain = prepare(graph, data, DataSettings())
    row = plain.validation[3]
    values, marks = data["a"].values.copy(), data["b"].values.astype("<U9")
    values[row], marks[row] = 1e9, "elsewhere"
    price = data["price"].values.copy()
    price[row] = -1e6
    planted = Dataset(
        (Column("a", "number", values), Column("b", "category", marks), data["class"], Column("price", "number", price))
    )
    graph = graph.add("in", graph.nodes["in"].with_(size=(7,)))
    again = prepare(graph, planted, DataSettings())
    for node in ("in", "out"):
        ignore = {"size", "unused"}
        old, new = ({k: v for k, v in p.fitted[node].items() if k not in ignore} for p in (plain, again))
        assert old == new
    np.testing.assert_array_equal(again.inputs["in"][plain.train][:, :6], plain.inputs["in"][plain.train])


@given(rows=st.integers(6, 40), seed=st.integers(0, 99), kind=st.sampled_from(["random", "stratified", "last"]))
@settings(max_examples=40, deadline=None)
def test_validation_values_never_leak(rows, seed, kind):
    data, choice = table(rows), DataSettings(seed=seed, split=kind)
    graph = wired(data, "price", columns=("a",))
    before = prepare(graph, data, choice)
    values = data["a"].values.copy()
    values[before.rows[before.validation]] = 1e12
    changed = Dataset((Column("a", "number", values), *data.columns[1:]))
    after = prepare(graph, changed, choice)
    assert after.fitted == before.fitted
    np.testing.assert_array_equal(after.inputs["in"][after.train], before.inputs["in"][before.train])


def test_windows_fit_on_the_rows_before_the_last_training_target():
    series = np.arange(30.0)
    data = Dataset((Column("v", "number", series),))
    graph = wired(data, "v", columns=("v",), window=5)
    choice = DataSettings(window=5, split="last")
    prepared = prepare(graph, data, choice)
    last = prepared.rows[prepared.train[-1]]
    assert prepared.fitted["in"]["mean"] == [pytest.approx(series[:last].mean())]
    assert prepared.fitted["out"]["mean"] == pytest.approx(series[5 : last + 1].mean())
    raw = prepared.inputs["in"][..., 0] * prepared.fitted["in"]["spread"] + prepared.fitted["in"]["mean"]
    assert raw[3] == pytest.approx([3, 4, 5, 6, 7], abs=1e-4)
    assert in_unit(prepared.fitted["out"], prepared.targets["out"])[3, 0] == pytest.approx(8, abs=1e-4)


@pytest.mark.parametrize(("window", "horizon"), [(1, 1), (3, 1), (3, 4), (7, 2)])
def test_the_target_lies_after_the_window(window, horizon):
    cut = Cut(12, window, horizon)
    values = np.arange(12)[:, None]
    samples = np.arange(cut.samples)
    found = cut.cut(values, samples)
    assert found.shape == (12 - window - horizon + 1, window, 1)
    assert (cut.target_rows(samples) == found[:, -1, 0] + horizon).all()
    assert cut.target_rows(samples)[-1] == 11
    some = np.array([3, 1])
    assert (cut.cut(values, some) == found[some]).all()
    assert cut.cut(values, samples[:0]).shape == (0, window, 1)
    assert np.shares_memory(cut.cut(values, samples[1:]), values)
    assert cut.input_rows(np.array([1])).tolist() == list(range(1, 1 + window))
    assert cut.input_rows(samples).tolist() == list(range(12 - horizon))
    assert cut.input_rows(samples[[0, -1]]).tolist() == sorted(
        {*range(window), *range(12 - horizon - window, 12 - horizon)}
    )


def test_windows_of_a_long_series_take_no_memory():
    data = Dataset((Column("v", "number", np.arange(100_000.0)), Column("w", "number", np.arange(100_000.0))))
    graph = wired(data, "v", columns=("v", "w"), window=500)
    prepared = prepare(graph, data, DataSettings(window=500, split="last"))
    assert prepared.inputs["in"].shape == (99_500, 500, 2)
    assert not prepared.inputs["in"].flags.owndata


def test_rows_without_a_target_are_left_out_with_a_note():
    data = table(10)
    price = data["price"].values.copy()
    price[[2, 5]] = NAN
    data = Dataset((*data.columns[:3], Column("price", "number", price)))
    prepared = prepare(wired(data, "price", columns=("a",)), data, DataSettings())
    assert prepared.rows.tolist() == [0, 1, 3, 4, 6, 7, 8, 9]
    assert len(prepared) == len(prepared.targets["out"]) == 8
    assert any("2 samples are left out" in note for note in prepared.notes)


def test_pixels_take_the_shape_of_the_input():
    data = Dataset((*(Column(f"p{i}", "number", np.arange(6.0) + i) for i in range(6)), table(6)["class"]))
    columns = tuple(f"p{i}" for i in range(6))
    graph = wired(data, "class", columns=columns, size=(1, 2, 3), preprocessing=Scale())
    prepared = prepare(graph, data, DataSettings(split="last", validation=0.0))
    np.testing.assert_allclose(prepared.inputs["in"][2] * 10, [[[2, 3, 4], [5, 6, 7]]], rtol=1e-6)


def test_targets_of_every_kind():
    data = table()
    binary = prepare(wired(data, "class", BinaryCrossEntropy()), data, DataSettings())
    assert binary.targets["out"].shape == (40, 1)
    assert binary.targets["out"].dtype == np.float32
    assert set(binary.targets["out"].ravel().tolist()) == {0, 1}
    value = prepare(wired(data, "price"), data, DataSettings())
    trained = value.targets["out"][value.train]
    assert trained.mean() == pytest.approx(0, abs=1e-6)
    assert trained.std() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(
        in_unit(value.fitted["out"], value.targets["out"])[:, 0], data["price"].values, rtol=1e-5
    )
    graph = wired(data, "price")
    graph = graph.add("out", graph.nodes["out"].with_(standardise=False))
    assert prepare(graph, data, DataSettings()).fitted["out"] == {"mean": 0.0, "scale": 1.0}


def test_numbers_are_classes_where_the_loss_asks_for_them():
    data = Dataset((Column("x", "number", np.arange(12.0)), Column("digit", "number", np.array([10.0, 2, 0.5] * 4))))
    prepared = prepare(wire_data(network(), data, target="digit", loss=CrossEntropy()), data, DataSettings())
    assert prepared.fitted["out"]["classes"] == ["0.5", "2", "10"]
    assert prepared.targets["out"].tolist() == [2, 1, 0] * 4


def test_answers_in_words_and_units():
    data = table()
    graph = wired(data, "class")
    answers = decode(graph.nodes["out"], {"classes": ["no", "yes"]}, np.array([[0.9, 0.1], [0.2, 0.8]]))
    assert [answer.text for answer in answers] == ["no", "yes"]
    assert answers[1].ranked[0] == ("yes", 0.8)
    binary = decode(Output(loss=BinaryCrossEntropy()), {"classes": ["no", "yes"]}, np.array([[0.25]]))[0]
    assert binary.probabilities == (("no", 0.75), ("yes", 0.25))
    value = decode(Output(loss=MeanSquaredError()), {"mean": 100.0, "scale": 10.0}, np.array([[0.5]]))[0]
    assert value.values == (105.0,)
    assert value.text == "105"


def test_new_data_is_encoded_with_what_was_fitted():
    data = table()
    graph, choice = wired(data, "class", columns=("a", "b")), DataSettings()
    prepared = prepare(graph, data, choice)
    whole = encode(graph, data, choice, prepared.fitted)
    np.testing.assert_array_equal(whole.inputs["in"], prepared.inputs["in"])
    np.testing.assert_array_equal(whole.targets["out"], prepared.targets["out"])
    assert whole.validation.tolist() == list(range(40))
    assert whole.notes == ()
    new = Dataset(
        (
            Column("b", "category", np.array(["q", "x"])),
            Column("a", "number", np.array([NAN, 1e300])),
            Column("class", "category", np.array(["never", "no"])),
        )
    )
    found = encode(graph, new, choice, prepared.fitted)
    assert found.inputs["in"][0].tolist()[:4] == [0, 0, 0, 0]
    assert found.validation.tolist() == [1]
    assert "1 sample is without a known target." in found.notes
    bare = encode(graph, Dataset(new.columns[:2]), choice, prepared.fitted)
    assert bare.targets == {}
    assert bare.notes == ("1 value of b was not among those learnt from and counts as missing: q.",)
    assert len(bare) == 2
    with pytest.raises(UserError, match="no column b"):
        encode(graph, Dataset(new.columns[1:]), choice, prepared.fitted)


def test_tables_are_encoded_at_once_however_large(monkeypatch):
    monkeypatch.setattr("engine.data.encoding.ENCODED", 0)
    data = table()
    assert isinstance(prepare(wired(data, "class"), data, DataSettings()).inputs["in"], np.ndarray)


def test_short_new_data_may_suggest_other_kinds():
    data = table()
    graph, choice = wired(data, "price", columns=("a", "b")), DataSettings()
    fitted = prepare(graph, data, choice).fitted
    new = Dataset(
        (
            Column("a", "text", np.array(["5", "five"])),
            Column("b", "text", np.array(["x", "y"])),
            Column("price", "category", np.array(["100", "dear"])),
        )
    )
    found = encode(graph, new, choice, fitted)
    assert found.inputs["in"][1, 0] == 0
    assert found.inputs["in"][:, 1:].tolist() == [[1, 0, 0], [0, 1, 0]]
    assert found.validation.tolist() == [0]
    assert feeds(graph, new, choice, fitted, found.rows)["in"]["numbers"][0].tolist() == [5]
    with pytest.raises(UserError, match="holds images"):
        encode(graph, Dataset((Column("a", "image", np.zeros((2, 1, 2, 2), np.uint8)), new["b"])), choice, fitted)


def test_new_series_end_with_a_forecast():
    data = Dataset((Column("v", "number", np.arange(30.0)),))
    graph, choice = wired(data, "v", columns=("v",), window=5), DataSettings(window=5, split="last")
    fitted = prepare(graph, data, choice).fitted
    found = encode(graph, data, choice, fitted)
    assert len(found) == 26
    assert found.rows[-1] == 30
    assert found.validation.tolist() == list(range(25))


@pytest.mark.parametrize("window", [0, 4])
def test_feeds_are_the_raw_values_of_each_sample(window):
    data, rows = table(), np.array([20, 9])
    columns = ("a", "b", "price")
    graph = wired(data, "class", columns=columns, window=window)
    choice = DataSettings(window=window, split="last")
    prepared = prepare(graph, data, choice)
    found = feeds(graph, data, choice, prepared.fitted, rows)["in"]
    kinds = {feed.name: feed.shape for feed in graph.nodes["in"].preprocessing.feeds(prepared.fitted["in"])}
    assert {name: values.shape[1:] for name, values in found.items()} == kinds
    starts = rows - 4 if window else rows
    for k, start in enumerate(starts):
        read = slice(start, start + max(window, 1))
        np.testing.assert_allclose(found["numbers"][k].reshape(-1, 2)[:, 0], data["a"].values[read], rtol=1e-6)
        assert found["b"][k].ravel().tolist() == data["b"].values[read].tolist()


def test_feeds_of_text_are_numbers_of_tokens():
    data = Dataset((Column("t", "text", np.array(["ab", "b"])), Column("class", "category", np.array(["x", "y"]))))
    graph = Graph().add("in", Input()).add("vectors", Embedding(), "in").add("flat", Flatten(), "vectors")
    graph = graph.add("head", Dense(), "flat").add("out", Output(), "head")
    graph = wire_data(graph, data, target="class", columns=("t",), size=(3,), preprocessing=Characters())
    prepared = prepare(graph, data, DataSettings(validation=0.0))
    found = feeds(graph, data, DataSettings(), prepared.fitted, np.array([1, 0]))["in"]["tokens"]
    assert found.dtype == np.int64
    assert found.tolist() == [[0, 0, 2], [0, 3, 2]]


@given(
    count=st.integers(2, 200),
    share=st.floats(0, 0.9),
    seed=st.integers(0, 1000),
    kind=st.sampled_from(["random", "stratified", "last"]),
    classes=st.integers(1, 5),
)
@settings(max_examples=200, deadline=None)
def test_every_division_is_whole_and_has_both_parts(count, share, seed, kind, classes):
    strata = np.random.default_rng(seed).integers(0, classes, count)
    train, validation = split(count, DataSettings(validation=share, seed=seed, split=kind), strata)
    assert sorted([*train, *validation]) == list(range(count))
    assert len(train) >= 1
    assert (len(validation) >= 1) == (share > 0)
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()
    assert abs(len(validation) - count * share) <= 1
    if kind == "stratified":
        for k in range(classes):
            exact = (strata == k).sum() * len(validation) / count
            assert abs((strata[validation] == k).sum() - exact) < 1


def test_the_seed_alone_decides_the_division():
    one, same, other = (split(50, DataSettings(seed=seed), None)[1].tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_batches_cover_every_sample_once():
    data = table(23)
    prepared = prepare(wired(data, "class"), data, DataSettings(validation=0.0))
    order = shuffled(prepared.train, np.random.default_rng(3))
    assert order.tolist() == shuffled(prepared.train, np.random.default_rng(3)).tolist()
    found = list(batches(prepared, order, 5))
    assert [len(batch.samples) for batch in found] == [5, 5, 5, 5, 3]
    assert sorted(np.concatenate([batch.samples for batch in found]).tolist()) == list(range(23))
    for batch in found:
        np.testing.assert_array_equal(batch.inputs["in"], prepared.inputs["in"][batch.samples])
        np.testing.assert_array_equal(batch.targets["out"], prepared.targets["out"][batch.samples])


def test_consecutive_samples_are_views():
    data = table(20)
    prepared = prepare(wired(data, "class"), data, DataSettings(validation=0.0))
    assert np.shares_memory(take(prepared, np.arange(4, 9)).inputs["in"], prepared.inputs["in"])
    assert not np.shares_memory(take(prepared, np.array([4, 6, 5])).inputs["in"], prepared.inputs["in"])
    for rows in ([4, 6, 5, 7], [4, 4, 6, 7], [7, 6, 5, 4]):
        np.testing.assert_array_equal(take(prepared, np.array(rows)).inputs["in"], prepared.inputs["in"][rows])
    assert len(take(prepared, np.arange(0)).inputs["in"]) == 0


def test_fingerprints_tell_data_sets_apart():
    data = table()
    assert fingerprint(data) == fingerprint(table())
    assert (
        len({fingerprint(d) for d in (data, table(seed=1), Dataset(data.columns[:2]), data.take(np.arange(39)))}) == 4
    )
    wide = Dataset((Column("t", "text", np.array(["a", "b"], "<U9")),))
    slim = Dataset((Column("t", "text", np.array(["a", "b"], np.dtypes.StringDType())),))
    assert fingerprint(wide) == fingerprint(slim) == fingerprint(Dataset((Column("t", "text", text_array("ab")),)))
    assert fingerprint(Dataset((Column("t", "text", np.array(["a", "b\0"])),))) != ""
    assert fingerprint(Dataset((Column("i", "image", np.zeros((0, 1, 2, 2), np.uint8)),)))


def test_problems_stop_preparing():
    with pytest.raises(UserError, match="reads no columns"):
        prepare(network(), table(), DataSettings())


def test_categories_that_were_not_learnt_from_are_counted_and_named():
    known = Dataset((Column("place", "category", np.array(["a", "b"] * 10)), Column("y", "number", np.arange(20.0))))
    graph = Graph().add("in", Input(columns=("place",), size=(2,))).add("head", Dense(units=1), "in")
    graph = graph.add("out", Output(target="y", loss=MeanSquaredError()), "head")
    fitted = prepare(graph, known, DataSettings()).fitted

    def notes(*places):
        return encode(graph, Dataset((Column("place", "category", np.array(places)),)), DataSettings(), fitted).notes

    assert notes("a", "b", "") == ()
    assert notes("a", "c") == ("1 value of place was not among those learnt from and counts as missing: c.",)
    assert notes("f", "e", "d", "c", "c") == (
        "5 values of place were not among those learnt from and count as missing: c, d, e, …",
    )
