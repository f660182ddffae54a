"""Metrics against scikit-learn and against their own definition."""

import json
import math

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn import neighbors

from engine.catalog import Metric
from engine.metrics.accuracy import Accuracy
from engine.metrics.calibration_error import CalibrationError
from engine.metrics.character_error_rate import CharacterErrorRate
from engine.metrics.cohen_kappa import CohenKappa
from engine.metrics.mean_absolute_error import MeanAbsoluteError
from engine.metrics.mean_average_precision import MeanAveragePrecision
from engine.metrics.nearest_neighbour import NearestNeighbour
from engine.metrics.r2 import R2

KINDS = [pytest.param(kind, id=name) for name, kind in sorted(Metric.registry.items())]


def perfect(target_kind, shape=(40,)):
    """Return answers that are entirely right, and their targets."""
    rng = np.random.default_rng(0)
    if target_kind == "class":
        target = rng.integers(0, 8, shape)
        return np.eye(8, dtype=np.float32)[target] * 0.7 + np.linspace(0.1, 0.2, 8, dtype=np.float32), target
    if target_kind == "text":
        target = rng.integers(1, 8, (shape[0], 3))
        return np.eye(8)[np.insert(target, [1, 2], 0, axis=1)], target  # a blank between characters
    if target_kind == "label":
        target = rng.permutation(shape[0]) % 4
        return np.eye(4)[target], target
    target = rng.integers(0, 2, (*shape, 1)).astype(float) if target_kind == "binary" else rng.normal(size=(*shape, 1))
    return target.astype(np.float32), target.astype(np.float32)


def variants(kind):
    """Yield a metric with its defaults, and one for each other choice and whole number."""
    yield kind()
    for name, rule in kind.params().items():
        yield from (kind(**{name: choice}) for choice in rule.choices[1:])
        if kind.types()[name] is int:
            yield kind(**{name: 2})


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_declared_in_full(kind):
    assert kind().problems() == {}
    assert kind.targets
    assert Metric.from_dict(json.loads(json.dumps(kind().to_dict()))) == kind()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(40,), (8, 5)], ids=str)
def test_the_perfect_answer_is_the_best(kind, shape):
    for target_kind in kind.targets:
        answer, target = perfect(target_kind, shape)
        best = kind().score(answer, target)
        worse = kind().score(answer[::-1], target)
        assert (best > worse) == kind.larger_is_better
        assert isinstance(best, float)
        assert not kind.percent or best == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_no_samples_have_no_score(kind):
    for target_kind in kind.targets:
        answer, target = perfect(target_kind)
        assert math.isnan(kind().score(answer[:0], target[:0]))


ORACLE = [
    pytest.param(metric, target, id=f"{name}-{i}-{target}")
    for name, kind in sorted(Metric.registry.items())
    for i, metric in enumerate(variants(kind))
    for target in kind.targets
    if metric.sklearn(target)
]


def drawn(target_kind, classes):
    """Return answers and targets, and both as scikit-learn wants them: answers with ties, classes that never come up."""
    rng = np.random.default_rng(classes)
    if target_kind == "value":
        true = rng.normal(size=(50, classes)) * 10 + 3
        said = true + rng.normal(size=true.shape)
        return said, true, {"true": true, "said": said}
    if target_kind == "binary":
        answer, true = rng.integers(0, 21, (60, 1)) / 20, rng.integers(0, 2, (60, 1)).astype(float)
        yes = true.ravel().astype(int)
        return answer, true, {"true": yes, "said": (answer.ravel() >= 0.5).astype(int), "answer": answer.ravel()}
    answer, true = rng.dirichlet(np.ones(classes), 60), rng.integers(0, classes, 60)
    return answer, true, {"true": true, "said": answer.argmax(axis=1), "answer": answer}


@pytest.mark.parametrize(("metric", "target"), ORACLE)
@pytest.mark.parametrize("classes", [3, 7])
def test_as_scikit_learn(metric, target, classes, witness):
    answer, true, names = drawn(target, classes)
    found = metric.score(answer, true)
    if math.isnan(found):  # too few classes for it
        assert classes == 3
        return
    theirs = eval(metric.sklearn(target), {"metrics": oracle, "np": np, **names})
    witness.alike(type(metric), "scikit-learn", "scores", found, theirs, 1e-9)


@pytest.mark.parametrize("kind", [kind for kind in Metric.registry.values() if "class" in kind.targets])
def test_a_class_that_never_comes_up_is_no_harm(kind):
    rng = np.random.default_rng(5)
    answer, true = rng.dirichlet(np.ones(7), 30), rng.integers(2, 5, 30)
    assert math.isfinite(kind().score(answer, true))


def test_calibration_error_by_hand(witness):
    answer = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.4, 0.6]])
    # Two are 0.9 sure and half right, two 0.6 sure and both right: (2 · 0.4 + 2 · 0.4) / 4.
    found = CalibrationError().score(answer, np.array([0, 1, 0, 1]))
    witness.alike(CalibrationError, "a calculation by hand", "scores", found, 0.4, 1e-12)


def test_agreement_beyond_chance_needs_two_classes():
    answer = np.array([[0.9, 0.1], [0.6, 0.4]])
    assert math.isnan(CohenKappa().score(answer, np.array([0, 0])))
    assert CohenKappa().score(answer, np.array([0, 1])) == 0


@pytest.mark.parametrize("groups", [1, 4, 15])
def test_calibration_error_by_definition(groups):
    rng = np.random.default_rng(0)
    answer = rng.dirichlet([0.6] * 3, 400)
    sure, gap = answer.max(axis=1), 0.0
    target = np.where(rng.random(400) < (sure > 0.6) * 0.9, rng.integers(0, 3, 400), answer.argmax(axis=1))
    for group in range(groups):
        inside = (sure > group / groups) & (sure <= (group + 1) / groups)
        gap += abs((answer.argmax(axis=1) == target)[inside].sum() - sure[inside].sum()) / 400
    assert CalibrationError(groups=groups).score(answer, target) == pytest.approx(gap)


@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
def test_average_precision_of_many_labels(average):
    rng = np.random.default_rng(0)
    answer, true = rng.integers(0, 30, (80, 5)) / 30, (rng.random((80, 5)) < [0.1, 0.3, 0.5, 0.7, 0.9]).astype(float)
    metric, expected = (
        MeanAveragePrecision(average=average),
        oracle.average_precision_score(true, answer, average=average),
    )
    assert metric.score(answer, true) == pytest.approx(expected, rel=1e-12)
    images = (a.reshape(4, 4, 5, 5).transpose(0, 3, 1, 2) for a in (answer, true))
    assert metric.score(*images) == pytest.approx(expected, rel=1e-12)


def test_labels_that_nobody_has_are_left_out():
    answer, true = np.array([[0.9, 0.2], [0.1, 0.8]]), np.array([[1.0, 0.0], [0.0, 0.0]])
    assert MeanAveragePrecision().score(answer, true) == 1.0
    assert math.isnan(MeanAveragePrecision().score(answer, true * 0))


def edit_distance(one, other):
    """Levenshtein's definition."""
    if not one or not other:
        return len(one) + len(other)
    change = edit_distance(one[1:], other[1:]) + (one[0] != other[0])
    return min(change, edit_distance(one[1:], other) + 1, edit_distance(one, other[1:]) + 1)


def test_charactererrorrate_by_definition(witness):
    rng = np.random.default_rng(0)
    answer = rng.dirichlet(np.ones(4), (60, 6))
    target = rng.integers(1, 4, (60, 5)) * (np.arange(5) < rng.integers(1, 6, (60, 1)))
    wrong = 0
    for path, text in zip(answer.argmax(axis=-1).tolist(), target.tolist(), strict=True):
        said = [n for n, before in zip(path, [0, *path], strict=False) if n not in (0, before)]
        wrong += edit_distance(said, [n for n in text if n])
    found, expected = CharacterErrorRate().score(answer, target), wrong / np.count_nonzero(target)
    witness.alike(CharacterErrorRate, "Levenshtein's definition", "scores", found, expected, 1e-12)


def test_nearestneighbour_as_scikit_learn(witness):
    rng = np.random.default_rng(0)
    points, label = rng.normal(size=(600, 3)) + 5, rng.integers(0, 4, 600)
    nearest = neighbors.NearestNeighbors(n_neighbors=2).fit(points).kneighbors(points, return_distance=False)[:, 1]
    found, expected = NearestNeighbour().score(points, label), (label[nearest] == label).mean()
    witness.alike(NearestNeighbour, "scikit-learn", "scores", found, expected, 1e-12)


def test_accuracy():
    rng = np.random.default_rng(1)
    answer, target = rng.random((200, 5)), rng.integers(0, 5, 200)
    assert Accuracy().score(answer, target) == oracle.accuracy_score(target, answer.argmax(axis=1))
    answer, target = rng.random((200, 1)), rng.integers(0, 2, (200, 1)).astype(float)
    assert Accuracy().score(answer, target) == oracle.accuracy_score(target.ravel(), answer.ravel() >= 0.5)


def test_accuracy_of_a_series():
    rng = np.random.default_rng(1)
    answer, target = rng.random((20, 7, 5)), rng.integers(0, 5, (20, 7))
    assert Accuracy().score(answer, target) == oracle.accuracy_score(target.ravel(), answer.argmax(axis=-1).ravel())


@pytest.mark.parametrize("width", [1, 3])
def test_numbers(width):
    rng = np.random.default_rng(2)
    target = rng.normal(size=(100, width)) * [1, 10, 100][:width] + 5
    answer = target + rng.normal(size=target.shape)
    assert MeanAbsoluteError().score(answer, target) == pytest.approx(oracle.mean_absolute_error(target, answer))
    assert R2().score(answer, target) == pytest.approx(oracle.r2_score(target, answer))


def test_r2_in_single_precision_far_from_zero():
    """Years, pressures: the mean is large and the spread is small."""
    rng = np.random.default_rng(3)
    target = (1e6 + rng.normal(size=(500, 1))).astype(np.float32)
    answer = (target + rng.normal(size=target.shape) * 0.5).astype(np.float32)
    assert R2().score(answer, target) == pytest.approx(
        oracle.r2_score(target.astype(float), answer.astype(float)), rel=1e-6
    )


def test_r2_of_a_constant_is_not_defined():
    assert math.isnan(R2().score(np.zeros((5, 1)), np.ones((5, 1))))
