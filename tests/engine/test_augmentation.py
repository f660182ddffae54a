"""Augmentations: what they do to pictures, against PyTorch and Pillow; and that they act in training only."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from engine.calls import ready
from engine.catalog import Layer
from engine.graph import Graph
from engine.kernels import sampling
from engine.layer import needs
from engine.layers.augmentation import Augmentation, picture
from engine.layers.colour_jitter import LUMA, ColourJitter
from engine.layers.cutout import Cutout
from engine.layers.dense import Dense
from engine.layers.flatten import Flatten
from engine.layers.flip import Flip
from engine.layers.input import Input
from engine.layers.mixup import Mixup
from engine.layers.output import Output
from engine.layers.random_crop import RandomCrop
from engine.layers.random_resized_crop import RandomResizedCrop
from engine.layers.rotate import Rotate
from engine.layers.shift import Shift
from engine.layers.warp import Warp
from engine.layers.zoom import Zoom
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.predict import Predictor
from tests.engine.networks import network

KINDS = [kind for _, kind in sorted(Layer.registry.items()) if issubclass(kind, Augmentation)]
EXAMPLES = [pytest.param(e, id=f"{k.__name__}-{i}") for k in KINDS for i, e in enumerate(k.examples())]
WARPS = [kind for kind in KINDS if issubclass(kind, Warp)]


class Drawn:
    """A source of chance that gives what we choose: one row of numbers for each sample."""

    def __init__(self, numbers):
        self.numbers = numbers

    def random(self, out, dtype):
        out[...] = self.numbers


def augment(layer, x, rng):
    """Return what a layer makes of `x` while training."""
    given_ = {"x": x, "y": np.full_like(x, np.nan), "rng": rng, "training": True}
    for name, scratch in layer.scratch(x.shape[1:]).items():
        given_[name] = np.zeros((len(x), *scratch.shape), scratch.dtype or x.dtype)
    ready(layer.forward, *(given_[name] for name in needs(type(layer), "forward")))()
    return given_["y"]


def chosen(layer, x, *numbers):
    """Return what a layer makes of `x` where every sample draws these numbers."""
    return augment(layer, x, Drawn(np.array(numbers)))


def by_chance(layer, x, seed=0):
    return augment(layer, x, np.random.default_rng(seed))


# ---------------------------------------------------------------------- every augmentation


def test_there_are_some():
    assert len(KINDS) >= 8


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_happens_afterwards(example):
    graph = network(example)
    x = np.random.default_rng(0).normal(size=(5, *example.inputs[0])).astype(np.float32)
    (answer,) = Predictor(graph, {}, batch=5).outputs({"in_x": x}).values()
    np.testing.assert_array_equal(answer, x)


@pytest.mark.parametrize("example", [case for case in EXAMPLES if not case.values[0].layer.mixes])
def test_each_sample_has_its_own_chance(example):
    one = np.random.default_rng(0).normal(size=(1, *example.inputs[0]))
    found = by_chance(example.layer, np.repeat(one, 30, axis=0))
    assert len({sample.tobytes() for sample in found}) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_behind_an_input_it_costs_no_way_back(kind):
    example = next(iter(kind.examples()))
    graph = Graph().add("in", Input(size=example.inputs[0])).add("box", example.layer, "in")
    graph = graph.add("flat", Flatten(), "box").add("dense", Dense(units=3), "flat").add("out", Output(), "dense")
    program = compile(graph, 4).bound.program
    assert [call.phase for call in program.calls if call.node == "box"] == ["forward"]
    assert not [key for key in program.arrays if key.node == "box" and key.name.startswith("back_")]


def chain():
    """Return a network that has every augmentation of images, one behind the other; samples can be mixed only once."""
    graph, last = Graph().add("in", Input(size=(3, 6, 6))), "in"
    for kind in [kind for kind in KINDS if kind is Mixup or not kind.mixes]:
        graph, last = graph.add(kind.__name__, kind(), last), kind.__name__
    return graph.add("flat", Flatten(), last).add("dense", Dense(units=3), "flat").add("out", Output(), "dense")


def train(seed, workers):
    plan = compile(chain(), 8, optimizer=Adam(), seed=seed, workers=workers)
    rng = np.random.default_rng(1)
    try:
        plan.load({"in": rng.normal(size=(8, 3, 6, 6)).astype(np.float32)}, {"out": rng.integers(0, 3, 8)})
        return [plan.step(0.01) for _ in range(5)]
    finally:
        plan.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_seed_gives_the_same_losses(workers):
    first, second, other = (train(seed, workers) for seed in (1, 1, 2))
    assert first == second
    assert first != other


# ---------------------------------------------------------------------- pixels that move

BEYOND = {"edge": "border", "reflection": "reflection", "zeros": "zeros"}


def warped(x, aim, beyond):
    """Return pictures (N, H, W, C) read where `aim` says, and a function that takes their gradient back."""
    n, height, width, channels = x.shape
    rows, columns, weight = (np.empty((n, height, width)) for _ in range(3))
    index, places = np.empty((n, height, width), np.intp), np.empty(x.shape, np.intp)
    taken, out = np.empty_like(x), np.empty_like(x)
    padded = np.zeros((n, *sampling.bordered(height, width, channels)))
    sampling.aim_at(aim, rows, columns)
    sampling.hold(rows, height, beyond)
    sampling.hold(columns, width, beyond)
    sampling.locate(rows, columns, weight, index)
    sampling.inside(padded)[...] = x
    sampling.sample(padded, rows, columns, weight, index, taken, out)

    def back(grad):
        sampling.sample_back(grad, rows, columns, weight, index, taken, places, padded)
        return sampling.inside(padded).copy()

    return out, back


def in_torch(x, aim, beyond):
    """Return what PyTorch reads there, by affine_grid and grid_sample, and the tensor that was read."""
    import torch
    from torch.nn import functional

    _, height, width, _ = x.shape
    size = np.array([height, width])
    # Its places go from -1 to 1 over the picture, and name the column first.
    scaled = np.concatenate((aim[:, :, :2] * size / size[:, None], aim[:, :, 2:] * 2 / size[:, None]), axis=2)
    theta = torch.tensor(scaled[:, ::-1][:, :, [1, 0, 2]].copy())
    tensor = torch.tensor(x.transpose(0, 3, 1, 2), requires_grad=True)
    grid = functional.affine_grid(theta, list(tensor.shape), align_corners=False)
    found = functional.grid_sample(tensor, grid, padding_mode=BEYOND[beyond], align_corners=False)
    return found, tensor


@pytest.mark.oracle
@pytest.mark.parametrize("beyond", BEYOND)
@pytest.mark.parametrize("shape", [(4, 5, 7, 3), (3, 1, 6, 2), (2, 8, 8, 1)], ids=str)
@pytest.mark.parametrize("far", [0.3, 3.0])
def test_places_are_read_as_by_grid_sample(beyond, shape, far):
    import torch

    rng = np.random.default_rng(0)
    x, grad = rng.normal(size=shape), rng.normal(size=shape)
    aim = rng.normal(size=(shape[0], 2, 3)) * far
    found, back = warped(x, aim, beyond)
    expected, tensor = in_torch(x, aim, beyond)
    np.testing.assert_allclose(found, expected.detach().numpy().transpose(0, 2, 3, 1), rtol=1e-9, atol=1e-11)
    expected.backward(torch.tensor(grad.transpose(0, 3, 1, 2)))
    np.testing.assert_allclose(back(grad), tensor.grad.numpy().transpose(0, 2, 3, 1), rtol=1e-9, atol=1e-11)


def example_aims(layer, shape, count=500):
    """Return the matrices of many samples."""
    height, width, _ = picture(shape)
    aim = np.zeros((count, 2, 3))
    layer.aim(np.random.default_rng(0).random((layer.draws, count)), aim, height, width)
    return aim


@pytest.mark.oracle
@pytest.mark.parametrize("kind", WARPS)
def test_a_layer_in_single_precision_as_grid_sample(kind, witness):
    for example in kind.examples():
        x = np.random.default_rng(1).normal(size=(6, *example.inputs[0])).astype(np.float32)
        drawn = np.random.default_rng(2).random((6, kind.draws)).astype(np.float32)
        height, width, _ = picture(example.inputs[0])
        aim = np.zeros((6, 2, 3), np.float32)
        example.layer.aim(drawn.T, aim, height, width)
        found = augment(example.layer, x, Drawn(drawn))
        pictured = x.transpose(0, 2, 3, 1) if x.ndim == 4 else x[:, None]
        expected, _ = in_torch(pictured.astype(float), aim.astype(float), example.layer.beyond)
        theirs = expected.detach().numpy()
        theirs = theirs if x.ndim == 4 else theirs.transpose(0, 2, 3, 1).reshape(x.shape)
        witness.alike(kind, "PyTorch", "values while training in float32", found, theirs, 1e-4)


@given(st.sampled_from(WARPS), st.sampled_from(["edge", "reflection", "zeros"]), st.integers(0, 99))
def test_what_is_read_lies_between_what_was_there(kind, beyond, seed):
    x = np.random.default_rng(seed).random((3, 2, 5, 4)) + 1
    found = by_chance(kind(beyond=beyond), x, seed)
    low = 0 if beyond == "zeros" else x.min()
    assert low - 1e-12 <= found.min()
    assert found.max() <= x.max() + 1e-12


@pytest.mark.parametrize("kind", WARPS)
def test_even_pictures_stay_as_they_are(kind):
    """Weights add up to 1 everywhere."""
    x = np.full((20, 2, 5, 6), 3.0)
    np.testing.assert_allclose(by_chance(kind(), x), x, rtol=1e-12)


def test_angles():
    angles = example_aims(Rotate(degrees=40.0), (1, 5, 5))
    found = np.degrees(np.arctan2(angles[:, 0, 1], angles[:, 0, 0]))
    assert -40 <= found.min() < -38
    assert 38 < found.max() <= 40
    assert abs(found.mean()) < 3
    np.testing.assert_allclose(np.linalg.det(angles[:, :, :2]), 1, rtol=1e-12)


@pytest.mark.parametrize("size", [4, 5])
def test_rotate_by_quarters_as_pillow(size, witness):
    x = np.random.default_rng(0).random((1, 1, size, size)).astype(np.float32)
    for drawn, turn in ((0.0, Image.Transpose.ROTATE_270), (1.0, Image.Transpose.ROTATE_90)):
        theirs = np.asarray(Image.fromarray(x[0, 0]).transpose(turn))
        ours = chosen(Rotate(degrees=90.0), x, drawn)[0, 0]
        witness.alike(Rotate, "Pillow", "quarter turns in float32", ours, theirs, 1e-5)


def test_shifts():
    x = np.arange(20.0).reshape(1, 1, 4, 5)
    found = chosen(Shift(share=(0.25, 0.4), beyond="zeros"), x, 1.0, 0.0)  # a row up, two columns to the right
    expected = np.zeros((4, 5))
    expected[:3, 2:] = x[0, 0, 1:, :3]
    np.testing.assert_allclose(found[0, 0], expected, atol=1e-12)


def test_series_move_in_time():
    x = np.arange(12.0).reshape(1, 6, 2)
    found = chosen(Shift(share=(1.0, 0.5)), x, 1.0, 1.0)
    np.testing.assert_allclose(found[0], x[0, [3, 4, 5, 5, 5, 5]], atol=1e-12)


def test_shrinking_to_half_takes_means_of_four():
    x = np.random.default_rng(0).random((1, 1, 4, 4))
    found = chosen(Zoom(factors=(0.5, 1.0)), x, 0.0)[0, 0]
    np.testing.assert_allclose(found[1:3, 1:3], x.reshape(2, 2, 2, 2).mean(axis=(1, 3)), rtol=1e-12)


def test_crops_move_by_whole_pixels_and_every_place_is_as_likely():
    moved = example_aims(RandomCrop(border=(1, 2)), (1, 8, 8), 3000)[:, :, 2]
    for distances, border in zip(moved.T, (1, 2), strict=True):
        present, counts = np.unique(distances, return_counts=True)
        np.testing.assert_array_equal(present, np.arange(-border, border + 1))
        np.testing.assert_allclose(counts / 3000, 1 / len(present), atol=0.04)


def test_resized_crops_are_parts_of_the_picture():
    height, width = 6, 9
    aims = example_aims(RandomResizedCrop(smallest=0.2, stretch=2.0), (1, height, width), 3000)
    share = aims[:, [0, 1], [0, 1]]
    reach = np.abs(aims[:, :, 2]) + share * np.array([height, width]) / 2
    assert (reach <= np.array([height, width]) / 2 + 1e-9).all()
    area = share.prod(axis=1)
    assert 0.19 < area.min() < 0.25
    assert (share[:, 1] / share[:, 0]).max() <= 2 + 1e-9


# ---------------------------------------------------------------------- mirrors


@pytest.mark.parametrize(
    ("direction", "turn"),
    [
        ("horizontal", Image.Transpose.FLIP_LEFT_RIGHT),
        ("vertical", Image.Transpose.FLIP_TOP_BOTTOM),
        ("both", Image.Transpose.ROTATE_180),
    ],
)
def test_flip_as_pillow(direction, turn, witness):
    x = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 4)).astype(np.uint8)
    found = chosen(Flip(direction=direction, rate=1.0), x.astype(np.float32), 0.0, 0.0)
    for ours, image in zip(found, x, strict=True):
        theirs = np.asarray(Image.fromarray(image.transpose(1, 2, 0)).transpose(turn))
        witness.alike(Flip, "Pillow", "values while training", ours.transpose(1, 2, 0), theirs, 0)


def test_a_share_of_samples_is_mirrored_each_way_alone():
    x = np.broadcast_to(np.arange(4.0).reshape(1, 1, 2, 2), (4000, 1, 2, 2))
    first = by_chance(Flip(direction="both", rate=0.3), x)[:, 0, 0, 0]
    for corner, share in ((0, 0.49), (1, 0.21), (2, 0.21), (3, 0.09)):
        assert (first == corner).mean() == pytest.approx(share, abs=0.03)


def test_series_are_reversed():
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_array_equal(chosen(Flip(rate=1.0), x, 0.0, 0.0), x[:, ::-1])


# ---------------------------------------------------------------------- holes and colours


def test_holes():
    x = np.ones((4000, 2, 10, 8))
    found = by_chance(Cutout(size=0.5, rate=0.6), x)
    holes = found[:, 0] == 0
    np.testing.assert_array_equal(holes, found[:, 1] == 0)
    assert holes.any(axis=(1, 2)).mean() == pytest.approx(0.6, abs=0.03)
    full = holes[holes[:, 3:7, 2:6].all(axis=(1, 2))]
    assert full.sum(axis=(1, 2)).max() == 5 * 4
    for hole in holes[holes.any(axis=(1, 2))][:50]:
        np.testing.assert_array_equal(hole, hole.any(axis=1)[:, None] & hole.any(axis=0))


def pillow(x, factor, enhance):
    return np.asarray(enhance(Image.fromarray(x.transpose(1, 2, 0))).enhance(factor)).transpose(2, 0, 1)


@pytest.mark.parametrize("factor", [0.7, 1.3])
def test_colourjitter_as_pillow(factor, witness):
    """It rounds to whole levels on the way."""
    x = np.random.default_rng(0).integers(90, 160, (3, 6, 5)).astype(np.uint8)
    number = 0.5 + (factor - 1) / 2
    contrast = ColourJitter(brightness=0.0, contrast=1.0, saturation=0.0)
    colour = ColourJitter(brightness=0.0, contrast=0.0, saturation=1.0)
    for layer, enhance in ((contrast, ImageEnhance.Contrast), (colour, ImageEnhance.Color)):
        ours = chosen(layer, x[None].astype(float), 0.5, number, number)[0]
        witness.alike(ColourJitter, "Pillow", "rounded values while training", ours, pillow(x, factor, enhance), 1e-2)


def test_brightness_is_added():
    x = np.random.default_rng(0).normal(size=(1, 3, 4, 4))
    found = chosen(ColourJitter(brightness=0.4), x, 0.75, 0.5, 0.5)
    np.testing.assert_allclose(found, x + 0.2, rtol=1e-12)


def test_colours_are_right_on_average():
    x = np.random.default_rng(0).random((1, 3, 4, 4))
    found = by_chance(ColourJitter(contrast=0.5, saturation=0.5), np.repeat(x, 8000, axis=0))
    np.testing.assert_allclose(found.mean(axis=0), x[0], atol=0.01)


def test_contrast_leaves_the_mean_grey():
    x = np.random.default_rng(0).random((20, 3, 4, 4))
    found = by_chance(ColourJitter(brightness=0.0, contrast=1.0, saturation=1.0), x)
    grey = [np.tensordot(LUMA, a, (0, 1)).mean(axis=(1, 2)) for a in (x, found)]
    np.testing.assert_allclose(*grey, rtol=1e-9)
