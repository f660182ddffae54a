"""Kernels against plain loops, where the registry's small examples do not reach: many blocks, every path, extremes."""

from dataclasses import replace
from itertools import product
from math import erf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calls import in_turn
from engine.kernels import classes, convolution, depthwise, gelu, global_maximum, pooling, scattering
from engine.kernels.attention import attending, in_cache, leaving_out, scores_in_cache
from engine.kernels.batch_normalisation import statistics
from engine.kernels.chance import AT_ONCE, dropping
from engine.kernels.global_maximum import WIDE
from engine.kernels.lookup import adding_rows
from engine.kernels.memory import PIECE, bound, channels_last, joined, pieces, shaped_like, stored
from engine.kernels.neighbours import FEW, damping
from engine.kernels.polyphase import phases
from engine.kernels.reducing import REDUCTIONS
from engine.kernels.reductions import channel_sums, largest_last, sum_last
from engine.kernels.windows import Windows, out_size, same_padding

RNG = np.random.default_rng(3)
SHAPES = {
    "same": Windows(5, (6, 7), (3, 3), (1, 1), ((1, 1), (1, 1))),
    "valid": Windows(6, (6, 5), (3, 2), (1, 1), ((0, 0), (0, 0))),
    "uneven": Windows(5, (4, 6), (2, 4), (1, 1), ((0, 1), (1, 2))),
    "dilated": Windows(5, (9, 8), (3, 2), (1, 1), ((2, 2), (1, 1)), (2, 2)),
    "strided": Windows(7, (7, 6), (3, 3), (2, 3), ((1, 1), (1, 1))),
    "skipping": Windows(5, (7, 7), (2, 2), (3, 3), ((0, 0), (0, 0))),
    "tiled": Windows(5, (6, 8), (3, 2), (3, 2), ((0, 0), (0, 0))),
    "tiled, but with a border before": Windows(5, (6, 8), (3, 2), (3, 2), ((1, 0), (1, 0))),
    "few channels": Windows(2, (6, 5), (3, 3), (1, 1), ((1, 1), (1, 1))),
    "few, strided": Windows(3, (6, 5), (3, 3), (2, 2), ((1, 1), (1, 1))),
    "plain": Windows(6, (3, 4), (1, 1), (1, 1), ((0, 0), (0, 0))),
    "volume": Windows(5, (4, 6, 5), (3, 3, 3), (1, 1, 1), ((1, 1),) * 3, (1, 1, 1)),
    "uneven volume": Windows(6, (5, 4, 3), (2, 4, 1), (1, 1, 1), ((1, 0), (1, 2), (0, 0)), (1, 1, 1)),
    "dilated volume": Windows(5, (6, 4, 5), (2, 1, 3), (1, 1, 1), ((0, 0), (0, 0), (2, 2)), (3, 1, 2)),
    "strided volume": Windows(5, (7, 4, 6), (3, 2, 3), (2, 2, 1), ((1, 1), (0, 0), (1, 1)), (1, 1, 1)),
    "volume of few channels": Windows(1, (5, 4, 6), (3, 3, 2), (1, 1, 1), ((1, 1), (1, 1), (0, 1)), (1, 1, 1)),
    "strided, few": Windows(3, (5, 6, 4), (2, 3, 3), (2, 1, 3), ((0, 0), (1, 1), (1, 1)), (1, 1, 1)),
    "tiled volume": Windows(5, (4, 6, 4), (2, 3, 2), (2, 3, 2), ((0, 0),) * 3, (1, 1, 1)),
    "plain volume": Windows(6, (3, 4, 2), (1, 1, 1), (1, 1, 1), ((0, 0),) * 3, (1, 1, 1)),
}
FILTERS = 5
IMAGES = 7


@pytest.fixture(params=SHAPES, ids=lambda name: name.replace(", ", " "))
def kind(request):
    return SHAPES[request.param]


@pytest.fixture(params=["images", "rows", "fewer rows"])
def windows(request, kind, monkeypatch):
    """Windows of every kind, in blocks of three images, so that seven make two and a rest; or of some rows of one.

    Of a volume the rows are planes, and the fewer rows are some of one plane.
    """
    image = kind.pixels * kind.width
    cache = {"images": 3 * image, "rows": image // 3, "fewer rows": image // (2 * kind.out[0]) - 1}[request.param]
    monkeypatch.setattr(convolution, "CACHE", max(cache, 1))
    return kind


def columns(windows):
    padded = np.zeros(convolution.padded_shape(windows))
    return convolution.Columns(windows, padded, np.full(convolution.column_count(windows), np.nan))


def images(windows, channels, size):
    return RNG.standard_normal((IMAGES, *size, channels))


def slow(x, filters, windows):
    """Convolve with plain loops; `filters` are (KH, KW, C, F)."""
    padded = np.pad(x, ((0, 0), *windows.padding, (0, 0)))
    y = np.zeros((len(x), *windows.out, filters.shape[-1]))
    for place, tap, at in each_tap(windows):
        y[:, *place] += padded[:, *at] @ filters[tap]
    return y


def each_tap(windows):
    """Yield the place of every window, each of its taps and where it lies."""
    for place, tap in product(np.ndindex(*windows.out), np.ndindex(*windows.kernel)):
        sides = zip(place, windows.stride, tap, windows.dilation, strict=True)
        yield place, tap, tuple(p * s + i * d for p, s, i, d in sides)


def slow_back(x, filters, grad, windows):
    padded = np.pad(x, ((0, 0), *windows.padding, (0, 0)))
    grad_padded, grad_filters = np.zeros_like(padded), np.zeros_like(filters)
    for place, tap, at in each_tap(windows):
        grad_padded[:, *at] += grad[:, *place] @ filters[tap].T
        grad_filters[tap] += padded[:, *at].T @ grad[:, *place]
    return windows.inside(grad_padded), grad_filters


def test_a_convolution_is_the_sum_over_each_window(windows):
    x, filters = images(windows, windows.channels, windows.size), RNG.standard_normal((windows.width, FILTERS))
    bias, y = RNG.standard_normal(FILTERS), np.empty((IMAGES, *windows.out, FILTERS))
    in_turn(convolution.convolve(x, filters, bias, columns(windows), y))()
    np.testing.assert_allclose(y, slow(x, filters.reshape(*windows.kernel, -1, FILTERS), windows) + bias)


def test_a_convolution_takes_any_layout(windows):
    x, filters = images(windows, windows.channels, windows.size), RNG.standard_normal((windows.width, FILTERS))
    y, other = (
        np.empty((IMAGES, *windows.out, FILTERS)),
        np.moveaxis(np.empty((FILTERS, IMAGES, *windows.out)), 0, -1),
    )
    in_turn(convolution.convolve(x, filters, None, columns(windows), y))()
    in_turn(convolution.convolve(np.asfortranarray(x), filters, None, columns(windows), other))()
    np.testing.assert_array_equal(y, other)


@pytest.mark.parametrize("turned", [True, False])
def test_the_way_back_gives_each_window_its_share(windows, turned):
    x, filters = images(windows, windows.channels, windows.size), RNG.standard_normal((windows.width, FILTERS))
    grad, grad_x = images(windows, FILTERS, windows.out), np.full(x.shape, np.nan)
    part, total = np.empty_like(filters), np.full_like(filters, np.nan)
    kind = replace(windows, filters=FILTERS)
    canvas = np.full(scattering.canvas_shape(windows, convolution.block_size(windows)[0]), np.nan)
    room = np.empty(scattering.turned_size(kind)) if turned else None
    in_turn(scattering.backward(x, grad, columns(windows), filters, part, total, room, canvas, grad_x))()
    expected_x, expected = slow_back(x, filters.reshape(*windows.kernel, -1, FILTERS), grad, windows)
    np.testing.assert_allclose(grad_x, expected_x, atol=1e-12)
    np.testing.assert_allclose(total.reshape(expected.shape), expected, atol=1e-12)
    in_turn(convolution.backward_filters(x, grad, columns(windows), part, total))()
    np.testing.assert_allclose(total.reshape(expected.shape), expected, atol=1e-12)


def test_the_mirrored_way_back_is_the_same(windows):
    mirror = replace(windows, filters=FILTERS).mirror()
    if mirror is None:
        assert {*windows.stride} != {1}
        return
    x, filters = images(windows, windows.channels, windows.size), RNG.standard_normal((windows.width, FILTERS))
    grad, grad_x = images(windows, FILTERS, windows.out), np.full(x.shape, np.nan)
    shape = (*windows.kernel, windows.channels, FILTERS)
    sides = tuple(range(len(windows.kernel)))
    turned = np.flip(filters.reshape(shape), sides).swapaxes(-1, -2)
    flipped = np.ascontiguousarray(turned).reshape(-1, windows.channels)
    part, total = np.empty_like(flipped), np.full_like(flipped, np.nan)
    in_turn(convolution.backward_mirrored(x, grad, columns(mirror), flipped, part, total, grad_x))()
    expected_x, expected = slow_back(x, filters.reshape(shape), grad, windows)
    turned = np.flip(total.reshape(*windows.kernel, FILTERS, -1), sides).swapaxes(-1, -2)
    np.testing.assert_allclose(grad_x, expected_x, atol=1e-12)
    np.testing.assert_allclose(turned, expected, atol=1e-12)


def test_more_padding_than_the_filter_reaches_has_no_mirror():
    assert Windows(3, (4, 4), (2, 2), (1, 1), ((2, 2), (2, 2))).mirror() is None


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_same_padding_divides_the_size_by_the_stride(size, kernel, stride):
    before, after = same_padding(size, kernel, stride)
    assert out_size(size, kernel, stride, before, after) == -(-size // stride)
    assert 0 <= after - before <= 1


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 1.2e-7), (np.float64, 1e-15)])
def test_the_normal_distribution_is_exact(dtype, error):
    x = np.array([*np.linspace(-9, 9, 1001), -1e30, -1e4, 1e4, 1e30], dtype)
    factor, square = np.empty_like(x), np.empty_like(x)
    with np.errstate(over="ignore"):
        for call in gelu.factor_calls(x, True, square, factor):
            call()
    np.testing.assert_allclose(factor, [0.5 * (1 + erf(v * sqrt(0.5))) for v in x], atol=error, rtol=0)


def test_the_first_of_equal_pixels_gets_the_gradient():
    x = np.ones((1, 1, 6, 1))
    y, grad_x = np.empty((1, 1, 3, 1)), np.empty_like(x)
    windows = pooling.taps(6, 3, 2, 2, 0)
    in_turn(pooling.largest(x, pooling.COLUMNS, windows, y))()
    work = np.empty(y.shape, bool), np.empty(y.shape, bool), np.empty_like(y)
    in_turn(pooling.largest_back(x, y, pooling.COLUMNS, windows, *work, np.full_like(y, 2.0), grad_x))()
    assert grad_x.ravel().tolist() == [2, 0, 2, 0, 2, 0]
    overlapping = pooling.taps(6, 5, 2, 1, 0)
    y, grad_x = np.ones((1, 1, 5, 1)), np.empty_like(x)
    work = np.empty(y.shape, bool), np.empty(y.shape, bool), np.empty_like(y)
    in_turn(pooling.largest_back(x, y, pooling.COLUMNS, overlapping, *work, np.ones_like(y), grad_x))()
    assert grad_x.ravel().tolist() == [1, 1, 1, 1, 1, 0]


@pytest.mark.parametrize("channels", [3, WIDE])
def test_the_first_of_the_largest_pixels_of_all_gets_the_gradient(channels):
    x = RNG.integers(0, 3, (2, 5, channels)).astype(float)
    hit, place, out, back = np.empty(x.shape, bool), np.empty((2, channels), np.intp), x[:, 0].copy(), x.copy()
    in_turn(global_maximum.largest(x, hit, place, out))()
    in_turn(global_maximum.largest_back(out + 1, place, back))()
    np.testing.assert_array_equal(out, x.max(axis=1))
    first = np.arange(5)[:, None] == x.argmax(axis=1)[:, None]
    np.testing.assert_array_equal(back, first * (x.max(axis=1, keepdims=True) + 1))


@pytest.mark.parametrize("channels", [3, FEW + 1])
@pytest.mark.parametrize("beta", [0.75, 0.5])
def test_channels_are_damped_by_those_around(channels, beta):
    x = RNG.standard_normal((2, 1, 2, channels))
    sums, work, out = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    in_turn(damping(x, 5, 2.0, beta, 1.5, sums, work, out))()
    around = np.pad(x**2, ((0, 0), (0, 0), (0, 0), (2, 2)))
    expected = 1.5 + 2 / 5 * sum(around[..., i : i + channels] for i in range(5))
    np.testing.assert_allclose(out, x * expected**-beta)


def test_the_pixels_of_a_window_are_counted_inside_of_the_image():
    assert pooling.counts(5, 3, 3, 2, 1) == (2, 3, 2)


def test_the_variance_survives_a_large_mean():
    x = (1000 + RNG.standard_normal((5000, 3))).astype(np.float32)
    mean, variance, rows = np.empty(3, np.float32), np.empty(3, np.float32), np.empty((3, 3), np.float32)
    in_turn(statistics(x, mean, variance, np.empty(PIECE, np.float32), rows, 1 / len(x)))()
    np.testing.assert_allclose(variance, x.astype(float).var(axis=0), rtol=1e-4)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("room", [3, 100])
def test_rows_of_equal_numbers_are_added(width, room):
    numbers, rows = np.array([2, 0, 2, 2]), np.arange(4.0 * width).reshape(4, width)
    out = np.full((4, width), np.nan)
    in_turn(adding_rows(numbers, rows, np.empty(room, np.intp), out))()
    expected = np.zeros((4, width))
    expected[0], expected[2] = rows[1], rows[[0, 2, 3]].sum(axis=0)
    np.testing.assert_array_equal(out, expected)


def test_pieces_cover_everything_once():
    big = np.zeros((3, 4, PIECE // 16, 2)).transpose(0, 3, 1, 2)
    for (part,) in pieces(big):
        np.add(part, 1, out=part)
    assert (big == 1).all()
    assert [len(parts[0].shape) for parts in pieces(big, np.ascontiguousarray(big))] == [4]


def test_matrices_that_lie_samples_last_are_walked_flat_together():
    a, b = (np.arange(9.0).reshape(3, 3) + 9 * n for n in range(2))
    ((one, other),) = pieces(a.T, b.T)
    np.testing.assert_array_equal((one, other), (np.arange(9), np.arange(9, 18)))
    assert all(part.base is not None for part in (one, other))
    for mixed in ((a, b.T), (a.T, b)):
        ((one, other),) = pieces(*mixed)
        assert one.ndim == other.ndim == 2
        np.testing.assert_array_equal(one - other, (mixed[0] - mixed[1]) if mixed[0] is a else (mixed[0] - mixed[1]).T)
    work = np.zeros(6).reshape(2, 3)
    assert shaped_like(np.zeros((3, 2)).T, work).T.flags.c_contiguous
    assert np.shares_memory(shaped_like(np.zeros((3, 2)).T, work), work)


def test_a_row_behind_a_matrix_is_one_more_of_its_rows():
    memory = np.arange(20.0)
    matrix, row = memory[:12].reshape(4, 3), memory[12:15]
    np.testing.assert_array_equal(joined(matrix, row), np.arange(15).reshape(5, 3))
    assert np.shares_memory(joined(matrix, row), row)
    elsewhere = (memory[13:16], memory[12:15].copy(), memory[12:18:2], None)
    assert [joined(matrix, other) for other in elsewhere] == [None] * 4
    assert joined(matrix.T, row) is None
    assert joined(memory[:15].reshape(5, 3)[:, :2], memory[15:17]) is None


def test_bounds_are_as_long_as_a_piece_where_it_is_faster():
    assert bound(6, np.empty(5)).tolist() == [6] * 5
    assert bound(6, np.empty((2, 5))[:, :2]).shape == ()


def test_channels_are_summed_in_every_shape():
    for shape in ((4, 3), (4, 5, 3), (4, 3, 5, 2)):
        x = RNG.standard_normal(shape)
        axis = 1 if len(shape) == 4 else len(shape) - 1
        others = tuple(i for i in range(len(shape)) if i != axis)
        np.testing.assert_allclose(channel_sums(x), x.sum(axis=others))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 4, 5, 6)])
def test_work_arrays_lie_as_images_and_volumes_do(shape):
    work = shaped_like(np.empty(shape), np.empty(shape))
    assert work.shape == shape
    assert channels_last(work).flags.c_contiguous
    assert channels_last(work).shape[1:] == stored(shape[1:])


@pytest.mark.parametrize("size", [1, 30, 1000])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("steps", [5, 40, 300])  # few, many, and more than the cache holds of all heads
def test_attention_is_right_for_small_and_for_huge_scores(size, causal, steps):
    rng, shape, square = np.random.default_rng(0), (2, 3, steps, 4), (2, 3, steps, steps)
    q, k, v = (rng.standard_normal(shape).astype(np.float32) * scale for scale in (size, 1, 1))
    powers, inverse, turned, out = (np.empty(s, "f") for s in (square, (2, 3, steps, 1), (2, 3, 4, steps), shape))
    in_turn(attending((q, k, v), causal, powers, inverse, out, turned))()
    scores = q.astype(float) @ k.astype(float).swapaxes(2, 3) / 2
    scores += np.triu(np.full((steps, steps), -np.inf), 1) if causal else 0
    expected = np.exp(scores - scores.max(axis=3, keepdims=True))
    expected /= expected.sum(axis=3, keepdims=True)
    found = powers if steps == 5 else powers * inverse
    np.testing.assert_allclose(found, expected, rtol=1e-4 * size, atol=1e-7)
    np.testing.assert_allclose(out, expected @ v, rtol=1e-3, atol=3e-4)


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("steps", [5, 40, 300])
def test_attention_leaves_keys_out_and_keeps_some(size, causal, steps):
    """Also where a query has no key left: its scores are then all equally far away."""
    rng, shape, square = np.random.default_rng(0), (2, 3, steps, 4), (2, 3, steps, steps)
    q, k, v = (rng.standard_normal(shape).astype(np.float32) * scale for scale in (size, 1, 1))
    powers, inverse, turned, out = (np.empty(s, "f") for s in (square, (2, 3, steps, 1), (2, 3, 4, steps), shape))
    mask, kept = np.ones((2, steps), "f"), rng.integers(0, 2, square).astype("f") * 2
    mask[0, :2], mask[1] = 0, rng.integers(0, 2, steps)
    far, room = np.empty_like(mask), np.empty(scores_in_cache(steps, steps), "f")
    in_turn(leaving_out(mask, far))()
    in_turn(attending((q, k, v), causal, powers, inverse, out, turned, far, kept, room))()
    scores = q @ (k.swapaxes(2, 3) / 2) + far[:, None, None]
    scores += np.triu(np.full((steps, steps), -np.inf, "f"), 1) if causal else 0
    expected = np.exp(scores - scores.max(axis=3, keepdims=True))
    expected /= expected.sum(axis=3, keepdims=True)
    np.testing.assert_allclose(powers, expected, rtol=1e-4 * size, atol=1e-6)
    np.testing.assert_allclose(out, (expected * kept) @ v, rtol=1e-3, atol=3e-4)


@pytest.mark.parametrize(("heads", "steps"), [(3, 5), (3, 300), (1, 900)])
def test_heads_whose_scores_fit_the_cache_are_all_heads_once(heads, steps):
    scores = np.zeros((4, heads, steps, steps), np.int8)
    for at in in_cache(scores):
        assert 0 < scores[at].size <= scores_in_cache(steps, steps)
        scores[at] += 1
    assert (scores == 1).all()


@pytest.mark.oracle
def test_a_product_has_a_slope_where_factors_are_zero():
    import torch

    x = np.array([[2.0, 3.0, 4.0], [2.0, 0.0, 4.0], [0.0, 3.0, 0.0]])
    value, out, work = x.prod(axis=1, keepdims=True), np.empty_like(x), np.empty_like(x)
    in_turn(REDUCTIONS["product"].backward(x, value, 1, None, work, np.ones_like(value), out))()
    tensor = torch.tensor(x, requires_grad=True)
    tensor.prod(1).sum().backward()
    np.testing.assert_array_equal(out, tensor.grad.numpy())


@pytest.mark.parametrize("shape", [(7, 1), (5, 3), (4, 6, 10), (3, 300)])
@pytest.mark.parametrize("contiguous", [True, False])
def test_values_along_the_last_axis(shape, contiguous):
    x = RNG.standard_normal(shape) if contiguous else np.moveaxis(RNG.standard_normal((shape[-1], *shape[:-1])), 0, -1)
    largest, total = np.empty((*shape[:-1], 1)), np.empty((*shape[:-1], 1))
    largest_last(x, largest, np.empty_like(x))
    sum_last(x, total)
    np.testing.assert_array_equal(largest, x.max(axis=-1, keepdims=True))
    np.testing.assert_allclose(total, x.sum(axis=-1, keepdims=True), atol=1e-12)


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3))
def test_a_phase_holds_what_its_taps_touch(size, kernel, stride, before, dilation):
    parts = phases(size, kernel, stride, before, dilation)
    assert sorted(pixel for part in parts for pixel in range(size)[part.pixels]) == list(range(size))
    assert sorted(tap for part in parts for tap in range(kernel)[part.taps]) == list(range(kernel))
    for part in parts:
        places = {pixel: part.begin + n for n, pixel in enumerate(range(size)[part.pixels])}
        for n, tap in enumerate(range(kernel)[part.taps]):
            for window in range(size):
                touched = window * stride + tap * dilation - before
                assert touched < 0 or touched >= size or places[touched] == part.offset + n * part.step + window


@pytest.mark.parametrize("filters", [1, 2])
@pytest.mark.parametrize("name", [name for name, windows in SHAPES.items() if len(windows.size) == 2])
def test_filters_of_single_channels_in_blocks(name, filters, monkeypatch):
    monkeypatch.setattr(depthwise, "images_at_once", lambda _: 3)
    windows, channels = SHAPES[name], SHAPES[name].channels
    x = RNG.standard_normal((IMAGES, *windows.size, channels))
    weight = RNG.standard_normal((*windows.kernel, filters, channels))
    grad = RNG.standard_normal((IMAGES, *windows.out, channels, filters))
    rows = np.repeat(weight[:, :, :, None], depthwise.row_columns(windows), 3)
    shapes = depthwise.ordered_shape(windows), depthwise.bordered_shape(windows)
    ordered, bordered = (np.zeros((3, *shape)) for shape in shapes)
    work, y, grad_x = np.empty((2, depthwise.work_values(windows))), np.empty_like(grad), np.empty_like(x)
    totals = np.empty((*windows.kernel, filters, windows.out[1] * channels))
    in_turn(depthwise.convolve(windows, x, rows, None, ordered, work, y))()
    in_turn(depthwise.backward(windows, x, rows, grad, ordered, bordered, work, totals, grad_x))()

    padded = np.pad(x, ((0, 0), *windows.padding, (0, 0)))
    patches = windows.patches(padded)  # (N, OH, OW, KH, KW, C)
    np.testing.assert_allclose(y, np.einsum("nhwabc,abmc->nhwcm", patches, weight), atol=1e-12)
    found = totals.reshape(*windows.kernel, filters, -1, channels).sum(axis=3)
    np.testing.assert_allclose(found, np.einsum("nhwabc,nhwcm->abmc", patches, grad), atol=1e-12)
    back = np.zeros_like(padded)
    for tap in np.ndindex(*windows.kernel):
        sides = zip(tap, windows.dilation, windows.stride, windows.out, strict=True)
        back[:, *(slice(i * d, i * d + s * (o - 1) + 1, s) for i, d, s, o in sides)] += np.einsum(
            "nhwcm,mc->nhwc", grad, weight[tap]
        )
    np.testing.assert_allclose(grad_x, windows.inside(back), atol=1e-12)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.95])
def test_dropout_keeps_its_share_and_makes_up_for_the_rest(rate):
    kept = np.full((3, AT_ONCE - 1), np.nan, np.float32)  # not a whole number of draws
    in_turn(dropping(np.random.default_rng(4), rate, kept))()
    spread = np.sqrt(rate * (1 - rate) / kept.size)
    assert np.mean(kept == 0) == pytest.approx(rate, abs=4 * spread)
    assert set(kept[kept != 0]) == {np.float32(1 / (1 - rate))}
    pairs = np.mean((kept[0, 1:] == 0) & (kept[0, :-1] == 0))
    assert pairs == pytest.approx(rate**2, abs=8 * spread)


@pytest.mark.parametrize("shape", [(4, 2), (3, 5, 7), (2, 60), (0, 3), (5, 1)])
def test_probabilities_are_powers_by_their_sum(shape):
    x = np.random.default_rng(0).normal(scale=30, size=shape)
    powers = np.exp(x)
    found = classes.softmax(x)
    np.testing.assert_allclose(found, powers / powers.sum(axis=-1, keepdims=True), rtol=1e-12)
    assert found.flags.c_contiguous
    assert np.isfinite(classes.softmax(x * 1e6)).all()
