"""Netwright from Python, for a notebook or a server: the commands of the command line, by the same names.

What only some functions need is imported where it is used, so that the others start at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.infer import infer
from engine.problems import UserError
from engine.project.file import digest as digest_of
from engine.project.file import load, save
from engine.project.run import Run, Saved, keep, next_id

if TYPE_CHECKING:
    from engine.answers import Evaluation
    from engine.bench.against import Compared
    from engine.data.dataset import Dataset
    from engine.data.source import Source
    from engine.data.targets import Answer
    from engine.export.report import Report
    from engine.graph import NodeId
    from engine.layer import Layer
    from engine.project.project import Project

FilePath = str | os.PathLike[str]


def new(
    out: FilePath,
    *,
    template: str = "mlp",
    data: str,
    target: str = "",
    balance: bool = False,
    leave_out_broken: bool = False,
    on_note: Callable[[str], None] = lambda sentence: None,
) -> Project:
    """Write a project with a template that fits the data: a sample's name, a CSV or npz file, or a folder of pictures.

    `balance` lets rare classes count as much as frequent ones. `leave_out_broken` reads a folder without its broken
    pictures. `on_note` hears what was mended while reading.
    """
    from engine.answers import source_of
    from engine.data.balance import advice, balanced
    from engine.templates import left_out, start

    source = _tolerant(source_of(data)) if leave_out_broken else source_of(data)
    dataset = source.read()
    project = start(template, dataset, source, target)
    project = project.with_(graph=balanced(project.graph, dataset)) if balance else project
    for note in filter(None, (*dataset.notes, *advice(project.graph, dataset), left_out(project.graph, dataset))):
        on_note(note)
    save(out, Saved(project))
    return project


def _tolerant(source: Source | None) -> Source:
    """Return the source set to leave broken pictures out; raise UserError where it reads none."""
    if source is None or "broken" not in source.params():
        raise UserError(
            "Only a folder of pictures can be read without those that are broken. Take --leave-out-broken away."
        )
    return source.with_(broken="leave out")


def check(file: FilePath) -> list[str]:
    """Return a sentence for everything that keeps a project from training; raise UserError where it does not open."""
    from engine.data.check import data_problems

    found = problems_of(file)
    project = load(file).project
    if found or project.data.source is None:
        return found or ["No data is chosen. Choose a file, a folder or one of the samples."]
    try:
        return [str(problem) for problem in data_problems(project.graph, project.data.source.read(), project.data)]
    except UserError as error:
        return [str(error)]


def problems_of(file: FilePath) -> list[str]:
    """Return a sentence for every problem of a project's network and settings, without a look at its data."""
    project = load(file).project
    found = [*project.training.problems().values(), *project.data.problems().values()]
    return [*found, *(str(problem) for problem in infer(project.graph).problems)]


def train(
    file: FilePath,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    rate: float | None = None,
    batch: int | None = None,
    workers: int | None = None,
    clip_norm: float | None = None,
    clip_value: float | None = None,
    average: float | None = None,
    leave_out_broken: bool = False,
    resume: bool = False,
    on_event: Callable[[Any], None] = lambda message: None,
) -> Run:
    """Train a project in a process of its own and keep the run in its file. Settings that are given hold for this run only.

    `resume` goes on from the last checkpoint, exactly. Ctrl+C ends after the present step and keeps what was learnt.
    `leave_out_broken` reads a folder without its broken pictures. `on_event` hears the messages of
    `engine.process.messages`. Raises UserError where nothing could be learnt.
    """
    from engine.files import check_target
    from engine.process.headless import run_headless
    from engine.training.store import checkpoint_folder

    saved, folder = load(file), checkpoint_folder(str(Path(file).resolve()))
    check_target(Path(file).resolve())
    project = saved.project
    if leave_out_broken:
        project = project.with_(data=project.data.with_(source=_tolerant(project.data.source)))
    project = _resumed(project, folder) if resume else project
    given = {"epochs": epochs, "seed": seed, "rate": rate, "batch": batch, "workers": workers}
    given |= {"clip_norm": clip_norm, "clip_value": clip_value, "average": average}
    changes = {name: value for name, value in given.items() if value is not None}
    project = project.with_(training=project.training.with_(**changes))
    wrong = [*project.training.problems().values()]
    wrong += [str(problem) for problem in infer(project.graph).problems]
    if wrong:
        raise UserError(wrong[0])
    finished = run_headless(project, folder, run_id=next_id(saved.runs), resume=resume, on_event=on_event)
    run = _keep(file, finished.run)
    if run.status == "failed":
        raise UserError(finished.text)
    return run


def _resumed(project: Project, folder: Path) -> Project:
    """Return the project of the last checkpoint; raise UserError where the file has another network or other data."""
    from engine.project.encoding import from_dict
    from engine.training.store import Store

    found = Store(folder).newest()
    if found is None:
        raise UserError("There is no checkpoint to resume from. Train from the start, without --resume.")
    kept = from_dict(found.checkpoint.about["project"])
    if (kept.graph, kept.data) != (project.graph, project.data):
        raise UserError("The network or its data has changed since the last checkpoint. Train from the start.")
    return kept


def _keep(file: FilePath, run: Run) -> Run:
    """Add a run to a project file as it is now: another may have been kept meanwhile."""
    saved = load(file)
    runs, run = keep(saved.runs, run)
    save(file, Saved(saved.project, runs, saved.preview))
    return run


def runs(file: FilePath) -> tuple[Run, ...]:
    """Return the runs that a project file keeps, the oldest first."""
    return load(file).runs


def run_of(file: FilePath, name: str = "") -> Run:
    """Return the run of this name, or the latest, if possible one that has not failed. Raises UserError where there is none."""
    found = [run for run in runs(file) if (run.id == name if name else bool(run.fitted))]
    if not found:
        raise UserError(f"{file} has no run {name}." if name else f"{file} has no run yet. Train it first.")
    return ([run for run in found if run.status != "failed"] or found)[-1]


def evaluate(file: FilePath, *, data: str | None = None, run: str = "") -> Evaluation:
    """Return loss and metrics of a run on its validation samples, or on all samples of other data."""
    from engine import answers

    chosen = run_of(file, run)
    dataset = answers.source_of(data, chosen.project.data.source).read() if data else None
    return answers.evaluate(chosen, dataset)


def predict(
    file: FilePath,
    inputs: Sequence[str] | Dataset,
    *,
    run: str = "",
    out: FilePath | None = None,
    on_note: Callable[[str], None] = lambda sentence: None,
) -> list[dict[NodeId, Answer]]:
    """Return each Output's answer for every sample, by ONNX Runtime; see `engine.answers.given` for `inputs`.

    `out` is a table (CSV) to write: the answers beside the columns of the data. `on_note` hears what should be known of how
    the inputs were read, such as values that count as missing.
    """
    from engine import answer_table, answers
    from engine.data.dataset import Dataset

    chosen = run_of(file, run)
    if out is not None:
        answer_table.check_out(out, () if isinstance(inputs, Dataset) else inputs)
    dataset = inputs if isinstance(inputs, Dataset) else answers.given(chosen, inputs)
    rows, told = answers.predict_rows(chosen, dataset, on_note)
    if out is not None:
        answer_table.write_answers(out, chosen, dataset, rows, told)
    return told


def export(file: FilePath, out: FilePath, *, opset: int = 20, run: str = "") -> Report:
    """Write a run as an ONNX model that is proven to answer alike; raise UserError, and write nothing, where it is not."""
    from engine.export.write import export as write_model

    chosen = run_of(file, run)
    if chosen.project.data.source is None:
        raise UserError("The project has no data to verify the model with. Choose some.")
    return write_model(out, chosen, chosen.project.data.source.read(), opset=opset)


def layers() -> Mapping[str, list[type[Layer]]]:
    """Return all layers by category."""
    from engine.catalog import layers_by_category

    return layers_by_category()


def families() -> Mapping[str, list[str]]:
    """Return the names of everything that can be chosen: layers, losses, optimizers and so on."""
    from engine.catalog import FAMILIES

    return {name: sorted(family.registry) for name, family in FAMILIES.items()}


def samples() -> list[str]:
    """Return the names of the data sets that come with the program."""
    from engine.data.samples import SAMPLES

    return list(SAMPLES)


def bench(
    file: FilePath | None = None,
    *,
    only: Sequence[str] = (),
    seconds: float = 0.3,
    rounds: int = 5,
    workers: int = 0,
) -> Iterator[Compared]:
    """Yield how long a training step takes of thirteen networks, or `only` of some, and of a project's, beside PyTorch's.

    Each is measured `rounds` times for so many seconds, in turn with PyTorch. `workers` processes share the work; 0: as
    many as are fastest. NumPy must have been started with one thread; the command sees to it.
    """
    from engine.bench.against import compare, fixed_cases, project_case

    cases = [*fixed_cases(only), *([project_case(load(file).project)] if file else [])]
    for case in cases:
        yield compare(case, workers=workers, rounds=rounds, seconds=seconds)


def save_copy(file: FilePath, out: FilePath) -> None:
    """Open a project file and save it as another, in the present format."""
    save(out, load(file))


def digest(file: FilePath) -> list[str]:
    """Return lines `part sha256`: equal lines mean the same project in the same state."""
    return digest_of(load(file))
