"""How fast steps are, always against something else in the same process, never in seconds."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from time import process_time

import numpy as np
import pytest

from engine.bench.against import Case, Compared, compare, fixed_cases, mean_ratio
from engine.bench.networks import NETWORKS, network
from engine.bench.serve import ready
from engine.bench.torch_program import torch_program
from engine.cli.speeds import lines, table
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.input import Input
from engine.layers.output import Output
from engine.optimizer import Optimizer
from engine.optimizers.adam import Adam
from engine.optimizers.sgd import SGD
from engine.plan.threads import one_thread
from engine.problems import UserError

ROOT = Path(__file__).parents[2]

# How many times as long as its products alone, done by plain NumPy, a step may take. Measured on a
# machine with other work: 1.0 to 2.3.
BOUNDS = {"mlp_b256": 3.0, "lenet_b64": 6.0, "vgg_b64": 4.0, "lstm_b32": 5.0, "tf_b32": 4.0}


def shortest(run, times):
    """Return the least processor time of a call: what a busy machine makes it wait for does not count."""
    found = []
    for _ in range(times):
        start = process_time()
        run()
        found.append(process_time() - start)
    return min(found)


def ratio(name):
    """Return the time of a step over that of as many multiply-adds as it has, done by plain NumPy in turn with it."""
    plan = ready(name)
    plan.step(1e-3)
    count = 3 * plan.batch * sum(cost.multiply_adds for cost in plan.explain(repeats=1))  # forward and twice back
    a, b = np.ones((256, 512), np.float32), np.ones((512, 256), np.float32)
    out = np.empty((256, 256), np.float32)
    pairs = [(shortest(lambda: plan.step(1e-3), 1), shortest(lambda: a.dot(b, out), 10)) for _ in range(15)]
    steps, products = zip(*pairs, strict=True)
    return min(steps) / min(products) * (256 * 512 * 256) / count


@pytest.mark.slow
@pytest.mark.parametrize("name", BOUNDS)
def test_a_step_takes_little_more_than_its_products(name):
    """In a process with one BLAS thread: several wait for each other where a machine is busy."""
    program = f"from tests.engine.test_speed import ratio; print(ratio({name!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=one_thread(os.environ), stdout=subprocess.PIPE, check=True
    )
    assert float(done.stdout) < BOUNDS[name]


def test_a_tiny_step_costs_about_as_much_as_its_calls():
    """About seventy NumPy calls make a step of the tiny network; whatever comes on top is ours."""
    plan = ready("tiny_b32")
    x, y = np.ones((32, 8), np.float32), np.ones((32, 8), np.float32)
    call = shortest(lambda: [np.add(x, y, x) for _ in range(1000)], 5) / 1000
    assert shortest(lambda: plan.step(1e-3), 200) < 250 * call


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_pytorch_program(name):
    compile(torch_program(network(name).graph(), Adam(), 1e-3), name, "exec")


def test_what_pytorch_has_not_is_named():
    with pytest.raises(UserError, match=r"^PyTorch has no Bare"):
        torch_program(two_ports(), Bare(), 1e-3)


class Bare(Optimizer, abstract=True):
    """PyTorch knows nothing of it."""

    def torch(self):
        return ""


def two_ports():
    graph = Graph().add("in", Input(size=(4,))).add("a", Dense(units=3), "in").add("b", Dense(units=3), "in")
    from engine.layers.add import Add
    from engine.layers.concatenate import Concatenate

    graph = graph.add("sum", Add(), "a", "b").add("all", Concatenate(), "sum", "in")
    return graph.add("head", Dense(units=2), "all").add("out", Output(), "head")


@pytest.mark.oracle
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_a_network_is_compared_with_pytorch():
    rng = np.random.default_rng(0)
    inputs = {"in": rng.normal(size=(8, 4)).astype(np.float32)}
    case = Case("mine", two_ports(), inputs, {"out": rng.integers(0, 2, 8)}, SGD())
    found = compare(case, workers=1, rounds=1, seconds=0.01)
    assert found.ratio == pytest.approx(found.ours / found.theirs)
    assert found.difference < 1e-5
    assert found.why == ""


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_train_as_in_pytorch(name):
    """The first losses from the same weights: rounding moves some values over the kinks of rectifiers and poolings."""
    (case,) = fixed_cases([name])
    assert compare(case, workers=1, rounds=1, seconds=0.01).difference < 5e-3


@pytest.mark.oracle
@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_losses_of_random_layers_are_not_compared():
    graph = Graph().add("in", Input(size=(4,))).add("drop", Dropout(), "in").add("head", Dense(units=2), "drop")
    case = Case(
        "mine",
        graph.add("out", Output(), "head"),
        {"in": np.ones((8, 4), np.float32)},
        {"out": np.zeros(8, int)},
        SGD(),
    )
    assert compare(case, workers=1, rounds=1, seconds=0.01).difference is None


def test_without_pytorch_there_are_plain_milliseconds(monkeypatch):
    monkeypatch.setattr("engine.bench.against.find_spec", lambda name: None)
    inputs, targets = {"in": np.ones((8, 4), np.float32)}, {"out": np.zeros(8, int)}
    found = compare(Case("mine", two_ports(), inputs, targets, SGD()), workers=1, rounds=1, seconds=0.01)
    assert (found.theirs, found.ratio) == (None, None)
    assert found.ours > 0
    shown = lines(table([found], {"inherited": {"OPENBLAS_CORETYPE": "Haswell"}}))
    assert "mine" in shown[1]
    assert shown[2].startswith("PyTorch is not installed")
    assert shown[3] == "OPENBLAS_CORETYPE=Haswell is set, which changes the speed."


def test_the_mean_of_ratios_is_geometric():
    ratios = [Compared("a", 1, 1.0, 4.0, 0.25), Compared("b", 1, 1.0, 1.0, 1.0), Compared("c", 1, 1.0)]
    assert mean_ratio(ratios) == pytest.approx(0.5)
    assert mean_ratio(ratios[2:]) is None
    assert "Geometric mean of the ratios: 0.500. B" in lines(table(ratios, {"inherited": {}}))[4]


def test_each_group_has_its_mean():
    found = [
        Compared("a", 1, 1.0, 4.0, 0.25, 2e-6, "yardstick"),
        Compared("b", 1, 1.0, 1.0, 1.0, None, "further"),
        Compared("c", 1, 1.0, 1.0, 0.5),
    ]
    measured = table(found, {"inherited": {}})
    assert measured["mean_ratios"] == pytest.approx({"yardstick": 0.25, "further": 1.0})
    shown = lines(measured)
    assert shown[1].endswith(" 0.250         2e-06")
    assert shown[2].endswith(" 1.000")
    assert "0.500 (yardstick 0.250, further 1.000)" in shown[4]


def test_only_some_networks_are_measured():
    assert [(case.name, case.group) for case in fixed_cases(["gru_b32", "tiny_b32"])] == [
        ("tiny_b32", "yardstick"),
        ("gru_b32", "further"),
    ]
    with pytest.raises(UserError, match="no network 'vgg'"):
        list(fixed_cases(["vgg"]))
