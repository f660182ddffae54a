"""What the passes of the compiler may change: nothing but time."""

import numpy as np
import pytest

from engine.catalog import Layer
from engine.graph import Graph, Port
from engine.layers.add import Add
from engine.layers.conv2d import Conv2D
from engine.layers.depthwise_conv2d import DepthwiseConv2D
from engine.layers.dropout import Dropout
from engine.layers.flatten import Flatten
from engine.layers.identity import Identity
from engine.layers.input import Input
from engine.layers.max_pool2d import MaxPool2D
from engine.layers.output import Output
from engine.layers.pooled_conv2d import PooledConv2D
from engine.layers.relu import ReLU
from engine.plan import passes
from engine.plan.compile import compile
from engine.plan.passes import improved, multiply_less, pool_in_convolution, select_first
from engine.plan.predict import Predictor
from engine.plan.program import Key, Program

from .networks import Weighted, all_gradients, cases, feed, run, scatter


def row(*layers):
    graph = Graph().add("in", Input(size=(2, 6, 8)))
    last = "in"
    for number, layer in enumerate(layers):
        graph, last = graph.add(f"box{number}", layer, last), f"box{number}"
    return graph.add("out", Output(loss=Weighted()), last)


def order(graph):
    return [type(graph.nodes[node]).__name__ for node in graph.order]


def ran(graph, seed=0, batch=3, inputs=True):
    plan = compile(graph, batch, dtype=np.float64, input_gradients=inputs)
    rng = np.random.default_rng(seed)
    scatter(plan, rng)
    feed(plan, rng)
    return run(plan), plan.outputs()["out"].copy(), all_gradients(plan)


@pytest.mark.parametrize("name", [n for n, kind in sorted(Layer.registry.items()) if kind.monotone])
def test_the_largest_is_selected_before_an_activation(name, monkeypatch):
    activation = Layer.registry[name]()
    graph = row(Conv2D(filters=3), activation, MaxPool2D(), Flatten())
    assert order(select_first(graph))[1:4] == ["Conv2D", "MaxPool2D", name]
    better, plain = ran(graph), without_passes(graph, monkeypatch)
    assert better[0] == pytest.approx(plain[0], rel=1e-12)
    np.testing.assert_allclose(better[1], plain[1], rtol=1e-12)
    for key, array in plain[2].items():
        np.testing.assert_allclose(better[2][key], array, rtol=1e-9, atol=1e-12, err_msg=key)


@pytest.mark.parametrize("name", [n for n, kind in sorted(Layer.registry.items()) if kind.monotone])
def test_what_is_called_monotone_is(name):
    x = np.sort(np.random.default_rng(0).normal(scale=4, size=(1, 999)), axis=1)
    y = np.empty_like(x)
    Layer.registry[name]().forward(x=x, y=y)
    assert (np.diff(y) >= 0).all()


def test_several_activations_in_a_row_come_afterwards():
    graph = row(Dropout(), ReLU(), ReLU(), MaxPool2D(), MaxPool2D(), Flatten())
    assert order(improved(graph))[2:6] == ["MaxPool2D", "MaxPool2D", "ReLU", "ReLU"]


def test_an_activation_that_others_read_stays():
    graph = row(ReLU(), MaxPool2D()).add("other", Output(loss=Weighted()), "box0")
    assert select_first(graph) == graph


def test_whoever_reads_the_pooling_reads_the_activation_then():
    graph = row(ReLU(), MaxPool2D()).add("other", Flatten(), "box1")
    better = select_first(graph)
    assert better.sources("other")["x"] == better.sources("out")["x"] == Port("box0")


def test_every_value_can_still_be_looked_at():
    graph = row(ReLU(), MaxPool2D())
    values = Predictor(graph, {}, keep_values=True).values({"in": np.ones((1, 2, 6, 8))})
    assert values[Port("box0")].shape == (1, 2, 6, 8)


CONVOLUTIONS = list(PooledConv2D.examples())


def without_passes(graph, monkeypatch, **options):
    with monkeypatch.context() as patch:
        patch.setattr(passes, "PASSES", ())
        return ran(graph, **options)


@pytest.mark.parametrize("pair", CONVOLUTIONS, ids=range(len(CONVOLUTIONS)))
def test_a_convolution_that_pools_computes_what_both_do(pair, monkeypatch):
    graph = Graph().add("in", Input(size=pair.inputs[0])).add("conv", pair.layer.convolution, "in")
    graph = graph.add("pool", MaxPool2D(), "conv").add("out", Output(loss=Weighted()), "pool")
    assert isinstance(improved(graph).nodes["conv"], PooledConv2D)
    for inputs in (True, False):
        both = ran(graph, batch=9, inputs=inputs), without_passes(graph, monkeypatch, batch=9, inputs=inputs)
        assert both[0][0] == pytest.approx(both[1][0], rel=1e-12)
        for key, array in both[1][2].items():
            np.testing.assert_allclose(both[0][2][key], array, rtol=1e-9, atol=1e-12, err_msg=key)


def test_images_that_fill_several_blocks_are_pooled_alike(monkeypatch):
    graph = Graph().add("in", Input(size=(8, 40, 40))).add("conv", Conv2D(filters=6), "in")
    graph = graph.add("pool", MaxPool2D(), "conv").add("out", Output(loss=Weighted()), "pool")
    both = ran(graph, batch=5), without_passes(graph, monkeypatch, batch=5)
    for key, array in both[1][2].items():
        np.testing.assert_allclose(both[0][2][key], array, rtol=1e-9, atol=1e-12, err_msg=key)


def test_of_equal_values_the_same_one_gets_the_gradient(monkeypatch):
    graph = row(Conv2D(filters=3), ReLU(), MaxPool2D())

    def gradients():
        plan = compile(graph, 2, dtype=np.float64, input_gradients=True)
        plan.parameters["box0.bias"][...] = 1.0
        plan.load({"in": np.ones((2, 2, 6, 8))}, {"out": np.random.default_rng(0).normal(size=(2, 3, 3, 4))})
        plan.run()
        return all_gradients(plan)

    fused = gradients()
    monkeypatch.setattr(passes, "PASSES", ())
    for key, array in gradients().items():
        np.testing.assert_allclose(fused[key], array, rtol=1e-12, atol=1e-14, err_msg=key)


@pytest.mark.parametrize(
    ("convolution", "pool", "size"),
    [
        (Conv2D(), MaxPool2D(kernel=(3, 3)), (2, 6, 8)),
        (Conv2D(stride=(2, 2)), MaxPool2D(), (2, 8, 8)),
        (Conv2D(), MaxPool2D(), (2, 5, 8)),
        (Conv2D(), MaxPool2D(), (16, 256, 256)),
        (Conv2D(groups=2), MaxPool2D(), (2, 6, 8)),
        (Conv2D(), MaxPool2D(ceil=True), (2, 6, 8)),
    ],
    ids=["other windows", "stride", "odd size", "large images", "groups", "ceil"],
)
def test_what_does_not_suit_stays_apart(convolution, pool, size):
    graph = Graph().add("in", Input(size=size)).add("conv", convolution, "in").add("pool", pool, "conv")
    assert pool_in_convolution(graph) == graph


def test_a_pooling_behind_a_convolution_in_groups_stays():
    graph = Graph().add("in", Input(size=(24, 16, 16))).add("conv", Conv2D(filters=24, groups=2), "in")
    graph = graph.add("pool", MaxPool2D(), "conv").add("out", Output(loss=Weighted()), "pool")
    assert improved(graph).nodes["pool"] == MaxPool2D()
    assert improved(graph.add("conv", Conv2D(filters=24))) != graph


def test_a_convolution_that_others_read_stays():
    graph = row(Conv2D(), MaxPool2D()).add("other", Output(loss=Weighted()), "box0")
    assert improved(graph) == graph


DEPTHWISE = [
    (Conv2D(filters=16, groups=16), 1),
    (Conv2D(filters=32, groups=16, kernel=(2, 3), use_bias=False), 2),
    (Conv2D(filters=16, groups=16, stride=(2, 1), dilation=(1, 2), padding="explicit", border=(0, 2)), 1),
]


@pytest.mark.parametrize(("convolution", "multiplier"), DEPTHWISE, ids=range(len(DEPTHWISE)))
def test_a_group_for_each_channel_is_convolved_channel_by_channel(convolution, multiplier, monkeypatch):
    graph = Graph().add("in", Input(size=(16, 5, 6))).add("conv", convolution, "in")
    graph = graph.add("out", Output(loss=Weighted()), "conv")
    better = improved(graph).nodes["conv"]
    assert isinstance(better, DepthwiseConv2D)
    assert better.multiplier == multiplier
    both = ran(graph), without_passes(graph, monkeypatch)
    np.testing.assert_allclose(both[0][1], both[1][1], rtol=1e-9, atol=1e-12)
    for key, array in both[1][2].items():
        np.testing.assert_allclose(both[0][2][key], array, rtol=1e-9, atol=1e-11, err_msg=key)


@pytest.mark.parametrize("convolution", [Conv2D(filters=48, groups=16), Conv2D(filters=16, groups=8)])
def test_other_groups_are_not_convolved_channel_by_channel(convolution):
    graph = Graph().add("in", Input(size=(16, 4, 4))).add("conv", convolution, "in")
    assert multiply_less(graph) == graph


def test_a_pooling_of_the_input_stays():
    graph = row(MaxPool2D())
    assert improved(graph) == graph


def test_what_the_compiler_makes_is_no_box_of_its_own():
    assert not {"PooledConv2D", "WinogradConv2D"} & Layer.registry.keys()


IN_PLACE = [case for case in cases() if case[1].layer.in_place]


@pytest.mark.parametrize("example", [e for _, e in IN_PLACE], ids=[name for name, _ in IN_PLACE])
def test_what_may_write_over_its_input_gives_the_same(example, monkeypatch):
    graph = Graph()
    for port, shape in zip(example.layer.ports(), example.inputs, strict=True):
        graph = graph.add(port, Input(size=shape)).add(f"{port}'", Identity(), port)
    graph = graph.add("box", example.layer, *(f"{port}'" for port in example.layer.ports()))
    graph = graph.add("box'", Identity(), "box").add("out", Output(loss=Weighted()), "box'")
    assert compile(graph, 3, dtype=np.float64).bound.program.reused()
    over = ran(graph)
    monkeypatch.setattr(Program, "reused", lambda program: {})
    apart = ran(graph)
    assert over[0] == apart[0]
    for key, array in apart[2].items():
        np.testing.assert_array_equal(over[2][key], array, err_msg=key)


def test_memory_that_somebody_reads_later_is_not_written_over():
    graph = row(Identity(), ReLU(), Identity()).add("other", Identity(), "box0")
    graph = graph.add("late", Output(loss=Weighted()), "other")
    assert not compile(graph, 3).bound.program.reused()


def test_a_branch_that_comes_in_twice_is_not_written_over():
    graph = (
        Graph()
        .add("in", Input(size=(3,)))
        .add("same", Identity(), "in")
        .add("add", Add(inputs=3), "same", "in", "same")
    )
    graph = graph.add("after", Identity(), "add").add("out", Output(loss=Weighted()), "after")
    assert not compile(graph, 3).bound.program.reused()


def test_layers_in_a_row_share_one_piece_of_memory():
    graph = row(Identity(), ReLU(), Dropout(), ReLU(), Identity())
    plan = compile(graph, 3)
    arrays = [plan.bound.arrays[Key("value", f"box{number}", "y")] for number in (1, 2)]
    assert np.shares_memory(*arrays) is (Key("value", "box2", "y") in plan.bound.program.reused())
