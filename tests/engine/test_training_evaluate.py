import json
from dataclasses import replace

import numpy as np
import pytest

from engine.catalog import Metric
from engine.problems import UserError
from engine.training.evaluate import class_scores, confusion_matrix, evaluate
from engine.training.loop import Training
from engine.training.settings import TrainingSettings

from .training_cases import classifier, flowers, regressor, sizes


def trained(graph, samples) -> Training:
    training = Training(graph, TrainingSettings(epochs=15, batch=8, rate=0.03), samples)
    list(training.events())
    return training


@pytest.fixture(scope="module")
def classes() -> Training:
    return trained(classifier(), flowers())


def test_it_agrees_with_the_validation_of_the_training(classes):
    found = evaluate(classes.graph, classes.parameters(), classes.samples)
    best = classes.recorder.best
    assert found.loss == best.validation_loss
    metrics, watched = found.outputs["out"].metrics, best.validation_metrics["out"]
    assert {name: metrics[name] for name in watched} == watched
    assert set(metrics) == {name for name, kind in Metric.registry.items() if "class" in kind.targets}
    assert found.outputs["out"].losses.mean() == pytest.approx(found.loss)


def test_the_confusion_matrix_counts_every_sample(classes):
    found = evaluate(classes.graph, classes.parameters(), classes.samples, classes.samples.train)
    output = found.outputs["out"]
    assert output.confusion.sum() == len(classes.samples.train) == len(output.losses)
    assert np.trace(output.confusion) / 38 == pytest.approx(output.metrics["Accuracy"])
    assert [score.name for score in output.classes] == ["a", "b", "c"]
    assert json.loads(json.dumps(found.to_dict()))["outputs"]["out"]["confusion"] == output.confusion.tolist()


def test_class_scores_agree_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    target, said = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    confusion = confusion_matrix(target, said, 4)
    np.testing.assert_array_equal(confusion, metrics.confusion_matrix(target, said))
    expected = np.array(metrics.precision_recall_fscore_support(target, said)).T
    found = [(s.precision, s.recall, s.f1, s.samples) for s in class_scores(confusion, list("abcd"))]
    np.testing.assert_allclose(found, expected)


def test_a_class_that_never_came_up_has_no_score():
    (_, never) = class_scores(np.array([[3, 0], [0, 0]]), ["a", "b"])
    assert (never.precision, never.recall, never.f1) == (None, None, None)


def test_residuals_are_in_the_unit_of_the_column():
    training = trained(regressor(), sizes())
    output = evaluate(training.graph, training.parameters(), training.samples).outputs["out"]
    assert np.abs(output.residuals).mean() == pytest.approx(output.metrics["MeanAbsoluteError"])
    assert output.confusion.size == 0


def test_nothing_to_evaluate_is_a_sentence(classes):
    with pytest.raises(UserError, match="no samples to evaluate"):
        evaluate(classes.graph, classes.parameters(), classes.samples, np.arange(0))


def test_data_without_the_target_is_a_sentence(classes):
    samples = replace(classes.samples, targets={})
    with pytest.raises(UserError, match="The data has no column kind, which says what is right"):
        evaluate(classes.graph, classes.parameters(), samples)
