"""A trained run that can be asked: samples of its data, and answers by ONNX Runtime from the exported model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

import engine.catalog  # noqa: F401  (the one way to all layers: see `app.data_reading`)
from engine.arrays import Array, Shape
from engine.columns import Column, text_array
from engine.data.dataset import Dataset
from engine.data.prepare import Answer, as_exported, decode, prepare
from engine.data.steps import answered
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
    """One sample as the model takes it, with what is known of it. `row` counts from 1, as in the file.

    `texts` are those behind inputs that take numbers of tokens, by the names of these inputs.
    """

    feeds: Feeds
    truth: Mapping[NodeId, str]
    row: int
    texts: Mapping[str, str] = field(default_factory=dict)


class Trial:
    """Answers for one run. Making one exports the model and divides the data again, so it is made off the window's thread.

    `own` names data of which nothing was learnt: all of its samples are tried. `notes` say how it was read.
    """

    def __init__(self, run: Run, dataset: Dataset, own: str = "") -> None:
        self.run, self.dataset, self.own = run, dataset, own
        self.graph, settings = run.project.graph, run.project.data
        every = samples(self.graph, dataset, settings, run.fitted)
        self.predictor = OnnxPredictor(bytes(model_of(run)))
        self.rows, self.held_back, self.notes = every.rows, False, every.notes
        if not own:
            prepared = prepare(self.graph, dataset, settings)
            chosen = prepared.validation if len(prepared.validation) else prepared.train
            self.rows, self.held_back = prepared.rows[chosen], bool(len(prepared.validation))
        kept = np.isin(every.rows, self.rows)
        self._raw = {name: array[kept] for name, array in every.feeds.items()}
        self._truth = {node: self._known(layer.target) for node, layer in self.outputs.items()}
        reading = np.minimum(self.rows, len(dataset) - 1)
        self._texts = {node: _joined(dataset, self.inputs[node], reading) for node in self.readers}

    def _known(self, target: str) -> Array:
        """Return the texts of what is to be predicted; "" where the data does not say."""
        if target not in self.dataset:
            return text_array("" for _ in self.rows)
        inside = self.rows < len(self.dataset)
        texts = self.dataset[target].take(np.where(inside, self.rows, 0)).texts()
        return np.where(inside, texts, "")

    def origin(self, row: int) -> str:
        """Return where a sample comes from; `row` counts from 1."""
        if not self.own:
            return f"Row {row:,} of the data, {'kept back while training' if self.held_back else 'learnt from'}"
        if "file" in self.dataset and self.picture():
            return str(self.dataset["file"].values[row - 1])
        return f"Row {row:,} of {self.own}" if row <= len(self.dataset) else f"What comes after {self.own}"

    @property
    def inputs(self) -> dict[NodeId, Input]:
        """The boxes through which data enters."""
        return {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Input)}

    @property
    def outputs(self) -> dict[NodeId, Output]:
        """The boxes that answer."""
        return {node: layer for node, layer in self.graph.nodes.items() if isinstance(layer, Output)}

    @property
    def readers(self) -> dict[NodeId, Input]:
        """The boxes that read a text; the model takes the numbers of its tokens under the box's name."""
        return {node: layer for node, layer in self.inputs.items() if layer.preprocessing.takes_tokens}

    def __len__(self) -> int:
        return len(self.rows)

    def sample(self, index: int) -> Sample:
        """Return one of the samples that were kept back while training."""
        parts = {name: array[index : index + 1] for name, array in self._raw.items()}
        truth = {node: str(texts[index]) for node, texts in self._truth.items()}
        texts = {node: str(texts[index]) for node, texts in self._texts.items()}
        return Sample(parts, truth, int(self.rows[index]) + 1, texts)

    def tokens(self, node: NodeId, text: str) -> Array:
        """Return the numbers of a text's tokens, int64 (1, length), for a box that reads one."""
        layer = self.inputs[node]
        column = Column(layer.columns[0], "text", text_array([text]))
        numbers = layer.preprocessing.apply([column], self.run.fitted[node])
        return np.ascontiguousarray(numbers.astype(np.int64))

    def answer(self, sample: Feeds) -> dict[NodeId, Answer]:
        """Return what the model says about one sample."""
        found = self.predictor.run(sample, list(self.outputs))
        there = answered(self.graph, sample)
        return {node: self._said(node, found[node], there.get(node)) for node in self.outputs}

    def picture(self) -> tuple[str, Shape] | None:
        """Return the input that is an image, and its shape; None where there is none."""
        for node, layer in self.inputs.items():
            if len(layer.size) == 3 and node in self._raw and self._raw[node].shape[1:] == layer.size:
                return node, layer.size
        return None

    def series(self) -> str:
        """Return the input whose numbers are a series, steps first; "" where there is none."""
        found = (name for name, raw in self._raw.items() if raw.dtype.kind == "f" and raw.ndim == 3 and len(raw[0]) > 2)
        return next(found, "")

    def span(self, name: str) -> tuple[float, float]:
        """Return the smallest and largest value that an input has over all samples."""
        return float(np.nanmin(self._raw[name])), float(np.nanmax(self._raw[name]))

    def continues(self, node: NodeId, name: str) -> bool:
        """Tell whether an Output forecasts the very column whose past a series shows."""
        layer = self.inputs.get(name)
        return (
            layer is not None and bool(self.run.project.data.window) and layer.columns == (self.outputs[node].target,)
        )

    def _said(self, node: NodeId, answer: Array, there: Array | None) -> Answer:
        layer = self.outputs[node]
        return decode(layer, as_exported(layer, self.run.fitted[node]), answer, there)[0]


def _joined(dataset: Dataset, layer: Input, rows: Array) -> Array:
    """Return the texts that a box reads from some rows, those of several columns one below the other."""
    columns = [dataset[name].take(rows).texts().tolist() for name in layer.columns]
    return text_array(["\n".join(row) for row in zip(*columns, strict=True)])
