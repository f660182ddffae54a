"""From a template and a data set to a project that is ready to train."""

from __future__ import annotations

import numpy as np

from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.kinds import guess_target
from engine.data.samples import SAMPLES, SampleData
from engine.data.source import Source
from engine.data.sources.sample import Sample
from engine.data.wording import PLURAL, shortly
from engine.graph import Graph
from engine.layers.dense import Dense
from engine.layers.input import Input
from engine.layers.output import Output
from engine.problems import UserError
from engine.project.project import Project
from engine.schedules.cosine import Cosine
from engine.templates.networks import TEMPLATES
from engine.templates.task import Task
from engine.training.settings import TrainingSettings

STEPS = 4000  # of training, roughly: small data sets are seen more often


def start(template: str, dataset: Dataset, source: Source | None = None, target: str = "") -> Project:
    """Return a project with the network `template` ("mlp", "cnn", "lstm") for a data set, ready to train.

    `target` is the column that is to be predicted; "" lets the data decide. Raises UserError where the data has no such
    column, or does not suit the template.
    """
    if template not in TEMPLATES:
        raise UserError(f"There is no template {template!r}. Choose one of {', '.join(TEMPLATES)}.")
    task = _task(dataset, source, target)
    chain, data, rate = TEMPLATES[template](task)
    split = "last" if data.window or task.timed or task.overlaps else "stratified" if task.classes else "random"
    if task.hint:
        data, split = data.with_(validation=task.hint.validation), task.hint.split if task.classes else split
    chain.add("scores" if task.classes else "estimate", Dense(units=task.units))
    chain.add("output", Output(target=task.target.name, loss=task.loss))
    epochs = int(np.clip(round(STEPS * 32 / max(1, len(dataset))), 8, 100))
    training = TrainingSettings(epochs=epochs, rate=rate, schedule=Cosine())
    return Project(chain.graph, chain.places(), data.with_(source=source, split=split), training)


def suggest(dataset: Dataset, source: Source | None = None, target: str = "") -> str:
    """Return the template that suits a data set best: by pictures, by what has an order alone, else that for tables."""
    task = _task(dataset, source, target)
    if task.columns("image") or (task.hint and len(task.hint.size) == 3):
        return "cnn"
    if any(len(column.inner) == 2 for column in task.columns("number")):
        return "lstm"
    series = task.hint.window if task.hint else task.timed and any(c.kind == "number" for c in task.table())
    return "lstm" if series or not task.table() else "mlp"


def left_out(graph: Graph, dataset: Dataset) -> str:
    """Return a sentence about the columns that a network neither reads nor predicts, "" where there are none."""
    inputs = [layer for layer in graph.nodes.values() if isinstance(layer, Input)]
    used = {name for layer in inputs for name in layer.columns}
    used |= {layer.target for layer in graph.nodes.values() if isinstance(layer, Output)}
    if any(
        dataset[name].inner for name in used if name in dataset
    ):  # beside pictures and series nothing else is expected
        return ""
    names = [_described(column) for column in dataset.columns if column.name not in used and not column.missing.all()]
    return f"Not read: {shortly(names)}." if names else ""


def _described(column: Column) -> str:
    many = column.kind in ("category", "text")
    return f"{column.name} ({column.different:,} different {PLURAL[column.kind]})" if many else column.name


def likely_target(dataset: Dataset, source: Source | None = None) -> str:
    """Return the column that is most likely to be predicted; "" where nothing speaks for one."""
    hint = _hint(source)
    return hint.target if hint else guess_target(dataset)


def _hint(source: Source | None) -> SampleData | None:
    return SAMPLES.get(source.name) if isinstance(source, Sample) else None


def _task(dataset: Dataset, source: Source | None, target: str) -> Task:
    hint, wanted = _hint(source), _column(dataset, target or likely_target(dataset, source))
    return Task(dataset, wanted, hint if hint and hint.target == wanted.name else None)


def _column(dataset: Dataset, wanted: str) -> Column:
    if len(dataset.columns) == 1 and dataset.columns[0].kind in ("text", "category"):
        raise UserError(
            f"The data has only the column {dataset.columns[0].name:.40}, but a network needs something to read and "
            "something to predict. Add a column with the answers that it is to learn."
        )
    if not wanted:
        raise UserError("The data has no column that could be predicted. Name one with --target.")
    if wanted not in dataset:
        raise UserError(f"The data has no column {wanted}. It has {', '.join(c.name for c in dataset.columns)}.")
    column = dataset[wanted]
    if column.kind == "date":
        raise UserError(f"{wanted} holds dates, which no network here predicts. Choose another column with --target.")
    if column.kind in ("category", "text") and column.different < 2:
        has = f"only one class ({column.distinct[0]:.40})" if column.distinct else "no values"
        raise UserError(f"The column {wanted} has {has}, so there is nothing to learn. Choose another with --target.")
    return column
