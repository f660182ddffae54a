"""Exports a run: builds its model, proves it, and writes the file only if it agrees."""

from __future__ import annotations

import os
from pathlib import Path

from engine.data.dataset import Dataset
from engine.export.onnx import OPSET, Model, build
from engine.export.report import Report
from engine.export.samples import samples
from engine.export.verify import SAMPLES, Verification, verify
from engine.files import atomic_write
from engine.problems import UserError
from engine.project.run import Run

SUFFIX = ".onnx"


class ModelDiffersError(UserError):
    """ONNX Runtime does not answer as we do. `verification` names every box, the first that differs among them."""

    def __init__(self, verification: Verification) -> None:
        wrong = verification.first_wrong
        assert wrong is not None
        super().__init__(
            f"The model was not written, because ONNX Runtime differs from Netwright first at {wrong.box} ({wrong.kind}): "
            f"by {wrong.largest:.2g} of its scale, where at most {verification.tolerance:g} is allowed. "
            "Please report this as a fault, and keep the project file."
        )
        self.verification = verification


def model_of(run: Run, opset: int = OPSET) -> Model:
    """Return the model of a run, not yet verified. Raises UserError where it has learnt nothing yet."""
    if not run.parameters and not run.fitted:
        raise UserError(f"{run.id} has no weights yet. Train first.")
    model = build(run.project.graph, run.parameters, run.fitted, opset=opset)
    model.note({"run": run.id})
    return model


def check_name(path: str | os.PathLike[str]) -> None:
    """Raise UserError where a name does not end as that of a model does."""
    if Path(path).suffix.lower() != SUFFIX:
        raise UserError(f"{str(path) or 'An empty text'} is no name of a model file. Let it end with {SUFFIX}.")


def export(path: str | os.PathLike[str], run: Run, dataset: Dataset, *, opset: int = OPSET) -> Report:
    """Write a run as an ONNX model, atomically, after comparing every box on up to 32 samples of `dataset`.

    Raises ModelDiffersError where a box differs, and UserError for a name of another ending than .onnx, which may be that
    of a project or of data; then nothing is written.
    """
    check_name(path)
    model = model_of(run, opset)
    project = run.project
    chosen = samples(project.graph, dataset, project.data, run.fitted, limit=SAMPLES)
    verification = verify(model, project.graph, run.parameters, run.fitted, chosen.feeds, chosen.inputs)
    if not verification.agrees:
        raise ModelDiffersError(verification)
    model.note({"largest_difference": verification.largest, "samples": verification.samples})
    content = bytes(model)
    atomic_write(path, content)
    proto = model.proto
    return Report(str(Path(path)), len(content), opset, proto.ir_version, model.about, verification)
