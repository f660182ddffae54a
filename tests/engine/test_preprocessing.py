import json
import re
import warnings
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.columns import Column
from engine.data.windows import Cut
from engine.layers.input import Input
from engine.preprocessing.as_is import AsIs
from engine.preprocessing.characters import Characters
from engine.preprocessing.scale import Scale
from engine.preprocessing.standardise import Standardise
from engine.preprocessing.words import Words
from engine.preprocessor import Preprocessor

NAN = float("nan")


def number(name, values):
    return Column(name, "number", np.asarray(values, float))


def category(name, values):
    return Column(name, "category", np.array(values))


def image(values):
    return Column("image", "image", np.asarray(values, np.uint8))


TABLE = [
    number("a", [1, 2, NAN, 4]),
    category("c", ["red", "", "blue", "red"]),
    number("b", [5, 5, 5, 5]),
    number("d", [NAN, NAN, NAN, NAN]),
]
IMAGES = [image(np.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4))]
PIXELS = [number(f"p{i}", [i, 2 * i, 16]) for i in range(6)]
SERIES = [Column("series", "number", np.random.default_rng(0).normal(3, 2, (5, 7, 2)).astype(np.float32))]
TEXT = [Column("t", "text", np.array(["abc", "", "ba", "zzzzzzz"]))]


class Builder:
    """The language of layers, onto onnx's own helpers."""

    types: ClassVar = {"float32": 1, "int64": 7, "string": 8}

    def __init__(self, opset):
        self.opset, self.nodes, self.constants = opset, [], []

    def op(self, kind, /, *inputs, outputs=1, **attributes):
        from onnx import helper

        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value):
        from onnx import helper, numpy_helper

        name, value = f"c{len(self.constants)}", np.asarray(value)
        if value.dtype.kind == "U":
            texts = [text.encode() for text in value.ravel().tolist()]
            self.constants.append(helper.make_tensor(name, 8, value.shape, texts))
        else:
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name


def onnx_answer(preprocessing, fitted, raw, opset):
    import onnxruntime
    from onnx import checker, helper

    g = Builder(opset)
    feeds = preprocessing.feeds(fitted)
    out = preprocessing.onnx(g, {feed.name: f"in_{feed.name}" for feed in feeds}, fitted)
    inputs = [
        helper.make_tensor_value_info(f"in_{feed.name}", Builder.types[feed.dtype], ["batch", *feed.shape])
        for feed in feeds
    ]
    output = helper.make_tensor_value_info(out, 1, ["batch", *fitted["size"]])
    graph = helper.make_graph(g.nodes, "g", inputs, [output], g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 19 else 9)
    checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {f"in_{name}": values for name, values in raw.items()})[0]


def raw_of(preprocessing, fitted, columns):
    """What an exported model takes, made by hand."""
    raw = {}
    for feed in preprocessing.feeds(fitted):
        if feed.dtype == "string":
            raw[feed.name] = next(c for c in columns if c.name == feed.name).values[:, None].astype(object)
        elif feed.dtype == "int64":
            raw[feed.name] = preprocessing.apply(columns, fitted).astype(np.int64)
        else:
            chosen = [c.values for c in columns if c.kind in ("number", "image")]
            flat = chosen[0] if chosen[0].ndim > 1 else np.stack(chosen, axis=1)
            raw[feed.name] = flat.astype(np.float32).reshape(-1, *feed.shape)
    return raw


CASES = [
    (Standardise(), TABLE, (5,), 20),
    (Standardise(), TABLE, (7,), 20),
    (Standardise(), [TABLE[0], TABLE[2]], (2,), 17),
    (Standardise(), TABLE, (7,), 17),
    (Standardise(), [TABLE[1]], (2,), 20),
    (Standardise(), [TABLE[1]], (2,), 17),
    (Standardise(), PIXELS, (1, 2, 3), 17),
    (Standardise(), SERIES, (7, 2), 17),
    (Standardise(), SERIES, (14,), 20),
    (Scale(), TABLE, (5,), 20),
    (Scale(), [TABLE[1]], (2,), 20),
    (Scale(), TABLE, (7, 1), 17),
    (Scale(), PIXELS, (1, 2, 3), 17),
    (Scale(), PIXELS, (6,), 20),
    (Scale(), IMAGES, (3, 4, 4), 17),
    (Scale(), SERIES, (7, 2), 20),
    (AsIs(), IMAGES, (3, 4, 4), 20),
    (AsIs(), [TABLE[0], TABLE[2]], (2,), 17),
    (Characters(), TEXT, (4,), 20),
    (Words(), TEXT, (3,), 17),
]


@pytest.mark.parametrize(
    ("preprocessing", "columns", "size", "opset"),
    [pytest.param(*case, id=f"{type(case[0]).__name__}-{i}") for i, case in enumerate(CASES)],
)
def test_onnx_says_the_same(preprocessing, columns, size, opset, witness):
    fitted = json.loads(json.dumps(preprocessing.fit(columns, size), allow_nan=False))
    ours = preprocessing.apply(columns, fitted).reshape(-1, *size)
    theirs = onnx_answer(preprocessing, fitted, raw_of(preprocessing, fitted, columns), opset)
    assert ours.dtype == np.float32
    assert np.isfinite(ours).all()
    for kind in (type(preprocessing), Input):
        witness.alike(kind, "ONNX Runtime", "prepared values in float32", ours, theirs, 1e-6)


@pytest.mark.parametrize("kind", Preprocessor.registry.values())
def test_every_preprocessing_has_a_case(kind):
    assert any(type(case[0]) is kind for case in CASES)
    assert kind.kinds
    assert kind().problems() == {}


@pytest.mark.parametrize("opset", [17, 20])
def test_onnx_of_windows_says_the_same(opset):
    columns = [number("a", np.arange(10.0)), category("c", list("xyzxyzxyzx")), number("b", np.arange(10.0) ** 2)]
    preprocessing, cut, samples = Standardise(), Cut(10, 4, 1), np.arange(6)
    fitted = preprocessing.fit(columns, (4, 5), 4)
    ours = cut.cut(preprocessing.apply(columns, fitted), samples)
    numbers = np.stack([columns[0].values, columns[2].values], axis=1).astype(np.float32)
    raw = {"numbers": cut.cut(numbers, samples), "c": cut.cut(columns[1].values[:, None], samples).astype(object)}
    theirs = onnx_answer(preprocessing, fitted, {k: np.ascontiguousarray(v) for k, v in raw.items()}, opset)
    np.testing.assert_allclose(theirs, ours, rtol=1e-6, atol=1e-6)


def test_standardise_gives_mean_0_and_spread_1():
    columns = [number("a", [1, 2, 3, 6]), category("c", ["x", "y", "x", ""])]
    y = Standardise().apply(columns, Standardise().fit(columns, (3,)))
    assert y[:, 0].mean() == pytest.approx(0, abs=1e-6)
    assert y[:, 0].std() == pytest.approx(1, abs=1e-6)
    assert y[:, 1:].tolist() == [[1, 0], [0, 1], [1, 0], [0, 0]]


def test_numbers_come_before_categories_and_missing_ones_are_the_mean():
    fitted = Standardise().fit(TABLE, (5,))
    y = Standardise().apply(TABLE, fitted)
    assert y[2, 0] == 0
    assert (y[:, 1:3] == 0).all()  # constant, and all missing
    assert y[:, 3:].tolist() == [[0, 1], [0, 0], [1, 0], [0, 1]]


def test_a_category_that_only_others_have_leaves_room():
    seen, other = [category("c", ["a", "b"])], [category("c", ["c", "a"])]
    fitted = Standardise().fit(seen, (3,))
    assert Standardise().apply(other, fitted).tolist() == [[0, 0, 0], [1, 0, 0]]


def test_scale_brings_pixels_to_0_to_1_together_and_tables_by_column():
    fitted = Scale().fit(PIXELS, (1, 2, 3))
    assert fitted["low"] == [0]
    assert fitted["width"] == [16]
    y = Scale().apply(PIXELS, Scale().fit(PIXELS, (6,)))
    assert y.min(axis=0).tolist() == [0] * 6
    assert y.max(axis=0).tolist() == [1] * 6


def test_images_go_from_255_to_1_whatever_occurs():
    y = Scale().apply(IMAGES, Scale().fit(IMAGES, (3, 4, 4)))
    np.testing.assert_array_equal(y, IMAGES[0].values.astype(np.float32) / np.float32(255))


def test_characters_are_numbered_by_frequency_and_padded_before():
    fitted = Characters().fit(TEXT, (4,))
    assert fitted["vocabulary"][:3] == ["z", "a", "b"]
    assert Characters().apply(TEXT, fitted).tolist() == [[0, 3, 4, 5], [0, 0, 0, 0], [0, 0, 4, 3], [2, 2, 2, 2]]
    after = Characters(padding="after")
    assert after.apply(TEXT, fitted)[0].tolist() == [3, 4, 5, 0]


def test_a_text_is_as_long_as_the_longest_but_never_nothing():
    assert Characters().shape(TEXT) == (7,)
    assert Words().shape([Column("t", "text", np.array(["to be, or", "not"]))]) == (4,)
    assert Characters().shape([Column("t", "text", np.array(["", ""]))]) == (1,)


def test_unknown_tokens_are_1_and_the_vocabulary_has_a_limit():
    fitted = Characters(tokens=4).fit(TEXT, (4,))
    assert fitted["vocabulary"] == ["z", "a"]
    new = [Column("t", "text", np.array(["zaq"]))]
    assert Characters().apply(new, fitted).tolist() == [[0, 2, 3, 1]]
    assert Characters(tokens=4).apply(TEXT, fitted).max() < 4


def test_what_a_text_loses_is_known():
    fitted = Words().fit([Column("t", "text", np.array(["the cat sees"]))], (4,))
    assert Words().missed("The cat sees", fitted) == ([], 0)
    assert Words().missed("The zebra sees a zebra run by", fitted) == (["zebra", "a"], 3)
    assert Words().missed("", fitted) == ([], 0)


def test_words_and_marks_are_tokens():
    assert list(Words().split(["Don't stop, 3 times!"])) == [["Don't", "stop", ",", "3", "times", "!"]]


def test_lower_treats_letters_alike():
    columns = [Column("t", "text", np.array(["aA"]))]
    assert Characters(lower=True).fit(columns, (2,))["vocabulary"] == ["a"]
    assert Characters().fit(columns, (2,))["vocabulary"] == ["A", "a"]


def test_a_model_tells_how_tokens_are_made():
    """With what a model says, and nothing of ours, a text becomes the same numbers."""
    for rule, text in ((Characters(lower=True), "zaB?"), (Words(), "a zebra, a z"), (Words(spaces=True), "a z, a")):
        fitted = rule.fit([Column("t", "text", np.array(["zz, a b a"]))], (6,))
        told = json.loads(json.dumps({**rule.to_dict(), **rule.told(), "vocabulary": fitted["vocabulary"]}))
        text = text.lower() if told["lower"] else text
        tokens = re.findall(told["token"], text) if "token" in told else list(text)
        number = {token: told["numbers"]["vocabulary from"] + i for i, token in enumerate(told["vocabulary"])}
        numbers = [number.get(token, told["numbers"]["unknown"]) for token in tokens]
        filled = [told["numbers"]["padding"]] * (6 - len(numbers)) + numbers
        assert rule.apply([Column("t", "text", np.array([text]))], fitted).tolist() == [filled]


@pytest.mark.parametrize("preprocessing", [Standardise(), Scale()])
@given(data=arrays(np.float64, (6, 3), elements=st.floats(allow_nan=True, allow_infinity=False)))
@settings(max_examples=150, deadline=None)
def test_no_number_makes_the_result_other_than_finite(preprocessing, data):
    columns = [number(f"x{i}", data[:, i]) for i in range(3)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = json.loads(json.dumps(preprocessing.fit(columns, (3,)), allow_nan=False))
        y = preprocessing.apply(columns, fitted)
    assert y.shape == (6, 3)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("preprocessing", [Standardise(), Scale(), Characters(), Words()])
@given(
    texts=st.lists(st.text(max_size=6), min_size=1, max_size=5),
    new=st.lists(st.text(max_size=6), min_size=1, max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_texts_that_were_never_seen_do_no_harm(preprocessing, texts, new):
    kind = preprocessing.kinds[-1] if preprocessing.takes_tokens else "category"
    columns = [Column("t", kind, np.array(texts, dtype="<U6"))]
    size = preprocessing.shape(columns)
    fitted = preprocessing.fit(columns, size)
    y = preprocessing.apply([Column("t", kind, np.array(new, dtype="<U6"))], fitted)
    assert y.shape == (len(new), *size)


def test_long_texts_among_many_are_kept():
    from engine.columns import text_array

    texts = ["x" * 1000] + ["y"] * 100_000
    values = text_array(texts)
    assert values.nbytes < 1 << 26
    column = Column("t", "text", values)
    assert column.distinct == ("x" * 1000, "y")
    y = Characters().apply([column], Characters().fit([column], (3,)))
    assert y[0].tolist() == [3, 3, 3]  # the rarer letter
    assert y[1].tolist() == [0, 0, 2]
