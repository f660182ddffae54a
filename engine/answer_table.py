"""The answers of a run as a table for a spreadsheet: what each Output says, beside the columns of the data."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.arrays import Array
from engine.data.dataset import Dataset
from engine.data.targets import Answer
from engine.files import atomic_write, check_target
from engine.graph import NodeId
from engine.layers.output import Output
from engine.problems import UserError
from engine.project.run import Run

SUFFIX = ".csv"
Told = Sequence[Mapping[NodeId, Answer]]  # for each sample what every Output says


def check_out(out: str | os.PathLike[str], inputs: Sequence[str] = ()) -> None:
    """Raise UserError where a table cannot be written as `out`, or would take the place of what is read."""
    path = Path(out)
    if path.suffix.lower() != SUFFIX:
        raise UserError(f"Answers are written as a table. Choose a name that ends in {SUFFIX}, not {path.name}.")
    if path.resolve() in {Path(text).resolve() for text in inputs}:
        raise UserError(f"{path} holds the data itself. Choose another name for the answers.")
    check_target(path.resolve())


def write_answers(out: str | os.PathLike[str], run: Run, dataset: Dataset, rows: Array, told: Told) -> None:
    """Write the table; letters beyond ASCII begin with a mark by which spreadsheets know their encoding."""
    text = answer_table(run, dataset, rows, told)
    atomic_write(out, text.encode("ascii" if text.isascii() else "utf-8-sig"))


def answer_table(run: Run, dataset: Dataset, rows: Array, told: Told) -> str:
    """Return the table as CSV: a line for each sample, with the row of the data in which its target lies.

    The columns of the data that hold single values come first, as they were read; a row beyond the last is empty there.
    """
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    outputs = {node: o for node, o in run.project.graph.nodes.items() if isinstance(o, Output)}
    columns = [column for column in dataset.columns if not column.inner and column.kind != "image"]
    inside = np.minimum(rows, len(dataset) - 1)
    known = [np.where(rows < len(dataset), column.take(inside).texts(), "").tolist() for column in columns]
    heads = [
        head for node, o in outputs.items() for head in _heads(o.target if _alone(outputs, node) else node, node, told)
    ]
    lines.writerow([*(column.name for column in columns), *heads])
    for place, answers in enumerate(told):
        cells = [cell for node in outputs for cell in _cells(answers[node])]
        lines.writerow([*(texts[place] for texts in known), *cells])
    return written.getvalue()


def _alone(outputs: Mapping[NodeId, Output], node: NodeId) -> bool:
    """Tell whether no other Output predicts the same column, so that its name tells them apart."""
    return [o.target for o in outputs.values()].count(outputs[node].target) == 1


def _heads(name: str, node: NodeId, told: Told) -> Iterator[str]:
    first = told[0][node] if told else Answer("")
    if len(first.values) > 1:
        yield from (f"predicted_{name}_{number}" for number in range(1, len(first.values) + 1))
    else:
        yield f"predicted_{name}"
    yield from (f"probability_{name}_{label}" for label, _ in first.probabilities)


def _cells(answer: Answer) -> Iterator[str]:
    if answer.values:
        yield from (f"{value:.9g}" for value in answer.values)
    else:
        yield answer.text
    yield from (f"{share:.6f}" for _, share in answer.probabilities)
