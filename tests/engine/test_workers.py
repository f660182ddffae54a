"""Several processes train one network together: the same numbers, exactly repeated, and nothing left behind."""

import os
import signal
import subprocess
import sys
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

import engine.plan.team_predictor
import engine.training.loop
import engine.training.workers
from engine.catalog import Optimizer
from engine.graph import Graph
from engine.kernels.memory import share
from engine.layers.batch_norm import BatchNorm
from engine.layers.conv2d import Conv2D
from engine.layers.dense import Dense
from engine.layers.dropout import Dropout
from engine.layers.flatten import Flatten
from engine.layers.input import Input
from engine.layers.output import Output
from engine.layers.relu import ReLU
from engine.losses.mean_squared_error import MeanSquaredError
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from engine.plan.plan import NotFinite
from engine.plan.predict import Predictor
from engine.plan.stepping import Stepping
from engine.plan.team import HelperDied, TeamPlan
from engine.plan.team_predictor import TeamPredictor
from engine.training.events import EpochDone
from engine.training.loop import Training
from engine.training.settings import TrainingSettings
from engine.training.workers import choose, fastest

from .training_cases import classifier, flowers

SHARED_MEMORY = Path("/dev/shm")


def row(*layers):
    graph = Graph()
    for number, layer in enumerate(layers):
        graph = graph.add(str(number), layer, *([str(number - 1)] if number else []))
    return graph


def images():
    convolved = (Conv2D(filters=3), BatchNorm(), ReLU(), Flatten(), Dense(units=6), BatchNorm(), Dense(units=3))
    graph = row(Input(size=(2, 4, 5)), *convolved).add("out", Output(), "7")
    return graph.add("middle", Dense(units=2), "4").add("other", Output(loss=MeanSquaredError(), weight=0.5), "middle")


def images_batch(size, seed=0):
    rng = np.random.default_rng(seed)
    targets = {"out": rng.integers(0, 3, size), "other": rng.normal(size=(size, 2))}
    return {"0": rng.normal(size=(size, 2, 4, 5))}, targets


def dropping():
    return row(Input(size=(8,)), Dense(units=16), Dropout(rate=0.5), Dense(units=3)).add("out", Output(), "3")


def dropping_batch(size, seed=0):
    rng = np.random.default_rng(seed)
    return {"0": rng.normal(size=(size, 8)).astype(np.float32)}, {"out": rng.integers(0, 3, size)}


@pytest.fixture
def made():
    """Compile plans, and end their helpers after the test."""
    plans = []

    def make(graph, batch, **options):
        plans.append(compile(graph, batch, **({"optimizer": Adam(), "workers": 2} | options)))
        return plans[-1]

    yield make
    for plan in plans:
        plan.close()


def train(plan, batch, steps, rate=0.01):
    losses = []
    for seed in range(steps):
        plan.load(*batch(plan.batch, seed))
        losses.append(plan.step(rate))
    return losses


@pytest.mark.parametrize("workers", [2, 3])
def test_workers_compute_what_one_does(made, workers):
    alone, together = (made(images(), 7, dtype=np.float64, workers=count) for count in (1, workers))
    assert isinstance(together, TeamPlan)
    np.testing.assert_allclose(train(together, images_batch, 6), train(alone, images_batch, 6), rtol=1e-9)
    for name, array in alone.parameters.items():
        np.testing.assert_allclose(together.parameters[name], array, rtol=1e-7, atol=1e-9, err_msg=name)
    assert together.gradient_norm == pytest.approx(alone.gradient_norm, rel=1e-7)
    for node, array in alone.outputs().items():
        np.testing.assert_allclose(together.outputs()[node], array, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kind", Optimizer.registry.values())
def test_every_optimizer_can_be_shared(made, kind):
    losses = [
        train(made(images(), 6, dtype=np.float64, optimizer=kind(), workers=count), images_batch, 4) for count in (1, 2)
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-9)


def test_a_gradient_is_the_sum_of_all(made):
    alone, together = (made(images(), 6, dtype=np.float64, workers=count) for count in (1, 2))
    for plan in (alone, together):
        plan.load(*images_batch(6))
    assert together.run() == pytest.approx(alone.run(), rel=1e-12)
    for name, array in alone.gradients.items():
        np.testing.assert_allclose(together.gradients[name], array, rtol=1e-9, atol=1e-12, err_msg=name)


def test_the_same_seed_gives_the_same_losses(made):
    first, second, other = (train(made(dropping(), 9, seed=seed), dropping_batch, 8) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_workers_drop_different_units(made):
    plan = made(dropping(), 8)
    plan.load({"0": np.ones((8, 8))}, {"out": np.zeros(8, int)})
    plan.run()
    answers = plan.outputs()["out"]
    assert len({row.tobytes() for row in answers}) == 8


def test_a_restored_state_continues_exactly(made):
    whole = made(images(), 6, dtype=np.float32)
    expected = train(whole, images_batch_32, 8)
    first = made(images(), 6)
    train(first, images_batch_32, 3)
    second = made(images(), 6, seed=99)
    second.state.restore(first.state.arrays())
    second.state.step = first.state.step
    second.state.rng.bit_generator.state = first.state.rng.bit_generator.state
    losses = []
    for seed in range(3, 8):
        second.load(*images_batch_32(6, seed))
        losses.append(second.step(0.01))
    assert losses == expected[3:]


def images_batch_32(size, seed=0):
    inputs, targets = images_batch(size, seed)
    return {"0": inputs["0"].astype(np.float32)}, targets | {"other": targets["other"].astype(np.float32)}


@pytest.mark.parametrize("rest", [1, 3])
def test_a_smaller_last_batch_trains_the_same_parameters(made, rest):
    """One of fewer samples than workers is left to one of them."""
    losses = []
    for workers in (1, 2):
        plan = made(images(), 6, dtype=np.float64, workers=workers)
        last = compile(images(), rest, share=plan)
        assert isinstance(last, TeamPlan) is (workers > 1 < rest)
        losses.append(train(plan, images_batch, 2) + train(last, images_batch, 1) + train(plan, images_batch, 2))
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-7)


def test_the_box_that_overflows_is_blamed_whoever_has_the_sample(made):
    plan = made(dropping(), 8)
    train(plan, dropping_batch, 2)
    before = plan.state.arrays()
    for sample in (0, 7):
        inputs, targets = dropping_batch(8)
        inputs["0"][sample] = 3e38
        plan.load(inputs, targets)
        with pytest.raises(NotFinite) as caught:
            plan.step(0.1)
        assert (caught.value.node, caught.value.step) == ("1", 3)
    for name, array in plan.state.arrays().items():
        np.testing.assert_array_equal(array, before[name])
    assert np.isfinite(train(plan, dropping_batch, 1)).all()


def test_costs_are_those_of_one(made):
    plan = made(images(), 6)
    plan.load(*images_batch_32(6))
    assert {cost.node for cost in plan.explain(repeats=1)} == set(images().nodes)


def test_a_helper_that_dies_ends_the_step_with_a_sentence(made):
    plan = made(dropping(), 8)
    train(plan, dropping_batch, 2)
    (helper,) = plan.team.processes
    helper.kill()
    with pytest.raises(HelperDied, match=r"was ended \(signal 9\).* Resume from the last checkpoint"):
        train(plan, dropping_batch, 100)
    assert np.isfinite(plan.parameters["1.weight"]).all()
    with pytest.raises(HelperDied):
        plan.step(0.1)


def test_helpers_end_with_the_plan(made):
    plan = made(dropping(), 8)
    helpers = plan.team.processes
    plan.close()
    assert [helper.returncode for helper in helpers] == [-signal.SIGKILL]
    del plan


LEADER = """
import numpy as np
from engine.optimizers.adam import Adam
from engine.plan.compile import compile
from tests.engine.test_workers import dropping, dropping_batch
plan = compile(dropping(), 8, optimizer=Adam(), workers=3)
plan.load(*dropping_batch(8))
print(*(helper.pid for helper in plan.team.processes), flush=True)
while True:
    plan.step(0.001)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_a_kill_of_the_leader_leaves_nothing():
    before = set(SHARED_MEMORY.iterdir()) if SHARED_MEMORY.is_dir() else set()
    root = Path(__file__).parents[2]
    leader = subprocess.Popen(
        [sys.executable, "-c", LEADER], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with leader:
        helpers = leader.stdout.readline().split()
        leader.kill()
        leader.stderr.read()  # helpers have inherited this pipe: it ends with the last of them
    assert len(helpers) == 2
    after = set(SHARED_MEMORY.iterdir()) if SHARED_MEMORY.is_dir() else set()
    assert after <= before


@pytest.mark.parametrize(("size", "count"), [(10, 3), (1, 2), (64, 4), (7, 7)])
def test_shares_cover_everything_once(size, count):
    for unit in (1, 16):
        parts = [share(size, rank, count, unit) for rank in range(count)]
        assert parts[0].start == 0
        assert parts[-1].stop == size
        assert all(one.stop == other.start for one, other in pairwise(parts))


SETTINGS = TrainingSettings(epochs=3, batch=8, rate=0.02, workers=2)


def trained(settings, resume=None, stop=None):
    training = Training(classifier(), settings, flowers(), resume=resume, report_every=0.0)
    try:
        for _ in training.events():
            if stop and training.state.step >= stop:
                break
        return training, training.checkpoint()
    finally:
        training.close()


def test_a_training_with_workers_resumes_exactly():
    whole, end = trained(SETTINGS)
    assert end.workers == 2
    again, _ = trained(SETTINGS)
    assert list(whole.recorder.losses) == list(again.recorder.losses)
    _, halfway = trained(SETTINGS, stop=7)
    resumed, _ = trained(SETTINGS, resume=type(halfway).from_bytes(halfway.to_bytes()))
    assert list(resumed.recorder.losses) == list(whole.recorder.losses)
    for name, array in whole.parameters().items():
        np.testing.assert_array_equal(resumed.parameters()[name], array)


def test_small_steps_are_left_to_one_worker():
    assert choose(classifier(), SETTINGS, flowers()).workers == 1
    assert SETTINGS.with_(workers=0) == TrainingSettings(
        epochs=3, batch=8, rate=0.02
    )  # as it is where nobody says otherwise
    training, end = trained(SETTINGS.with_(workers=0, epochs=1))
    assert training.plan.workers == end.workers == 1


class Made:
    """What `fastest` asks of a plan."""

    there: ClassVar[list[int]] = []  # workers of the plans that are there

    def __init__(self, workers):
        assert not self.there, "two plans at the same time"
        self.workers = workers
        self.there.append(workers)

    def close(self):
        self.there.remove(self.workers)


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ({1: [3e-4]}, 1),  # so short that nothing else is tried
        ({1: [2e-2], 2: [1.1e-2]}, 2),  # clear at once
        ({1: [2e-2, 2e-2], 2: [2.5e-2, 1.2e-2]}, 2),  # something else disturbed the first measurement
        ({1: [2e-2, 1e-2, 1e-2], 2: [1.6e-2] * 3}, 1),  # and here that of one worker
        ({1: [2e-3] * 3, 2: [1.9e-3] * 3}, 1),
        ({1: [2e-3] * 3, 2: [1.7e-3] * 3}, 2),
        ({1: [2e-2] * 3, 2: [2.4e-2] * 3}, 2),  # something else keeps the other core busy for now
        ({1: [2e-2], 4: [6e-3], 8: [4e-3]}, 8),
        ({1: [2e-2], 4: [6e-3], 8: [9e-3]}, 4),  # cores that are two halves of one
        ({1: [2e-3] * 3, 4: [1.9e-3] * 3, 8: [5e-3] * 3}, 1),
        ({1: [2e-2] * 3, 4: [2.6e-2] * 3, 8: [5e-2] * 3}, 1),
    ],
)
def test_as_many_workers_are_taken_as_are_fastest(monkeypatch, times, found):
    measured = {workers: iter(seconds) for workers, seconds in times.items()}
    monkeypatch.setattr("engine.training.workers._seconds", lambda plan: next(measured[plan.workers]))
    Made.there.clear()
    assert fastest(Made, max(max(times), 2)).workers == found
    assert Made.there == [found]
    assert not [rest for seconds in measured.values() for rest in seconds]


def test_a_short_training_is_left_to_one_worker(monkeypatch):
    monkeypatch.setattr("engine.training.workers._seconds", lambda plan: 1e-2 / plan.workers)
    for steps, found in ((100, 1), (1000, 2)):
        Made.there.clear()
        assert fastest(Made, 2, steps).workers == found


@pytest.mark.parametrize("fewest", [False, True])
def test_a_chosen_plan_trains_as_if_nothing_had_been_measured(monkeypatch, fewest):
    def seconds(plan):
        return measure(plan) * 0 + (plan.workers if fewest else 1 / plan.workers)

    measure = engine.training.workers._seconds
    monkeypatch.setattr("engine.training.workers._seconds", seconds)
    monkeypatch.setattr("engine.training.workers.cores", lambda: 2)
    monkeypatch.setattr("engine.training.workers.LONG", 0.0)
    losses = []
    for workers in (1 if fewest else 2, 0):
        settings = SETTINGS.with_(workers=workers)
        training = Training(classifier(BatchNorm(), Dropout(rate=0.5)), settings, flowers(), report_every=0.0)
        assert all(training.events())
        losses.append(
            (training.plan.workers, list(training.recorder.losses), training.recorder.epochs[-1].validation_loss)
        )
        training.close()
    assert losses[0] == losses[1]


@pytest.mark.parametrize("average", [0.0, 0.5])
def test_all_workers_answer_together_what_one_answers(made, average):
    plan = made(images(), 8, optimizer=Stepping(optimizer=Adam(), average=average), workers=2, dtype=np.float64)
    predictor, (inputs, targets) = TeamPredictor(plan.team, 3), images_batch(8)
    plan.load(inputs, targets)
    for _ in range(2):
        plan.step(0.01)
        alone = Predictor(images(), plan.state.answering, batch=3)
        for count in (8, 6, 1):  # of which each takes some at a time
            some = {node: array[:count] for node, array in inputs.items()}
            expected = alone.outputs(some)
            for node, found in predictor.outputs(some).items():
                np.testing.assert_allclose(found, expected[node], rtol=1e-12, atol=1e-12)


def test_all_who_train_answer_where_there_is_enough_for_each(monkeypatch):
    monkeypatch.setattr(engine.training.loop, "batch_for", lambda graph: 10)
    losses = {}
    for workers, enough in ((1, 0), (2, 0), (2, 10 * (4 * 8 + 8 * 3) + 1)):
        monkeypatch.setattr(engine.plan.team_predictor, "ENOUGH", enough)
        training = Training(classifier(), TrainingSettings(epochs=2, workers=workers), flowers())
        with closing(training):
            losses[workers, enough > 0] = [
                e.epoch.validation_loss for e in training.events() if isinstance(e, EpochDone)
            ]
            assert isinstance(training.predictor, TeamPredictor) == (workers > 1 and not enough)
    alone, together, less = losses.values()
    assert alone == pytest.approx(together, rel=1e-4)
    assert less == pytest.approx(together, rel=1e-4)


def test_a_helper_that_dies_ends_the_answers_with_a_sentence(made):
    plan = made(dropping(), 8, workers=2)
    predictor, inputs = TeamPredictor(plan.team, 4), dropping_batch(8)[0]
    predictor.outputs(inputs)
    plan.team.processes[0].kill()
    plan.team.processes[0].wait()
    with pytest.raises(HelperDied):
        predictor.outputs(inputs)
