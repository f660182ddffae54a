"""A trained run that can be asked: samples of its data, and answers by ONNX Runtime from the exported model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.arrays import Array, Shape
from engine.data.dataset import Dataset
from engine.data.prepare import Answer, decode, prepare
from engine.export.samples import samples
from engine.export.session import OnnxPredictor
from engine.export.write import model_of
from engine.graph import NodeId
from engine.layers.input import Input
from engine.layers.output import Output
from engine.project.run import Run

Feeds = Mapping[str, Array]  # by the names of the model's inputs, one sample each: (1, ...)


@dataclass(frozen=True)
class Sample:
    """One sample as the model takes it, with what is known of it. `row` counts from 1, as in the file."""

    feeds: Feeds
    truth: Mapping[NodeId, str]
    row: int


class Trial:
    """Answers for one run. Making one exports the model and divides the data again, so it is made off the window's thread."""

    def __init__(self, run: Run, dataset: Dataset) -> None:
        self.run, graph, settings = run, run.project.graph, run.project.data
        self.graph = graph
        self.predictor = OnnxPredictor(bytes(model_of(run)))
        prepared = prepare(graph, dataset, settings)
        chosen = prepared.validation if len(prepared.validation) else prepared.train
        self.rows, self.held_back = prepared.rows[chosen], bool(len(prepared.validation))
        every = samples(graph, dataset, settings, run.fitted)
        kept = np.isin(every.rows, self.rows)
        self._raw = {name: array[kept] for name, array in every.feeds.items()}
        self._truth = {node: dataset[layer.target].take(self.rows).texts() for node, layer in self.outputs.items()}

    @property
    def inputs(self) -> dict[NodeId, Input]:
        """The boxes through which data enters."""
        return {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Input)}

    @property
    def outputs(self) -> dict[NodeId, Output]:
        """The boxes that answer."""
        return {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Output)}

    def __len__(self) -> int:
        return len(self.rows)

    def sample(self, index: int) -> Sample:
        """Return one of the samples that were kept back while training."""
        parts = {name: array[index : index + 1] for name, array in self._raw.items()}
        return Sample(parts, {node: texts[index] for node, texts in self._truth.items()}, int(self.rows[index]) + 1)

    def answer(self, sample: Feeds) -> dict[NodeId, Answer]:
        """Return what the model says about one sample."""
        found = self.predictor.run(sample, list(self.outputs))
        return {node: decode(layer, self._unit(node), found[node])[0] for node, layer in self.outputs.items()}

    def picture(self) -> tuple[str, Shape] | None:
        """Return the input that is an image, and its shape; None where there is none."""
        for node, layer in self.inputs.items():
            if len(layer.size) == 3 and node in self._raw and self._raw[node].shape[1:] == layer.size:
                return node, layer.size
        return None

    def span(self, name: str) -> tuple[float, float]:
        """Return the smallest and largest value that an input has over all samples."""
        return float(np.nanmin(self._raw[name])), float(np.nanmax(self._raw[name]))

    def _unit(self, node: NodeId) -> Mapping[str, object]:
        """Return what `decode` must know; the model itself has put numbers back into the target's unit."""
        fitted = self.run.fitted[node]
        return {"classes": fitted["classes"]} if "classes" in fitted else {"mean": 0.0, "scale": 1.0}
