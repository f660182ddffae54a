"""From a data set of the program to a run that answers well: templates, data, training and its process together."""

import pytest

from engine.data.prepare import prepare
from engine.data.sources.sample import Sample
from engine.process.headless import run_headless
from engine.project.project import Project
from engine.project.run import Run
from engine.templates import start
from engine.training.evaluate import Evaluation, evaluate


def begin(template: str, name: str, target: str = "", **settings) -> Project:
    source = Sample(name=name)
    project = start(template, source.read(), source, target)
    return project.with_(training=project.training.with_(**settings))


def learn(project: Project, folder) -> Run:
    return run_headless(project, folder).run


def evaluated(run: Run) -> Evaluation:
    """Read the data anew, as `netwright evaluate` does."""
    project = run.project
    samples = prepare(project.graph, project.data.source.read(), project.data)
    return evaluate(project.graph, run.parameters, samples)


@pytest.mark.parametrize(
    ("template", "name", "target", "settings", "metric", "least"),
    [
        pytest.param("cnn", "digits8x8", "", {"epochs": 15}, "Accuracy", 0.97, marks=pytest.mark.slow),
        ("mlp", "breast_cancer", "", {"epochs": 20}, "Accuracy", 0.96),
        ("mlp", "auto_mpg", "mpg", {"epochs": 50}, "R2", 0.85),
    ],
    ids=["digits", "cancer", "mpg"],
)
def test_it_learns(template, name, target, settings, metric, least, tmp_path):
    run = learn(begin(template, name, target, **settings), tmp_path)
    assert run.history.best.validation_metrics["output"][metric] >= least
    found = evaluated(run)
    watched = run.history.best.validation_metrics["output"]
    assert {name: found.outputs["output"].metrics[name] for name in watched} == watched
    assert found.loss == pytest.approx(run.history.best.validation_loss, rel=1e-4)
