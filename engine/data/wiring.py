"""Joining a network to a data set: which columns go in, what is predicted, and how both are prepared."""

from __future__ import annotations

from collections.abc import Sequence

from engine.arrays import Shape
from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.guesses import readable, reading, suggest_loss
from engine.data.heads import head_of
from engine.data.kinds import guess_target
from engine.data.samples import SampleData
from engine.data.settings import DataSettings
from engine.data.sources.sample import Sample
from engine.data.steps import flat_tags, targets_of
from engine.graph import Graph, NodeId, Port
from engine.layer import Layer
from engine.layers.input import Input
from engine.layers.output import Output
from engine.loss import Loss
from engine.preprocessing.tokens import Tokens
from engine.preprocessor import Preprocessor


def wire_data(
    graph: Graph,
    dataset: Dataset,
    *,
    target: str = "",
    columns: Sequence[str] = (),
    size: Shape = (),
    preprocessing: Preprocessor | None = None,
    loss: Loss | None = None,
    window: int = 0,
    input: NodeId = "",
    output: NodeId = "",
) -> Graph:
    """Return the graph with an Input and an Output set for a data set, and the units of the Dense before the Output.

    What is not given is guessed: the target and its loss (or the Output's own, where the data has it), the columns (all
    that can be read together, without the target), the preprocessing, the size. An Embedding right behind the Input gets
    as many entries as there are tokens. `input` and `output` name the boxes where there are several. A graph without
    such boxes comes back unchanged.
    """
    source, end = input or _first(graph, Input), output or _first(graph, Output)
    if end:
        target = target or _target(graph, end, dataset)
        graph = _set_output(graph, end, dataset, target, loss)
    if source:
        chosen = [dataset[name] for name in columns] or readable(dataset, target if not window else "")
        graph = _set_input(graph, source, chosen, size, preprocessing, window)
    return graph


def wire_sample(graph: Graph, dataset: Dataset, sample: SampleData) -> Graph:
    """Return the graph wired to a built-in data set for the task it is made for."""
    columns = sample.columns or tuple(name for name in dataset.names if name != sample.target)
    return wire_data(
        graph,
        dataset,
        target=sample.target,
        columns=columns,
        size=sample.size,
        preprocessing=sample.preprocessing,
        window=sample.window,
    )


def sample_settings(sample: SampleData) -> DataSettings:
    """Return the settings with which a built-in data set is best divided."""
    return DataSettings(
        source=Sample(name=sample.name), window=sample.window, split=sample.split, validation=sample.validation
    )


def _set_output(graph: Graph, node: NodeId, dataset: Dataset, target: str, wish: Loss | None) -> Graph:
    layer = graph.nodes[node]
    if not isinstance(layer, Output) or target not in dataset:
        return graph
    column = dataset[target]
    loss = wish or suggest_loss(column, layer.loss)
    graph = graph.add(node, layer.with_(target=target, loss=loss))
    steps = targets_of(graph, dataset).get(node)
    if steps and loss.target == "class":
        column = flat_tags(column, steps)
    head = head_of(graph, node)
    if head is not None and loss.target not in ("label", "text"):
        units = column.different if loss.target == "class" else 1
        graph = graph.add(head, graph.nodes[head].with_(units=max(units, 1)))
    return graph


def _set_input(
    graph: Graph, node: NodeId, columns: list[Column], size: Shape, wish: Preprocessor | None, window: int
) -> Graph:
    layer = graph.nodes[node]
    if not isinstance(layer, Input) or not columns:
        return graph
    layer = reading(layer, columns, window, wish)
    layer = layer.with_(size=tuple(size)) if size else layer
    return _set_embeddings(graph.add(node, layer), node, layer.preprocessing)


def _set_embeddings(graph: Graph, node: NodeId, preprocessing: Preprocessor) -> Graph:
    if isinstance(preprocessing, Tokens):
        for reader in graph.readers.get(Port(node), ()):
            box = graph.nodes[reader.node]
            if isinstance(box, Layer.registry.get("Embedding", ())):
                graph = graph.add(reader.node, box.with_(entries=preprocessing.tokens))
    return graph


def _target(graph: Graph, node: NodeId, dataset: Dataset) -> str:
    layer = graph.nodes[node]
    own = layer.target if isinstance(layer, Output) else ""
    return own if own in dataset else guess_target(dataset)


def _first(graph: Graph, kind: type) -> NodeId:
    return next((node for node, layer in graph.nodes.items() if isinstance(layer, kind)), "")
