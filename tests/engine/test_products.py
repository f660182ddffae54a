"""Products in blocks write the same as plain ones, whatever the sizes and however the matrices lie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calls import in_turn
from engine.graph import Graph
from engine.kernels import products
from engine.kernels.blocks import SMALL, SMALL_TURNED, block_shape, in_blocks
from engine.kernels.products import columns, product, steps, summed
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.gru import GRU
from engine.layers.input import Input
from engine.layers.lstm import LSTM
from engine.layers.multi_head_attention import MultiHeadAttention
from engine.layers.output import Output
from engine.layers.simple_rnn import SimpleRNN
from engine.optimizers.sgd import SGD
from engine.plan.compile import compile

SIZE = st.integers(1, 40)


def drawn(rows, columns, turned, seed=0):
    made = np.random.default_rng(seed).standard_normal((columns, rows) if turned else (rows, columns))
    return made.astype(np.float32).T if turned else made.astype(np.float32)


@given(m=SIZE, k=SIZE, n=SIZE, height=SIZE, width=SIZE, left=st.booleans(), right=st.booleans())
def test_blocks_of_any_size_make_the_whole(m, k, n, height, width, left, right):
    a, b = drawn(m, k, left), drawn(k, n, right, seed=1)
    out = np.full((m, n), np.nan, np.float32)
    in_blocks(a, b, out, height, width)()
    np.testing.assert_allclose(out, a.astype(float) @ b.astype(float), rtol=1e-5, atol=1e-5)


@given(m=SIZE, k=SIZE, n=SIZE, left=st.booleans(), right=st.booleans())
def test_a_result_may_lie_transposed(m, k, n, left, right):
    a, b = drawn(m, k, left), drawn(k, n, right, seed=1)
    out = np.full((n, m), np.nan, np.float32).T
    product(a, b, out)()
    np.testing.assert_allclose(out, a.astype(float) @ b.astype(float), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gaps", [(True, False), (False, True), (True, True)])
def test_a_matrix_with_gaps_is_not_given_to_dot(gaps):
    a, b = (
        drawn(20, 40, False, seed)[:, 10:30] if gap else drawn(20, 20, False, seed) for seed, gap in enumerate(gaps)
    )
    out = np.full((20, 20), np.nan, np.float32)
    multiply = product(a, b, out)
    assert multiply.func is np.matmul  # `dot` would copy it, value by value
    multiply()
    np.testing.assert_allclose(out, a.astype(float) @ b.astype(float), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("first", "second"), [((), (3,)), ((3,), ()), ((3,), (3,))])
def test_blocks_of_stacks_make_the_whole(first, second):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((*first, 30, 5)), rng.standard_normal((*second, 5, 20))
    out = np.full((3, 30, 20), np.nan)
    in_blocks(a, b, out, 8, 16)()
    np.testing.assert_allclose(out, a @ b)


@pytest.mark.parametrize("part", [slice(None), slice(1, 6)])
def test_matrices_whose_rows_lie_evenly_are_multiplied_like_those_apart(part):
    rng = np.random.default_rng(0)
    rows, b, out = rng.standard_normal((30, 4, 9)), rng.standard_normal((30, 20)), np.full((4, 9, 20), np.nan)
    a = rows[..., part].transpose(1, 2, 0)
    product(a, b, out[:, part])()
    np.testing.assert_allclose(out[:, part], a @ b)


@pytest.fixture
def blocks(monkeypatch):
    """Blocks are cut whatever BLAS this machine has."""
    monkeypatch.setattr(products, "small_kernels", lambda: True)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("room", "more"), [(False, False), (True, False), (True, True)])
def test_a_great_depth_is_added_up(blocks, left, room, more):
    a, b = drawn(9, 20_000, left), drawn(20_000, 17, False, seed=1)
    out, part = drawn(9, 17, False, seed=2), np.full((9, 17), np.nan, np.float32) if room else None
    expected = a.astype(float) @ b.astype(float) + (out if more else 0)
    calls = list(summed(a, b, out, part, more=more))
    assert len(calls) > 2
    in_turn(calls)()
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("m", "k", "n", "left", "right"),
    [
        (128, 784, 256, False, False),
        (100, 300, 200, False, True),
        (784, 64, 250, True, False),
        (128, 600, 512, True, False),
        (70, 4096, 65, False, False),
        (3, 5, 7, False, False),
        (40, 50, 60, True, True),
        (300, 10, 70, False, True),  # the second matrix is turned first
    ],
)
def test_a_product_is_right_and_can_be_repeated(blocks, m, k, n, left, right):
    a, b = drawn(m, k, left), drawn(k, n, right, seed=1)
    out = np.full((m, n), np.nan, np.float32)
    multiply = product(a, b, out)
    multiply()
    first = out.copy()
    np.testing.assert_allclose(first, a.astype(float) @ b.astype(float), rtol=2e-4, atol=2e-4)
    out[...] = np.nan
    multiply()
    np.testing.assert_array_equal(out, first)


@pytest.mark.parametrize(("n", "k", "u"), [(16, 161, 128), (32, 512, 128), (5, 300, 300), (7, 3, 2), (33, 512, 128)])
@pytest.mark.parametrize("stack", [(), (4,)])
@pytest.mark.parametrize("beyond", [1 << 30, 0])
def test_steps_multiply_any_rows(blocks, monkeypatch, n, k, u, stack, beyond):
    monkeypatch.setattr(products, "BEYOND", beyond)
    b, out = np.random.default_rng(0).standard_normal((*stack, k, u)).astype(np.float32), np.empty((*stack, n, u), "f")
    laid = columns(np.empty_like(b), n)
    laid[...] = b.reshape(laid.shape)
    multiply = steps(laid, out)
    for seed in (1, 2):
        a = drawn(n, k, False, seed)
        multiply(a)()
        np.testing.assert_allclose(out, a.astype(float) @ b.astype(float), rtol=2e-4, atol=2e-4)


@pytest.mark.parametrize(
    ("shape", "rows", "width"),
    [
        ((4, 577, 512), 8, 64),
        ((2048, 512), 8, 32),
        ((1024, 4096), 4, 64),
        ((2048, 520), 8, 520),
        ((4, 577, 512), 1, 512),
    ],
)
def test_columns_lie_one_behind_the_other_where_the_cache_is_too_small(blocks, shape, rows, width):
    memory = np.empty(shape, np.float32)
    laid = columns(memory, rows)
    assert laid.shape == (*shape[:-1], shape[-1] // width, width)
    assert np.shares_memory(laid, memory)
    assert laid[..., 0, :].strides[-2:] == (4 * width, 4)


def test_columns_stay_as_they_are_in_the_cache_with_many_rows_and_elsewhere(blocks, monkeypatch):
    large, small = np.zeros((2048, 512), np.float32), np.zeros((512, 128), np.float32)
    assert columns(small, 8).shape == (512, 1, 128)
    assert columns(large, 128).shape == columns(large, 36).shape == (2048, 1, 512)
    assert columns(large.astype(float), 8).shape == (2048, 1, 512)
    monkeypatch.setattr(products, "small_kernels", lambda: False)
    assert columns(large, 8).shape == (2048, 1, 512)


def test_blocks_are_small_enough_to_be_multiplied_as_they_lie():
    for m, k, n in ((128, 784, 256), (2048, 512, 128), (33, 500, 77), (64, 1500, 640)):
        for left, right in ((False, False), (False, True), (True, False)):
            shape = block_shape(drawn(m, k, left), drawn(k, n, right))
            if shape:
                assert shape[0] * shape[1] * k <= SMALL
                assert not right or shape[0] * shape[1] <= SMALL_TURNED


def test_products_of_many_rows_with_what_lies_badly_stay_whole():
    """Each was 1.2 to 3 times as slow in blocks."""
    for m, k, n in ((128, 512, 1024), (1024, 1024, 512), (64, 512, 257)):
        assert block_shape(drawn(m, k, False), drawn(k, n, False)) is None
    for m, k, n in ((256, 1024, 512), (64, 577, 256), (128, 64, 256)):
        assert block_shape(drawn(m, k, False), drawn(k, n, True)) is None
    for m, k, n in ((2048, 256, 576), (256, 128, 577)):
        assert block_shape(drawn(m, k, True), drawn(k, n, False)) is None


def test_products_of_few_rows_are_cut():
    for m, k, n, left, right in (
        (8, 577, 512, False, False),
        (16, 512, 512, False, True),
        (1024, 64, 1024, True, False),
    ):
        assert block_shape(drawn(m, k, left), drawn(k, n, right))


def test_narrow_products_are_cut_the_higher():
    for m, k, n, left in ((600, 400, 6, True), (2000, 150, 8, False), (600, 400, 32, False)):
        height, width = block_shape(drawn(m, k, left), drawn(k, n, False))
        assert width == n
        assert height * width * k <= SMALL
    assert block_shape(drawn(9600, 75, True), drawn(75, 16, False)) is None
    assert block_shape(drawn(75, 1500, True), drawn(1500, 24, False)) is None


def test_small_and_very_deep_products_stay_whole():
    assert block_shape(drawn(32, 8, False), drawn(8, 8, False)) is None
    assert block_shape(drawn(64, 4096, False), drawn(4096, 256, False)) is None
    assert block_shape(drawn(64, 2048, True), drawn(2048, 256, False)) is None


def test_kernels_are_told_by_what_the_process_was_started_with(monkeypatch):
    config = {
        "Build Dependencies": {"blas": {"name": "scipy-openblas"}},
        "SIMD Extensions": {"found": ["X86_V3", "X86_V4"]},
    }
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    tell = products.small_kernels.__wrapped__
    assert tell()
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    assert not tell()
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    assert not tell()
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    config["SIMD Extensions"]["found"] = ["X86_V3"]
    assert not tell()


class Trained:
    """What two steps of a network make of its parameters."""

    def __init__(self, *layers, batch, size):
        graph = Graph().add("in", Input(size=size))
        for number, layer in enumerate(layers):
            graph = graph.add(f"box{number}", layer, f"box{number - 1}" if number else "in")
        graph = graph.add("out", Output(), f"box{len(layers) - 1}")
        plan, rng = compile(graph, batch, optimizer=SGD(), poison=True), np.random.default_rng(0)
        plan.load({"in": rng.standard_normal((batch, *size)).astype("f")}, {"out": rng.integers(0, 3, batch)})
        self.losses = [plan.step(0.1) for _ in range(2)]
        self.parameters = plan.state.arrays()


@pytest.mark.parametrize(
    ("layers", "batch", "size"),
    [
        ((Dense(units=300), Dense(units=3)), 70, (100,)),
        ((LSTM(units=64), Dense(units=3)), 48, (4, 20)),
        ((GRU(units=64), Dense(units=3)), 48, (4, 20)),
        ((GRU(units=64, sequence=True), SimpleRNN(units=64), Dense(units=3)), 48, (4, 300)),
        ((MultiHeadAttention(heads=2), Flatten(), Dense(units=3)), 40, (6, 64)),
    ],
    ids=["Dense", "LSTM", "GRU", "layers", "MultiHeadAttention"],
)
def test_layers_learn_the_same_with_blocks_and_without(monkeypatch, layers, batch, size):
    monkeypatch.setattr(products, "small_kernels", lambda: False)
    plain = Trained(*layers, batch=batch, size=size)
    monkeypatch.setattr(products, "small_kernels", lambda: True)
    blocked = Trained(*layers, batch=batch, size=size)
    np.testing.assert_allclose(blocked.losses, plain.losses, rtol=1e-5)
    for name, array in plain.parameters.items():
        np.testing.assert_allclose(blocked.parameters[name], array, rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("beyond", [1 << 30, 0])
@pytest.mark.parametrize("n", [1, 8, 24, 33])
def test_parts_of_a_deep_product_are_added_up(blocks, monkeypatch, n, beyond):
    monkeypatch.setattr(products, "BEYOND", beyond)
    b, out = drawn(4 * 96, 64, False), np.empty((n, 64), "f")
    laid = columns(products.apart(np.empty_like(b), 4), n)
    assert len(laid) == (1 if beyond else 4)
    laid[...] = b.reshape(laid.shape)
    multiply = products.summed_steps(laid, out, np.empty((4, n, 64), "f"))
    for seed in (1, 2):
        a = drawn(n, 4 * 96, False, seed)
        multiply(a)()
        np.testing.assert_allclose(out, a.astype(float) @ b.astype(float), rtol=2e-4, atol=2e-4)
