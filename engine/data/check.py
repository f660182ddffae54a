"""What stands between a network and its data, as problems with fixes."""

from __future__ import annotations

from collections.abc import Iterator

from engine.data.check_inputs import InputCheck
from engine.data.check_outputs import output_problems
from engine.data.dataset import Dataset
from engine.data.settings import DataSettings
from engine.data.windows import Cut
from engine.graph import Graph
from engine.layers.input import Input
from engine.layers.output import Output
from engine.problems import Problem


def data_problems(
    graph: Graph, dataset: Dataset | None, settings: DataSettings, new: bool = False
) -> tuple[Problem, ...]:
    """Return what keeps this network from learning from this data, each with a fix where one exists; never raises.

    `new`: the data is only to be answered for, with what a run has fitted, so targets may be missing.
    """
    if dataset is None or not len(dataset):
        text = "No data is chosen." if dataset is None else "The data has no rows."
        return (Problem(text, "Choose a file, a folder or one of the samples."),)
    return tuple(_all(graph, dataset, settings, new))


def _all(graph: Graph, dataset: Dataset, settings: DataSettings, new: bool) -> Iterator[Problem]:
    for kind in (Input, Output):
        if not any(isinstance(layer, kind) for layer in graph.nodes.values()):
            yield Problem(f"The network has no {kind.__name__}.", f"Put an {kind.__name__} on the canvas and wire it.")
    yield from _rows(dataset, settings, new)
    for node, layer in graph.nodes.items():
        if isinstance(layer, Input):
            yield from InputCheck(graph, dataset, settings, new, node, layer).problems()
        elif isinstance(layer, Output) and not new:
            yield from output_problems(graph, dataset, node, layer)


def _rows(dataset: Dataset, settings: DataSettings, new: bool) -> Iterator[Problem]:
    least, horizon = (1, 0) if new else (2, settings.horizon)
    samples = Cut(len(dataset), settings.window, horizon).samples
    if settings.window and samples < least:
        yield Problem(
            f"The data has {len(dataset)} rows, too few for a window of {settings.window} with its target "
            f"{settings.horizon} after it. Choose a shorter window, or take more rows."
        )
    elif samples < least:
        yield Problem(f"At least {least} rows are needed to learn from, but the data has {samples}.")
