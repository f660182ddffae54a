"""From a data set to arrays that a network takes: windows, division, preprocessing fitted on the training part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.arrays import Array, Shape
from engine.columns import Column, ColumnKind, whole_seconds
from engine.data import balance
from engine.data.check import data_problems
from engine.data.dataset import Dataset, fingerprint
from engine.data.encoding import encoded, samples_of
from engine.data.kinds import converted
from engine.data.settings import DataSettings
from engine.data.split import advice, split
from engine.data.steps import Steps, present, targets_of
from engine.data.targets import Answer, as_exported, decode, encode_target, fit_target, in_unit
from engine.data.unknown import unknown_categories
from engine.data.windows import Cut
from engine.graph import Graph, NodeId
from engine.layers.input import Input
from engine.layers.output import Output
from engine.preprocessing import numbers
from engine.preprocessor import Fitted
from engine.problems import UserError

__all__ = [
    "Answer",
    "Prepared",
    "as_exported",
    "data_problems",
    "decode",
    "encode",
    "feeds",
    "fingerprint",
    "in_unit",
    "prepare",
]


@dataclass(frozen=True, eq=False)
class Prepared:
    """Everything that training and evaluation read; arrays must not be written to.

    `inputs` are float32 (N, *size) for each Input, `Deferred` where images would take too much memory; `targets` are
    arrays for each Output (see `encode_target`). `train` and `validation` are numbers of samples, ascending. `fitted` holds
    plain JSON values for each Input and Output. `rows` says for each sample the row of the data set in which its target
    lies; beyond the last row for a forecast of what is not known yet.
    """

    inputs: Mapping[NodeId, Array]
    targets: Mapping[NodeId, Array]
    train: Array
    validation: Array
    fitted: Mapping[NodeId, Fitted]
    rows: Array = field(default_factory=lambda: np.arange(0))
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values()), self.rows))


@dataclass(frozen=True)
class _Task:
    """A graph's boxes that touch data, and how the rows of a data set become samples for them."""

    graph: Graph
    dataset: Dataset
    cut: Cut

    @cached_property
    def inputs(self) -> dict[NodeId, Input]:
        return {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Input)}

    @cached_property
    def outputs(self) -> dict[NodeId, Output]:
        return {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Output)}

    @cached_property
    def steps(self) -> Mapping[NodeId, Steps]:
        return targets_of(self.graph, self.dataset)

    def target(
        self, node: NodeId, column: Column, fitted: Fitted, inputs: Mapping[NodeId, Array]
    ) -> tuple[Array, Array]:
        """Return the targets of an Output, none at padding, and which of the samples have one."""
        steps = self.steps.get(node)
        target, known = encode_target(self.outputs[node], column, fitted, steps)
        if steps and steps.mask:
            padding = ~present(self.inputs[steps.mask], inputs[steps.mask])
            target[padding] = -1 if target.dtype.kind == "i" else np.nan
        return target, known

    def read(self, layer: Input) -> list[Column]:
        return [self.dataset[name] for name in layer.columns]

    def encode(self, node: NodeId, fitted: Fitted, samples: Array) -> Array:
        layer = self.inputs[node]
        if self.cut.window:
            table = encoded(layer, self.read(layer), fitted)
            return self.cut.cut(table, samples, layer.size)
        return samples_of(layer, self.read(layer), fitted, samples)


def prepare(graph: Graph, dataset: Dataset, settings: DataSettings) -> Prepared:
    """Divide the data set, fit all preprocessing on the training part only, and encode every sample.

    Samples without a target are left out, with a note. Raises UserError with the first of `data_problems`, if any.
    """
    problems = data_problems(graph, dataset, settings)
    if problems:
        raise UserError(str(problems[0]))
    task = _Task(graph, dataset, Cut.of(len(dataset), settings))
    samples, notes = _with_targets(task)
    rows = task.cut.target_rows(samples)
    train, validation = split(len(samples), settings, _strata(task, rows))
    fitted: dict[NodeId, Fitted] = {}
    read = task.cut.input_rows(samples[train])
    for node, layer in task.inputs.items():
        columns = [column.take(read) for column in task.read(layer)]
        fitted[node] = layer.preprocessing.fit(columns, layer.size, settings.window)
    for node, output in task.outputs.items():
        column = dataset[output.target].take(rows)
        fitted[node] = fit_target(output, column, column.take(train), task.steps.get(node))
    inputs = {node: task.encode(node, fitted[node], samples) for node in task.inputs}
    return Prepared(
        inputs,
        {
            node: task.target(node, dataset[o.target].take(rows), fitted[node], inputs)[0]
            for node, o in task.outputs.items()
        },
        train,
        validation,
        fitted,
        rows,
        (*dataset.notes, *notes, *advice(settings, dataset), *balance.advice(graph, dataset)),
    )


def encode(graph: Graph, dataset: Dataset, settings: DataSettings, fitted: Mapping[NodeId, Fitted]) -> Prepared:
    """Encode new data with what a run has fitted. Every sample is kept, in its order, also without a target.

    `targets` hold the Outputs whose column exists; `validation` the samples of which every such target is known;
    `train` nothing. Raises UserError where a column that an Input reads is missing or of another kind.
    """
    dataset = _as_fitted(graph, dataset, fitted)
    problems = data_problems(graph, dataset, settings, new=True)
    if problems:
        raise UserError(str(problems[0]))
    given = {n for n, o in graph.nodes.items() if isinstance(o, Output) and o.target in dataset}
    task = _Task(graph, dataset, Cut.of(len(dataset), settings))
    samples = np.arange(len(dataset) - max(settings.window, 1) + 1)
    rows = task.cut.target_rows(samples)
    inside = np.minimum(rows, len(dataset) - 1)
    targets, known = {}, rows < len(dataset)
    inputs = {node: task.encode(node, fitted[node], samples) for node in task.inputs}
    for node in given:
        column = dataset[task.outputs[node].target].take(inside)
        targets[node], found = task.target(node, column, fitted[node], inputs)
        known &= found
    unknown = int(len(samples) - known.sum())
    notes = [f"{_samples(unknown)} without a known target."] if given and unknown else []
    notes += [note for node in task.inputs for note in unknown_categories(dataset, fitted[node])]
    return Prepared(
        inputs,
        targets,
        np.arange(0),
        np.flatnonzero(known) if given else np.arange(0),
        fitted,
        rows,
        (*dataset.notes, *notes),
    )


def feeds(
    graph: Graph, dataset: Dataset, settings: DataSettings, fitted: Mapping[NodeId, Fitted], rows: Array
) -> dict[NodeId, dict[str, Array]]:
    """Return what an exported model takes for the samples whose `Prepared.rows` are given: raw values, by node and feed.

    Numbers are float32 (NaN where missing), texts arrays of str objects, dates and numbers of tokens int64; all
    (samples, *shape).
    """
    dataset, cut = _as_fitted(graph, dataset, fitted), Cut(len(dataset), settings.window, settings.horizon)
    starts = rows - cut.target_rows(np.zeros(1, np.intp))[0]
    found: dict[NodeId, dict[str, Array]] = {}
    for node, layer in graph.nodes.items():
        if isinstance(layer, Input):
            columns = [dataset[name] for name in layer.columns]
            found[node] = _raw(layer, columns, fitted[node], Cut(len(dataset), settings.window, 0), starts)
    return found


def _as_fitted(graph: Graph, dataset: Dataset, fitted: Mapping[NodeId, Fitted]) -> Dataset:
    """Return new data with its columns of the kinds that they had when everything was fitted."""
    kinds: dict[str, ColumnKind] = {}
    for node, layer in graph.nodes.items():
        if isinstance(layer, Output) and layer.loss.target == "value":
            kinds[layer.target] = "number"
        elif isinstance(layer, Input):
            kinds |= dict(fitted[node].get("columns", ()))
    return converted(dataset, kinds)


def _raw(layer: Input, columns: list[Column], fitted: Fitted, cut: Cut, samples: Array) -> dict[str, Array]:
    raw = {}
    if not cut.window:
        columns, samples = [column.take(samples) for column in columns], np.arange(len(samples))
    for feed in layer.preprocessing.feeds(fitted):
        if feed.column:
            values = next(c.values for c in columns if c.name == feed.name)[:, None]
            values = values.astype(object) if feed.dtype == "string" else whole_seconds(values)
        elif feed.dtype == "int64":
            values = layer.preprocessing.apply(columns, fitted).astype(np.int64)
        else:
            values = numbers.stack(columns)
        raw[feed.name] = np.ascontiguousarray(_pick(cut, values, samples, feed.shape))
    return raw


def _pick(cut: Cut, values: Array, samples: Array, shape: Shape) -> Array:
    return cut.cut(values, samples, shape) if cut.window else values.reshape(len(values), *shape)


def _with_targets(task: _Task) -> tuple[Array, list[str]]:
    """Return the samples of which every target is there, and notes about the others."""
    samples = np.arange(task.cut.samples)
    rows = task.cut.target_rows(samples)
    known, notes = np.ones(len(samples), bool), []
    for output in task.outputs.values():
        missing = task.dataset[output.target].missing[rows]
        if missing.any():
            notes.append(f"{_samples(int(missing.sum()))} left out: {output.target} has no value there.")
        known &= ~missing
    return samples[known], notes


def _samples(count: int) -> str:
    return "1 sample is" if count == 1 else f"{count:,} samples are"


def _strata(task: _Task, rows: Array) -> Array | None:
    """Return the class of each sample by the first Output that tells classes apart."""
    for node, output in task.outputs.items():
        if output.loss.target in ("class", "binary", "label") and node not in task.steps:
            return np.unique(task.dataset[output.target].values[rows], return_inverse=True)[1].reshape(-1)
    return None
