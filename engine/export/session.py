"""Answers by ONNX Runtime, from an exported model alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.arrays import Array, Arrays
from engine.export.onnx import METADATA


def open_session(model: bytes) -> Any:
    """Return an ONNX Runtime session on the processor that prints nothing but errors."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


class OnnxPredictor:
    """A model that answers. It knows nothing but the model's bytes.

    `about` is what the model says of itself: its inputs and outputs, classes, vocabularies, run.
    """

    def __init__(self, model: bytes) -> None:
        self._session = open_session(model)
        self.inputs = {item.name: (item.type, tuple(item.shape[1:])) for item in self._session.get_inputs()}
        self.outputs = tuple(item.name for item in self._session.get_outputs())
        properties = self._session.get_modelmeta().custom_metadata_map
        self.about: dict[str, Any] = json.loads(properties.get(METADATA, "{}"))

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str] | None = None) -> Arrays:
        """Return every output (N, ...), or the `wanted` ones, for raw values (N, ...) at every input, by name."""
        names = list(wanted or self.outputs)
        found = self._session.run(names, {name: np.ascontiguousarray(feeds[name]) for name in self.inputs})
        return dict(zip(names, found, strict=True))
