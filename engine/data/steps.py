"""Targets at each step of a series: which Outputs have them, and how texts of tags and series become such targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.arrays import Array
from engine.columns import Column, number_text, text_array
from engine.data.dataset import Dataset
from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layers.input import Input
from engine.layers.output import Output


class Steps(NamedTuple):
    """How an Output answers at each step: at how many, and whether short texts are filled up before their start.

    `mask` is the Input whose padding it leaves out; "" where there is none.
    """

    total: int
    before: bool
    mask: NodeId


def steps_of(graph: Graph) -> Mapping[NodeId, Steps]:
    """Return the Outputs that answer at each step of a series; the others have one target for each sample."""
    inference, found = infer(graph), {}
    for node, layer in graph.nodes.items():
        source = graph.wires.get(Port(node, "x"))
        shape = inference.shapes.get(source, ()) if source else ()
        if isinstance(layer, Output) and len(shape) == 2 and layer.loss.target in ("class", "value"):
            mask = inference.masks.get(source, "") if source else ""
            entry = graph.nodes.get(mask)
            rule = entry.preprocessing if isinstance(entry, Input) else None
            before = getattr(rule, "padding", "after") == "before"
            found[node] = Steps(shape[0], before, mask if isinstance(entry, Input) else "")
    return found


def suit(column: Column, steps: Steps, target: str) -> bool:
    """Tell whether a column holds something for each step: series, texts of tags, or whatever stands behind a mask."""
    if column.kind == "image":
        return False
    if column.inner or target == "value":
        return column.inner[:1] == (steps.total,)
    return column.kind != "number" and (bool(steps.mask) or any(" " in text.strip() for text in column.values.tolist()))


def targets_of(graph: Graph, dataset: Dataset) -> Mapping[NodeId, Steps]:
    """Return the Outputs whose column in the data set has a target for each step of a series."""
    layers = {n: layer for n, layer in graph.nodes.items() if isinstance(layer, Output) and layer.target in dataset}
    return {
        node: steps
        for node, steps in steps_of(graph).items()
        if node in layers and suit(dataset[layers[node].target], steps, layers[node].loss.target)
    }


def tags(column: Column, steps: Steps) -> Array:
    """Return the class at each step as texts (N, steps), "" where there is none.

    A text holds the tags of one sample with spaces between them, a series of numbers one at each step.
    """
    if column.kind == "number":
        values = column.values.reshape(len(column.values), -1)[:, : steps.total]
        rows = [[number_text(value) for value in row] for row in values]
        return _placed(rows, steps._replace(before=False))
    return _placed([text.split()[: steps.total] for text in column.values.tolist()], steps)


def _placed(rows: list[list[str]], steps: Steps) -> Array:
    empty = [[""] * (steps.total - len(row)) for row in rows]
    both = zip(rows, empty, strict=True)
    full = [rest + row if steps.before else row + rest for row, rest in both]
    return text_array(tag for row in full for tag in row).reshape(len(rows), steps.total)


def flat_tags(column: Column, steps: Steps) -> Column:
    """Return all tags of a column one below the other, as the column of classes that they are."""
    every = tags(column, steps).reshape(-1)
    return Column(column.name, "category", every[every != ""])


def answered(graph: Graph, inputs: Mapping[NodeId, Array]) -> dict[NodeId, Array]:
    """Return which steps (N, steps) each Output answers that leaves padding out, given samples raw or prepared."""
    return {
        node: present(graph.nodes[steps.mask], inputs[steps.mask])  # type: ignore[arg-type]
        for node, steps in steps_of(graph).items()
        if steps.mask
    }


def present(layer: Input, values: Array) -> Array:
    """Return which steps of samples (N, steps, ...) are no padding (N, steps)."""
    return np.asarray(values != 0 if layer.reads_tokens else ~np.isnan(values).all(axis=-1))
