"""Classes of uneven size: how uneven they are, and the weights with which a loss counts all alike."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Array
from engine.data.dataset import Dataset
from engine.graph import Graph, NodeId
from engine.layers.output import Output
from engine.loss import Loss
from engine.losses.binary_cross_entropy import BinaryCrossEntropy
from engine.losses.of_classes import OfClasses

UNEVEN = 3.0  # times as many samples of the most frequent class as of the rarest


def balanced(graph: Graph, dataset: Dataset) -> Graph:
    """Return the graph with losses in which every class counts as much as any other, however many samples it has."""
    return _with_losses(
        graph, {node: _weighed(layer.loss, counts) for node, layer, counts in _weighing(graph, dataset)}
    )


def unbalanced(graph: Graph, dataset: Dataset) -> Graph:
    """Return the graph with losses in which every sample counts the same."""
    return _with_losses(graph, {node: _plain(layer.loss) for node, layer, _ in _weighing(graph, dataset)})


def is_uneven(graph: Graph, dataset: Dataset) -> bool:
    """Tell whether a class is so rare that it is easily lost."""
    return any(counts.max() >= UNEVEN * counts.min() for _, _, counts in _weighing(graph, dataset))


def is_weighed(graph: Graph) -> bool:
    """Tell whether some loss counts the classes unlike."""
    outputs = (layer.loss for layer in graph.nodes.values() if isinstance(layer, Output))
    return any(loss != _plain(loss) for loss in outputs)


def advice(graph: Graph, dataset: Dataset) -> tuple[str, ...]:
    """Return what a person should know of rare classes before trusting an accuracy."""
    found = []
    for _, layer, counts in _weighing(graph, dataset):
        often, rare = int(counts.argmax()), int(counts.argmin())
        if counts[often] < UNEVEN * counts[rare] or layer.loss != _plain(layer.loss):
            continue
        names, share = dataset[layer.target].distinct, counts[often] / counts.sum()
        found.append(
            f"{layer.target} is {names[rare]:.40} in only {counts[rare]:,} of {counts.sum():,} rows: always saying "
            f"{names[often]:.40} has an accuracy of {100 * share:.1f} %. Look at balanced accuracy, F1 or ROC AUC, and "
            "balance the classes if the rare ones count as much."
        )
    return tuple(found)


def _weighing(graph: Graph, dataset: Dataset) -> Iterator[tuple[NodeId, Output, Array]]:
    """Yield the Outputs whose loss can weigh classes, and how many samples each class has, in the order of classes."""
    for node, layer in graph.nodes.items():
        column = dataset[layer.target] if isinstance(layer, Output) and layer.target in dataset else None
        if isinstance(layer, Output) and column and column.kind in ("category", "number") and not column.inner:
            classes, two = (isinstance(layer.loss, kind) for kind in (OfClasses, BinaryCrossEntropy))
            if (classes and column.different > 1) or (two and column.different == 2):
                yield node, layer, column.counts


def _weighed(loss: Loss, counts: Array) -> Loss:
    if isinstance(loss, BinaryCrossEntropy):
        return loss.with_(positive_weight=float(f"{counts[0] / counts[1]:.4g}"))
    weights = counts.sum() / (len(counts) * counts)
    return loss.with_(class_weights=tuple(float(f"{weight:.4g}") for weight in weights))


def _plain(loss: Loss) -> Loss:
    if isinstance(loss, BinaryCrossEntropy):
        return loss.with_(positive_weight=1.0)
    return loss.with_(class_weights=()) if isinstance(loss, OfClasses) else loss


def _with_losses(graph: Graph, losses: dict[NodeId, Loss]) -> Graph:
    for node, loss in losses.items():
        graph = graph.add(node, graph.nodes[node].with_(loss=loss))
    return graph
