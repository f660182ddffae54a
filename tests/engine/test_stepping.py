"""What happens between a gradient and a step: clipping, averaging; alone and shared by workers."""

import numpy as np
import pytest

from engine.layers.batch_norm import BatchNorm
from engine.layers.dense import Dense
from engine.learning import Learning
from engine.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from engine.optimizers.sgd import SGD
from engine.plan.compile import compile
from engine.plan.stepping import Stepping
from engine.project.project import Project
from engine.project.run import from_checkpoint, to_checkpoint
from engine.training.checkpoint import Checkpoint
from engine.training.evaluate import evaluate
from engine.training.loop import Training
from engine.training.settings import TrainingSettings

from .test_training_checkpoint import finished, interrupted, resumes_exactly, same
from .training_cases import classifier, flowers

RATE = 0.05
HELD = Learning(l1=0.01, l2=0.02, max_norm=0.7)


def held_back(hidden: Learning = HELD):
    graph = classifier(BatchNorm(), Dense(units=5, learning=Learning(max_norm=0.5)))
    return graph.add("hidden", graph.nodes["hidden"].with_(learning=hidden))


def batches(count):
    rng = np.random.default_rng(3)
    for _ in range(count):
        yield rng.normal(size=(6, 4)) * 3, rng.integers(0, 3, 6)


def train(graph, stepping, steps=50, workers=1):
    """Return a plan after some steps in float64, and the lengths of its gradients."""
    plan = compile(graph, 6, optimizer=stepping, dtype=np.float64, workers=workers)
    lengths = []
    for x, kind in batches(steps):
        plan.load({"in": x}, {"out": kind})
        plan.step(RATE)
        lengths.append(plan.gradient_norm)
    plan.close()
    return plan, lengths


def in_torch(stepping, steps=50):
    """Return the parameters of the same network that PyTorch trains, their moving average, and the lengths."""
    import torch

    plan = compile(classifier(), 6, optimizer=stepping, dtype=np.float64)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).double()
    for weight, name in zip(model.parameters(), NAMES, strict=True):
        weight.data = torch.tensor(np.array(plan.parameters[name]))
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(stepping.average)
    )
    optimizer, lengths = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9), []
    for x, kind in batches(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(torch.tensor(x)), torch.tensor(kind)).backward()
        longest = stepping.clip_norm or float("inf")
        lengths.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), longest)))
        if stepping.clip_value:
            torch.nn.utils.clip_grad_value_(model.parameters(), stepping.clip_value)
        optimizer.step()
        average.update_parameters(model)
    return [[w.detach().numpy() for w in each.parameters()] for each in (model, average)], lengths


NAMES = ("hidden.weight", "hidden.bias", "head.weight", "head.bias")


@pytest.mark.oracle
@pytest.mark.parametrize(
    "rules",
    [{"clip_norm": 0.3}, {"clip_value": 0.02}, {"clip_norm": 0.8, "clip_value": 0.05}, {"average": 0.9}],
    ids="-".join,
)
def test_fifty_steps_as_pytorch(rules):
    stepping = Stepping(optimizer=SGD(), **rules)
    plan, lengths = train(classifier(), stepping)
    (model, average), expected = in_torch(stepping)
    np.testing.assert_allclose(lengths, expected, rtol=1e-6)
    for name, theirs, averaged in zip(NAMES, model, average, strict=True):
        np.testing.assert_allclose(plan.parameters[name], theirs, rtol=1e-6, atol=1e-12)
        if stepping.average:
            np.testing.assert_allclose(plan.state.answering.parameters[name], averaged, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize("frozen", [False, True])
def test_workers_step_as_one_does(workers, frozen):
    stepping = Stepping(optimizer=SGD(weight_decay=0.01), clip_norm=0.5, clip_value=0.1, average=0.8)
    graph = held_back(Learning(frozen=True) if frozen else HELD)
    (alone, lengths), (together, found) = (train(graph, stepping, 20, count) for count in (1, workers))
    np.testing.assert_allclose(found, lengths, rtol=1e-7)
    for one, other in ((alone.state, together.state), (alone.state.answering, together.state.answering)):
        for name, array in one.parameters.items():
            np.testing.assert_allclose(other.parameters[name], array, rtol=1e-6, atol=1e-9, err_msg=name)


SETTINGS = TrainingSettings(epochs=4, batch=8, rate=0.02, average=0.9, clip_norm=1.0)


@pytest.mark.parametrize("keep_best", [False, True])
def test_it_resumes_exactly(keep_best):
    resumes_exactly(held_back(), SETTINGS.with_(keep_best=keep_best), 1, 4, 5, 13)
    resumes_exactly(held_back(Learning(frozen=True)), SETTINGS.with_(keep_best=keep_best), 5, 7)


@pytest.mark.parametrize("keep_best", [False, True])
def test_validation_and_the_run_take_the_average(keep_best):
    samples, graph = flowers(), held_back()
    training = finished(Training(graph, SETTINGS.with_(keep_best=keep_best), samples))
    found = evaluate(graph, training.parameters(), samples).loss
    epochs = training.recorder.epochs
    expected = min(epoch.validation_loss for epoch in epochs) if keep_best else epochs[-1].validation_loss
    assert found == pytest.approx(expected, rel=1e-6)
    assert evaluate(graph, training.state.parameters, samples).loss != pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("keep_best", [False, True])
def test_a_run_answers_with_the_average_and_goes_on_exactly(keep_best):
    samples, graph, settings = flowers(), held_back(), SETTINGS.with_(keep_best=keep_best)
    stopped = interrupted(graph, settings, samples, 7)
    project = Project(graph, training=settings)
    run = from_checkpoint(Checkpoint.from_bytes(stopped.to_bytes()), id="run-1", project=project)
    resumed = Training(graph, settings, samples, resume=to_checkpoint(run))
    for name, array in resumed.parameters().items():
        np.testing.assert_array_equal(run.parameters[name], array)
    same(finished(resumed).checkpoint(), finished(Training(graph, settings, samples)).checkpoint())


def test_a_schedule_free_run_answers_with_its_average():
    samples, graph = flowers(), held_back()
    settings = TrainingSettings(epochs=4, batch=8, rate=0.02, keep_best=False, optimizer=ScheduleFreeAdamW())
    training = finished(Training(graph, settings, samples))
    found = training.parameters()
    np.testing.assert_array_equal(found["head.weight"], training.state.answering.parameters["head.weight"])
    assert (found["head.weight"] != training.state.parameters["head.weight"]).any()
    assert evaluate(graph, found, samples).loss == pytest.approx(training.recorder.epochs[-1].validation_loss, rel=1e-6)
    assert np.linalg.norm(found["hidden.weight"], axis=1).max() <= HELD.max_norm * (1 + 1e-5)
