"""What can be wrong between an Output and its target."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from math import prod

import numpy as np

from engine.arrays import Shape
from engine.columns import Column
from engine.data import wording
from engine.data.dataset import Dataset
from engine.data.guesses import suggest_loss
from engine.data.heads import head_of
from engine.data.kinds import guess_target
from engine.data.steps import Steps, flat_tags, tags, targets_of
from engine.data.texts import alphabet_of, steps_needed
from engine.graph import Graph, NodeId, Port
from engine.infer import infer
from engine.layers.output import Output
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.losses.of_texts import OfTexts
from engine.problems import Change, Fix, Problem

MANY = 1000  # classes; more are almost surely a column of another meaning


def output_problems(graph: Graph, dataset: Dataset, node: NodeId, layer: Output) -> Iterator[Problem]:
    """Yield what is wrong with one Output, and with the box right before it where that gives too much or too little."""
    if not layer.target:
        text = "It has no target. Choose the column that is to be predicted."
        yield Problem(text, node=node, fixes=tuple(_targets(dataset, layer)))
        return
    if layer.target not in dataset:
        text = f"The data has no column {layer.target}. It has {wording.columns(dataset.names)}."
        yield Problem(text, node=node, fixes=tuple(_targets(dataset, layer)))
        return
    column, steps = dataset[layer.target], targets_of(graph, dataset).get(node)
    if steps:
        yield from _gaps(node, column, steps)
        classes = layer.loss.target == "class"
        column = flat_tags(column, steps) if classes else Column(column.name, column.kind, column.values[:, 0])
    found = [
        *_values(node, layer, column),
        *CHECKS.get(layer.loss.target, _classes)(node, layer, column),
    ]
    yield from found[:1] or _head(graph, node, layer, column)


def _targets(dataset: Dataset, layer: Output) -> Iterator[Fix]:
    near = get_close_matches(layer.target, dataset.names, 1) if layer.target else []
    target = near[0] if near else guess_target(dataset)
    if target:
        also = {"loss": suggest_loss(dataset[target], layer.loss)}
        yield Change("target", target, f"Predict {target}", also)


def _gaps(node: NodeId, column: Column, steps: Steps) -> Iterator[Problem]:
    """Report series with fewer targets than steps, which nothing says are padding."""
    there = column.take(np.flatnonzero(~column.missing))
    gaps = np.isnan(there.values) if column.inner else tags(there, steps) == ""
    if not steps.mask and bool(gaps.any()):
        text = f"Some rows of {column.name} have a target at fewer than the {steps.total} steps that are answered."
        yield Problem(text, "Let the Input have a mask: then padding does not count.", node=node)


def _values(node: NodeId, layer: Output, column: Column) -> Iterator[Problem]:
    if column.kind in ("image", "date") or (column.inner and layer.loss.target != "value"):
        what = "series" if column.kind == "number" else wording.PLURAL[column.kind]
        text = f"{column.name} holds {what}, which {type(layer.loss).__name__} cannot learn to predict."
        yield Problem(text, node=node)
    elif column.missing.all():
        yield Problem(f"The target {column.name} has no values.", node=node)


def _numbers(node: NodeId, layer: Output, column: Column) -> Iterator[Problem]:
    if column.kind != "number":
        yield Problem(
            f"{type(layer.loss).__name__} predicts numbers, but {column.name} holds {wording.PLURAL[column.kind]}.",
            "Choose a loss for classes, such as cross entropy.",
            node=node,
            fixes=(Change("loss", CrossEntropy()),),
        )
    elif layer.loss.values != "any" and bool((column.values[~column.missing] < 0).any()):
        yield Problem(
            f"{type(layer.loss).__name__} predicts {layer.loss.values}, but {column.name} holds negative numbers.",
            "Choose a loss for any numbers, such as mean squared error.",
            node=node,
            fixes=(Change("loss", MeanSquaredError()),),
        )


def _classes(node: NodeId, layer: Output, column: Column) -> Iterator[Problem]:
    count, name = column.different if not column.inner else 0, type(layer.loss).__name__
    if _measures(column):
        yield Problem(
            f"{name} tells classes apart, but {column.name} holds {count:,} different numbers.",
            "Choose a loss for numbers, such as mean squared error.",
            node=node,
            fixes=(Change("loss", MeanSquaredError()),),
        )
    elif count < 2:
        yield Problem(f"The target {column.name} has only one class, so there is nothing to learn.", node=node)
    elif count > MANY and layer.loss.target != "label":
        text = f"{column.name} has {count:,} different values, too many for classes (at most {MANY:,})."
        yield Problem(text, "Choose another target.", node=node)
    elif layer.loss.target == "binary" and count != 2:
        yield Problem(
            f"{name} tells two classes apart, but {column.name} has {count}.",
            "Choose a loss for several classes, such as cross entropy.",
            node=node,
            fixes=(Change("loss", CrossEntropy()),),
        )


def _texts(node: NodeId, layer: Output, column: Column) -> Iterator[Problem]:
    longest = max(map(len, column.texts().tolist()), default=0) if not column.inner else 0
    if isinstance(layer.loss, OfTexts) and longest > layer.loss.length:
        yield Problem(
            f"{column.name} holds texts of up to {wording.count(longest, 'character')}, but "
            f"{type(layer.loss).__name__} takes at most {layer.loss.length}.",
            "Let it take longer ones.",
            node=node,
            fixes=(Change("loss", layer.loss.with_(length=longest), f"Set its length to {longest}"),),
        )


CHECKS = {"value": _numbers, "text": _texts}


def _measures(column: Column) -> bool:
    """Tell whether a column holds too many different numbers for classes."""
    if column.kind != "number" or column.inner or column.different <= 20:
        return False
    values, count = column.values[~column.missing], column.different
    whole = bool((values == np.floor(values)).all())
    return count > 100 or not whole or float(np.ptp(values)) + 1 > 3 * count  # classes are numbered without such gaps


def _head(graph: Graph, node: NodeId, layer: Output, column: Column) -> Iterator[Problem]:
    """Report a last box that does not give as many values as the target has classes, numbers or characters."""
    wanted, why = _wanted(layer, column)
    source = graph.wires.get(Port(node, "x"))
    shape = infer(graph).shapes.get(source) if source else None
    if source is None or shape is None:
        return
    if layer.loss.target == "text":
        yield from _steps(shape, source, node, column)
    if shape[-1:] == (wanted,) or layer.loss.target == "label":
        return
    text = f"{source.node} gives {wording.count(shape[-1] if shape else 1, 'value')}, but {why}."
    yield from _meant_classes(node, layer, column, shape)
    head = head_of(graph, node)
    if head is not None:
        fixes: tuple[Fix, ...] = (Change("units", wanted),)
        yield Problem(text, node=head, fixes=fixes)
    else:
        yield Problem(text, node=node, port="x")


def _meant_classes(node: NodeId, layer: Output, column: Column, shape: Shape) -> Iterator[Problem]:
    """Report a loss for numbers behind as many values as the target has different ones: classes must be meant."""
    count = column.different if not column.inner else 0
    if layer.loss.target == "value" and shape == (count,) and not _measures(column):
        yield Problem(
            f"{type(layer.loss).__name__} predicts one number, but {count} values come in, as many as {column.name} "
            "has different ones.",
            "To tell these apart choose a loss for classes, such as cross entropy.",
            node=node,
            fixes=(Change("loss", CrossEntropy()),),
        )


def _steps(shape: Shape, source: Port, node: NodeId, column: Column) -> Iterator[Problem]:
    needed = max(map(steps_needed, column.texts().tolist()), default=0)
    if shape[0] < needed:
        yield Problem(
            f"{source.node} gives {wording.count(shape[0], 'step')}, but {column.name} has a text that needs {needed}: "
            "one for each character, and one more between equal ones.",
            "Give it longer series, or shorten them less.",
            node=node,
            port="x",
        )


def _wanted(layer: Output, column: Column) -> tuple[int, str]:
    """Return how many values must arrive, and the reason as the end of a sentence."""
    if layer.loss.target == "value":
        count = prod(column.inner)
        return count, f"{column.name} has {wording.count(count, 'number')}"
    if layer.loss.target == "text":
        count = len(alphabet_of(column.texts().tolist()))
        return count + 1, f"{column.name} has {wording.count(count, 'character')}, and a blank comes first"
    if layer.loss.target == "binary":
        return 1, f"{column.name} has two classes, told apart by one value"
    count = column.different
    return count, f"{column.name} has {wording.count(count, 'class')}"
