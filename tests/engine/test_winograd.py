"""Convolution by minimal filtering: the same values with fewer multiplications."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.graph import Graph
from engine.kernels import tiles
from engine.layers import winograd_conv2d, winograd_convolution
from engine.layers.conv2d import Conv2D
from engine.layers.conv3d import Conv3D
from engine.layers.input import Input
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.winograd_conv2d import WinogradConv2D
from engine.layers.winograd_conv3d import WinogradConv3D
from engine.layers.winograd_convolution import tiles_of
from engine.plan import passes
from engine.plan.compile import compile
from engine.plan.passes import improved, multiply_less

from .networks import Weighted, all_gradients, feed, run, scatter

REAL = {name: getattr(winograd_conv2d, name) for name in ("FEWEST", "FEWEST_POOLED")}


@pytest.fixture(autouse=True, scope="module")
def _small():
    """Small networks are computed so, too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in REAL:
            patch.setattr(winograd_conv2d, name, 12)
        yield


@pytest.fixture
def _new_tiles():
    """What a test changes decides how large blocks are, and nothing else after it."""
    tiles_of.cache_clear()
    yield
    tiles_of.cache_clear()


def alone(size, convolution, pooled=False):
    graph, last = Graph().add("in", Input(size=size)).add("conv", convolution, "in"), "conv"
    if pooled:
        graph, last = graph.add("pool", MaxPool2D(), "conv"), "pool"
    return graph.add("out", Output(loss=Weighted()), last)


def ran(graph, batch, *, inputs=True, dtype=np.float64):
    plan = compile(graph, batch, dtype=dtype, input_gradients=inputs, poison=True)
    rng = np.random.default_rng(0)
    scatter(plan, rng)
    feed(plan, rng)
    run(plan)
    return plan.outputs()["out"].copy(), all_gradients(plan)


def plainly(monkeypatch, graph, batch, **options):
    with monkeypatch.context() as patch:
        patch.setattr(passes, "PASSES", ())
        return ran(graph, batch, **options)


def assert_same(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-10, atol=1e-11)
    for key, array in expected[1].items():
        np.testing.assert_allclose(found[1][key], array, rtol=1e-9, atol=1e-11 * abs(array).max(), err_msg=key)


EXAMPLES = [*WinogradConv2D.examples(), *WinogradConv3D.examples()]


@pytest.mark.parametrize("many", [1, winograd_convolution.MANY], ids=["large filters", "small filters"])
@pytest.mark.parametrize("inputs", [True, False])
@pytest.mark.parametrize("batch", [1, 9])
@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_it_computes_what_the_convolution_does(example, batch, inputs, many, monkeypatch):
    monkeypatch.setattr(winograd_convolution, "MANY", many)
    graph = alone(example.inputs[0], example.layer.convolution, getattr(example.layer, "pooled", False))
    assert improved(graph).nodes["conv"] == example.layer
    assert_same(ran(graph, batch, inputs=inputs), plainly(monkeypatch, graph, batch, inputs=inputs))


@pytest.mark.usefixtures("_new_tiles")
@pytest.mark.parametrize(
    ("size", "convolution", "pooled"),
    [
        ((12, 10, 12), Conv2D(filters=12), False),
        ((12, 10, 12), Conv2D(filters=12), True),
        ((12, 6, 14), Conv2D(filters=12), False),
        ((12, 6, 14), Conv2D(filters=12), True),
        ((24, 10, 12), Conv2D(filters=24, groups=2), False),
        ((24, 6, 14), Conv2D(filters=24, groups=4), False),
    ],
)
def test_blocks_of_rows_and_of_images_make_a_whole(size, convolution, pooled, monkeypatch):
    monkeypatch.setattr(tiles, "MOST", 1)
    graph = alone(size, convolution, pooled)
    expected = plainly(monkeypatch, graph, 5)
    for cache in (16 * 24 * 7, 16 * 24 * 50):
        monkeypatch.setattr(tiles, "CACHE", cache)
        tiles_of.cache_clear()
        assert_same(ran(graph, 5), expected)


@pytest.mark.usefixtures("_new_tiles")
@pytest.mark.parametrize("kernel", [(1, 3, 3), (2, 3, 3), (3, 3, 3)])
@pytest.mark.parametrize("size", [(12, 3, 10, 12), (13, 1, 7, 6)])
def test_blocks_of_rows_and_of_volumes_make_a_whole(size, kernel, monkeypatch):
    monkeypatch.setattr(tiles, "FEWEST", 1)
    graph = alone(size, Conv3D(filters=12, kernel=kernel))
    assert isinstance(improved(graph).nodes["conv"], WinogradConv3D)
    expected = plainly(monkeypatch, graph, 5)
    for cache in (16 * 24 * 7, 16 * 24 * 150):
        monkeypatch.setattr(tiles, "CACHE", cache)
        tiles_of.cache_clear()
        assert_same(ran(graph, 5), expected)


@settings(max_examples=25, deadline=None)
@given(
    some.tuples(some.integers(12, 15), some.integers(1, 4), some.integers(5, 9), some.integers(5, 9)),
    some.integers(1, 4),
    some.tuples(some.integers(0, 3), some.integers(0, 2), some.integers(0, 2)),
    some.integers(12, 15),
    some.integers(1, 4),
)
def test_any_volume_gives_the_same(size, depth, border, filters, batch):
    border = max(min(border[0], depth - 1), (depth - size[1] + 1) // 2), *border[1:]
    graph = alone(size, Conv3D(filters=filters, kernel=(depth, 3, 3), padding="explicit", border=border))
    with pytest.MonkeyPatch.context() as patch:
        assert_same(ran(graph, batch), plainly(patch, graph, batch))


@settings(max_examples=25, deadline=None)
@given(
    some.tuples(some.integers(12, 15), some.integers(5, 9), some.integers(5, 9)),
    some.tuples(some.integers(0, 2), some.integers(0, 2)),
    some.integers(12, 15),
    some.integers(1, 4),
)
def test_any_size_gives_the_same(size, border, filters, batch):
    convolution = Conv2D(filters=filters, padding="explicit", border=border)
    graph = alone(size, convolution)
    with pytest.MonkeyPatch.context() as patch:
        assert_same(ran(graph, batch), plainly(patch, graph, batch))


@pytest.mark.parametrize(
    ("convolution", "size"), [(Conv2D(filters=64), (64, 16, 16)), (Conv3D(filters=64), (64, 4, 12, 12))]
)
def test_in_single_precision_it_is_as_exact_as_the_convolution(convolution, size, monkeypatch):
    graph = alone(size, convolution)
    exact = ran(graph, 2)[0]
    minimal = ran(graph, 2, dtype=np.float32)[0]
    plain = plainly(monkeypatch, graph, 2, dtype=np.float32)[0]
    assert abs(minimal - exact).max() < 2 * abs(plain - exact).max()


@pytest.mark.parametrize(
    ("convolution", "size"),
    [
        (Conv2D(filters=16, stride=(2, 2)), (16, 8, 8)),
        (Conv2D(filters=16, dilation=(2, 2)), (16, 8, 8)),
        (Conv2D(filters=16, kernel=(3, 2)), (16, 8, 8)),
        (Conv2D(filters=4), (16, 8, 8)),
        (Conv2D(filters=8, groups=2), (16, 8, 8)),
        (Conv2D(filters=16), (3, 8, 8)),
        (Conv2D(filters=16, padding="explicit", border=(3, 3)), (16, 8, 8)),
        (Conv2D(filters=16), (16, 4, 4)),
        (Conv3D(filters=16, stride=(2, 1, 1)), (16, 4, 8, 8)),
        (Conv3D(filters=16, dilation=(2, 1, 1)), (16, 4, 8, 8)),
        (Conv3D(filters=16, kernel=(3, 3, 2)), (16, 4, 8, 8)),
        (Conv3D(filters=32, groups=2), (32, 4, 8, 8)),
        (Conv3D(filters=16), (3, 4, 8, 8)),
        (Conv3D(filters=16, padding="explicit", border=(3, 1, 1)), (16, 4, 8, 8)),
        (Conv3D(filters=16), (16, 8, 4, 4)),
    ],
    ids=[
        "stride",
        "dilation",
        "other windows",
        "few filters",
        "few of all groups",
        "few channels",
        "wide border",
        "a small image",
        "stride along the depth",
        "dilation along the depth",
        "other windows of volumes",
        "groups of volumes",
        "few channels of volumes",
        "wide border of volumes",
        "small planes",
    ],
)
def test_what_does_not_suit_stays(convolution, size):
    graph = alone(size, convolution)
    assert multiply_less(graph) == graph


def test_with_few_channels_it_pays_only_where_a_pooling_is_behind(monkeypatch):
    for name, value in REAL.items():
        monkeypatch.setattr(winograd_conv2d, name, value)
    assert type(improved(alone((16, 8, 8), Conv2D(filters=16))).nodes["conv"]) is Conv2D
    for filters, pooled in ((16, True), (24, False)):
        graph = alone((filters, 8, 8), Conv2D(filters=filters), pooled)
        assert isinstance(improved(graph).nodes["conv"], WinogradConv2D)
