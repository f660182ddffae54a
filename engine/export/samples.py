"""Samples of a data set in the two forms that are compared: raw, as a model takes them, and prepared, as we do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Array
from engine.data.dataset import Dataset
from engine.data.prepare import encode, feeds
from engine.data.settings import DataSettings
from engine.export.onnx import feeds as tensors
from engine.graph import Graph, NodeId
from engine.layers.input import Input
from engine.preprocessor import Fitted


@dataclass(frozen=True, eq=False)
class Samples:
    """`feeds` are raw values (N, ...) by the name of the model's input, `inputs` prepared ones (N, *size) by box."""

    feeds: Mapping[str, Array]
    inputs: Mapping[NodeId, Array]
    rows: Array  # of the data set, in which each sample's target lies
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


def samples(
    graph: Graph,
    dataset: Dataset,
    settings: DataSettings,
    fitted: Mapping[NodeId, Fitted],
    limit: int | None = None,
) -> Samples:
    """Return the samples of a data set, or `limit` of them from all over it, with what a run has fitted.

    Raises UserError where a column that an Input reads is missing.
    """
    some = dataset if limit is None else _some(dataset, settings, limit)
    prepared = encode(graph, some, settings, fitted)
    rows = prepared.rows[:limit]
    raw = feeds(graph, some, settings, fitted, rows)
    named = {
        tensor.name: raw[node][name]
        for node, layer in graph.nodes.items()
        if isinstance(layer, Input)
        for name, tensor in tensors(node, layer, fitted[node]).items()
    }
    inputs = {node: array[: len(rows)] for node, array in prepared.inputs.items()}
    return Samples(named, inputs, rows, prepared.notes)


def _some(dataset: Dataset, settings: DataSettings, limit: int) -> Dataset:
    """Return few rows of a data set that make about `limit` samples: spread, or the last ones where windows are cut."""
    if settings.window:
        return dataset.take(np.arange(max(0, len(dataset) - settings.window - limit), len(dataset)))
    return dataset.take(np.unique(np.linspace(0, len(dataset) - 1, limit).astype(np.intp)))
