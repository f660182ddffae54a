"""Convolution in groups: the same values as one convolution for each group, in products of a good size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.graph import Graph
from engine.kernels import convolution
from engine.kernels.groups import WIDE, Grouping, grouping, on_diagonal
from engine.layers.conv1d import Conv1D
from engine.layers.conv2d import Conv2D
from engine.layers.conv3d import Conv3D
from engine.layers.input import Input
from engine.layers.output import Output
from engine.plan.compile import compile

from .networks import Weighted, all_gradients, feed, run, scatter


@pytest.mark.parametrize(
    ("groups", "channels", "filters", "products"),
    [
        (1, 3, 64, 1),
        (2, 4, 4, 1),
        (2, 32, 32, 2),
        (8, 8, 8, 4),
        (32, 4, 4, 8),
        (64, 1, 1, 4),
        (7, 4, 4, 1),
        (31, 4, 4, 31),
    ],
)
def test_groups_are_merged_up_to_a_good_size(groups, channels, filters, products):
    assert grouping(groups, channels, filters) == Grouping(products, groups // products)


@given(some.integers(1, 200), some.integers(1, 40), some.integers(1, 40))
def test_merging_never_costs_more_than_one_product_for_each_group(groups, channels, filters):
    found = grouping(groups, channels, filters)
    each = max(found.merged * channels, WIDE) * max(found.merged * filters, WIDE)
    assert found.products * found.merged == groups
    assert found.products * each <= groups * max(channels, WIDE) * max(filters, WIDE)


def test_merged_filters_stand_between_zeros():
    filters = np.arange(1.0, 2 * 3 * 4 * 5 + 1).reshape(2 * 3, 4, 5)
    groups, matrices = Grouping(products=1, merged=3), np.zeros((1, 5, 12, 6))
    blocks = groups.blocks(filters)
    on_diagonal(matrices, blocks)[...] = blocks
    np.testing.assert_array_equal(matrices[0, 1, 4:8, 2:4], filters[2:4, :, 1].T)
    assert np.count_nonzero(matrices) == filters.size
    np.testing.assert_array_equal(on_diagonal(matrices, blocks), blocks)


def test_flipped_blocks_run_backwards_along_the_kernel():
    filters = np.random.default_rng(0).normal(size=(6, 2, 3, 4))
    blocks = Grouping(products=3, merged=2).flipped_blocks(filters)
    np.testing.assert_array_equal(blocks[1, 0, 1, 1], filters[3:4, :, 2, 2])


def within(dense, groups):
    """Return what filters of one convolution see of their own group, as a view (groups, F, C, *kernel)."""
    filters, channels, *kernel = dense.shape
    apart = dense.reshape(groups, filters // groups, groups, channels // groups, *kernel)
    return np.einsum("gfgc...->gfc...", apart)


def compiled(layer, size, batch):
    graph = Graph().add("in", Input(size=size)).add("box", layer, "in").add("out", Output(loss=Weighted()), "box")
    return compile(graph, batch, dtype=np.float64, input_gradients=True, poison=True)


def assert_like_one_with_zeros(layer, size, batch):
    ours, dense = compiled(layer, size, batch), compiled(layer.with_(groups=1), size, batch)
    rng, groups = np.random.default_rng(0), layer.groups
    scatter(ours, rng)
    fed, weight = feed(ours, rng), ours.parameters["box.weight"]
    dense.load(fed.inputs, fed.targets)
    dense.parameters["box.weight"][...] = 0
    within(dense.parameters["box.weight"], groups)[...] = weight.reshape(groups, -1, *weight.shape[1:])
    dense.parameters["box.bias"][...] = ours.parameters["box.bias"]
    for plan in (ours, dense):
        run(plan)
        plan.parameters["box.weight"][...] *= 1.5  # as after a step
    assert run(ours) == pytest.approx(run(dense), rel=1e-9)
    np.testing.assert_allclose(ours.outputs()["out"], dense.outputs()["out"], rtol=1e-9, atol=1e-11)
    found, expected = all_gradients(ours), all_gradients(dense)
    expected["box.weight"] = within(expected["box.weight"], groups).reshape(weight.shape)
    for key, array in expected.items():
        np.testing.assert_allclose(found[key], array, rtol=1e-8, atol=1e-11 * abs(array).max(), err_msg=key)


GROUPS = some.sampled_from([(2, 8), (2, 18), (4, 6), (3, 17), (8, 2), (5, 5), (6, 1)])


@settings(max_examples=40, deadline=None)
@given(
    GROUPS,
    some.integers(1, 3),
    some.tuples(some.integers(5, 7), some.integers(5, 7)),
    some.sampled_from([(1, 1), (3, 3), (2, 3)]),
    some.sampled_from([(1, 1), (2, 1), (2, 2)]),
    some.sampled_from([(1, 1), (1, 2)]),
    some.sampled_from(["same", "valid", "explicit"]),
)
def test_images_in_groups_are_convolved_as_by_one_with_zeros(channels, each, size, kernel, stride, dilation, padding):
    groups, count = channels
    layer = Conv2D(
        filters=groups * count * each,
        groups=groups,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        border=(2, 1),
    )
    assert_like_one_with_zeros(layer, (groups * count, *size), 3)


@settings(max_examples=20, deadline=None)
@given(GROUPS, some.integers(1, 4), some.integers(1, 2), some.integers(1, 2), some.sampled_from(["same", "causal"]))
def test_series_in_groups_are_convolved_as_by_one_with_zeros(channels, kernel, stride, dilation, padding):
    groups, count = channels
    layer = Conv1D(
        filters=2 * groups * count, groups=groups, kernel=kernel, stride=stride, dilation=dilation, padding=padding
    )
    assert_like_one_with_zeros(layer, (9, groups * count), 3)


@settings(max_examples=25, deadline=None)
@given(
    GROUPS,
    some.integers(1, 2),
    some.tuples(some.integers(3, 5), some.integers(3, 5), some.integers(3, 5)),
    some.sampled_from([(1, 1, 1), (3, 3, 3), (2, 1, 3)]),
    some.sampled_from([(1, 1, 1), (2, 1, 2)]),
    some.sampled_from([(1, 1, 1), (1, 2, 1)]),
    some.sampled_from(["same", "explicit"]),
)
def test_volumes_in_groups_are_convolved_as_by_one_with_zeros(channels, each, size, kernel, stride, dilation, padding):
    groups, count = channels
    layer = Conv3D(
        filters=groups * count * each,
        groups=groups,
        kernel=kernel,
        stride=stride,
        dilation=dilation,
        padding=padding,
        border=(1, 2, 1),
    )
    assert_like_one_with_zeros(layer, (groups * count, *size), 3)


@pytest.mark.parametrize("stride", [(1, 1), (2, 2)])
def test_groups_of_several_blocks_are_convolved_as_by_one_with_zeros(stride, monkeypatch):
    monkeypatch.setattr(convolution, "CACHE", 600)
    assert_like_one_with_zeros(Conv2D(filters=40, kernel=(3, 2), groups=2, stride=stride), (40, 9, 7), 3)
