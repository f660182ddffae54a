"""What a trained run says about data: how good its answers are, and the answers themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.arrays import Array
from engine.columns import Column, ColumnKind, text_array
from engine.data import wording
from engine.data.dataset import Dataset, fingerprint
from engine.data.kinds import as_kind
from engine.data.pictures import ENDINGS, read_picture
from engine.data.prepare import Prepared, as_exported, decode, encode, prepare
from engine.data.source import Source
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.npz import Npz
from engine.data.sources.sample import Sample
from engine.data.steps import answered
from engine.data.targets import Answer
from engine.data.unknown import unread_texts
from engine.export.samples import samples
from engine.export.session import OnnxPredictor
from engine.export.write import model_of
from engine.graph import NodeId
from engine.layers.input import Input
from engine.layers.output import Output
from engine.preprocessing.tokens import Tokens
from engine.problems import UserError
from engine.project.run import Run
from engine.training.evaluate import ClassScore
from engine.training.evaluate import evaluate as evaluate_part
from engine.training.history import Scores

TABLES = (".csv", ".tsv", ".txt", ".tab")


@dataclass(frozen=True)
class Evaluation:
    """How good a run is on some samples; `part` says which: "validation", or "all" of them."""

    run: str
    part: str
    samples: int
    loss: float
    metrics: Scores
    notes: tuple[str, ...] = ()
    classes: Mapping[NodeId, tuple[ClassScore, ...]] = field(default_factory=dict)  # of each Output that tells some


def source_of(text: str, like: Source | None = None) -> Source:
    """Return the source that a name or a path means: a sample, a folder of pictures, an npz file, or a table.

    Where `like` is of the same kind, its other settings are kept. Raises UserError where there is no such thing.
    """
    path = Path(text)
    if not text:
        raise UserError("The name of the data is empty. Name a file, a folder or a sample.")
    if text in Sample.params()["name"].choices:
        return Sample(name=text)
    if not path.exists():
        known = ", ".join(Sample.params()["name"].choices)
        raise UserError(f"There is no file, folder or sample named {text}. The samples are {known}.")
    kind = ImageFolder if path.is_dir() else Npz if path.suffix.lower() == ".npz" else Csv
    known_settings = like if isinstance(like, kind) else kind()
    return known_settings.with_(path=str(path.resolve()))


def evaluate(run: Run, dataset: Dataset | None = None) -> Evaluation:
    """Return loss and metrics of a run: on its own validation samples, or on all samples of another data set."""
    project = run.project
    if dataset is not None:
        chosen = encode(project.graph, dataset, project.data, run.fitted)
        return _evaluation(run, chosen, chosen.validation, "all")
    if project.data.source is None:
        raise UserError("The project has no data. Name some with --data.")
    own = project.data.source.read()
    prepared = prepare(project.graph, own, project.data)
    chosen = encode(project.graph, own, project.data, run.fitted)
    places = {row: place for place, row in enumerate(chosen.rows.tolist())}
    rows = np.array([places[row] for row in prepared.rows[prepared.validation].tolist()], np.intp)
    notes = () if fingerprint(own) == run.data else (f"The data has changed since {run.id} was trained.",)
    if len(rows):
        return _evaluation(run, chosen, rows, "validation", notes)
    return _evaluation(run, chosen, chosen.validation, "all", (*notes, "No samples were kept back for validation."))


def _evaluation(run: Run, chosen: Prepared, rows: Array, part: str, notes: tuple[str, ...] = ()) -> Evaluation:
    graph = run.project.graph
    missing = [layer.target for node, layer in _outputs(run).items() if node not in chosen.targets]
    if missing or not len(rows):
        raise UserError(
            f"The data has no samples whose {', '.join(missing) or 'target'} is known, so nothing can be compared."
        )
    seen = evaluate_part(graph, run.parameters, chosen, rows)
    found = {node: output.metrics for node, output in seen.outputs.items()}
    classes = {node: output.classes for node, output in seen.outputs.items() if output.classes}
    return Evaluation(run.id, part, len(rows), seen.loss, found, (*chosen.notes, *notes), classes)


def _outputs(run: Run) -> dict[NodeId, Output]:
    return {node: layer for node, layer in run.project.graph.nodes.items() if isinstance(layer, Output)}


def _inputs(run: Run) -> dict[NodeId, Input]:
    return {node: layer for node, layer in run.project.graph.nodes.items() if isinstance(layer, Input)}


def predict(
    run: Run, dataset: Dataset, on_note: Callable[[str], None] = lambda sentence: None
) -> list[dict[NodeId, Answer]]:
    """Return what each Output says about every sample of a data set, by ONNX Runtime from the exported model.

    `on_note` hears what a person should know of how the data was read.
    """
    return predict_rows(run, dataset, on_note)[1]


def predict_rows(
    run: Run, dataset: Dataset, on_note: Callable[[str], None] = lambda sentence: None
) -> tuple[Array, list[dict[NodeId, Answer]]]:
    """Return what `predict` does, after the row of the data set in which each sample's target lies or would lie."""
    project = run.project
    chosen = samples(project.graph, dataset, project.data, run.fitted)
    for note in (*chosen.notes, *_unread(run, dataset)):
        on_note(note)
    found = OnnxPredictor(bytes(model_of(run))).run(chosen.feeds, list(_outputs(run)))
    there = answered(project.graph, chosen.inputs)
    told = {
        node: decode(layer, as_exported(layer, run.fitted[node]), found[node], there.get(node))
        for node, layer in _outputs(run).items()
    }
    return chosen.rows, [{node: answers[row] for node, answers in told.items()} for row in range(len(chosen))]


def _unread(run: Run, dataset: Dataset) -> Iterator[str]:
    """Yield a sentence for each Input that meets tokens which the run does not know, or texts beyond its reach."""
    for node, layer in _inputs(run).items():
        rule, fitted = layer.preprocessing, run.fitted[node]
        if isinstance(rule, Tokens):
            rows = zip(*(dataset[name].texts().tolist() for name in layer.columns), strict=True)
            yield from unread_texts(node, rule, fitted, ["\n".join(row) for row in rows])


def given(run: Run, inputs: Sequence[str]) -> Dataset:
    """Return the data set that arguments of a command mean.

    One argument may be a table, an npz file or a folder of pictures; several may be pictures; else each argument is one
    sample: its values separated by commas, in the order of the Input's columns, or a text. Raises UserError where they do
    not fit.
    """
    paths = [Path(text) for text in inputs]
    suffixes = {path.suffix.lower() for path in paths if path.suffix}
    if len(paths) == 1 and suffixes & {*TABLES, ".npz"}:
        return source_of(inputs[0], run.project.data.source).read()
    if len(paths) == 1 and paths[0].is_dir():
        return _pictures(run, pictures_in(paths[0]))
    if suffixes and suffixes <= set(ENDINGS):
        return _pictures(run, paths)
    return _values(run, inputs)


def _columns(run: Run) -> list[tuple[str, ColumnKind]]:
    """Return name and kind of every column that the Inputs read, once."""
    pairs = [(name, kind) for node in _inputs(run) for name, kind in run.fitted[node]["columns"]]
    return list(dict.fromkeys(pairs))


def _pictures(run: Run, paths: Sequence[Path]) -> Dataset:
    inputs = _inputs(run)
    layer = next(iter(inputs.values()))
    if len(inputs) != 1 or len(layer.size) != 3 or layer.size[0] not in (1, 3):
        raise UserError("This network does not read one picture. Give it a table or values.")
    channels, height, width = layer.size
    source = run.project.data.source
    fit = source.fit if isinstance(source, ImageFolder) else "crop"  # as those were that the network has learnt from
    images = np.stack([read_picture(path, height, width, channels == 3, fit) for path in paths])
    short = len({path.name for path in paths}) == len(paths)
    names = Column("file", "text", text_array(path.name if short else path.as_posix() for path in paths))
    columns = _columns(run)
    if columns[0][1] == "image":
        return Dataset((names, Column(columns[0][0], "image", images)))
    scaled = _brought_to_range(images, next(iter(run.fitted[node] for node in inputs)))
    return Dataset((names, *(Column(name, "number", scaled[:, place]) for place, (name, _) in enumerate(columns))))


def pictures_in(folder: Path) -> list[Path]:
    """Return the pictures of a folder by name; where none lies right in it, those of the folders in it."""
    for pattern in ("[!.]*", "[!.]*/[!.]*"):
        found = sorted(path for path in folder.glob(pattern) if path.suffix.lower() in ENDINGS and path.is_file())
        if found:
            return found
    raise UserError(f"{folder} is a folder without pictures. Name pictures, a folder of them, or a table.")


def _brought_to_range(images: Array, fitted: dict[str, list[float]]) -> Array:
    """Return pixels (N, pixels) from 0..255 in the range in which the training data had them."""
    share = images.reshape(len(images), -1) / 255.0
    if len(fitted.get("low", ())) != 1:
        return share * 255.0
    return fitted["low"][0] + share * fitted["width"][0]


def _values(run: Run, inputs: Sequence[str]) -> Dataset:
    columns, window = _columns(run), run.project.data.window
    if len(columns) == 1 and columns[0][1] == "text":
        return Dataset((Column(columns[0][0], "text", text_array(inputs)),))
    folder = next((text for text in inputs if Path(text).is_dir()), "")
    if folder:
        raise UserError(f"{folder} is a folder. Name it alone, or the pictures in it.")
    if any(kind not in ("number", "category", "date") for _, kind in columns):
        raise UserError("This network reads pictures or series. Give it a file.")
    rows = [[cell.strip() for cell in text.split(",")] for text in inputs]
    if window and len(rows) == 1 and len(columns) == 1:
        rows = [[cell] for cell in rows[0]]
    wrong = next((row for row in rows if len(row) != len(columns)), None)
    if wrong is not None:
        names = wording.columns([name for name, _ in columns])
        raise UserError(
            f"A sample needs {wording.count(len(columns), 'value')} ({names}), but {len(wrong)} came: {','.join(wrong):.80}."
        )
    cells = zip(*rows, strict=True)
    source = run.project.data.source
    missing = source.missing if isinstance(source, Csv) else Csv().missing
    parts = zip(columns, cells, strict=True)
    return Dataset(tuple(_column(name, kind, part, missing) for (name, kind), part in parts))


def _column(name: str, kind: ColumnKind, cells: Sequence[str], missing: Collection[str]) -> Column:
    texts = Column(name, "category", text_array("" if cell in missing else cell for cell in cells))
    column = as_kind(texts, kind)
    wrong = np.flatnonzero(column.missing & ~texts.missing & ~np.isin(np.char.lower(texts.values), INFINITE))
    if len(wrong):
        raise UserError(
            f"{name} is a {kind}, but {', '.join(texts.values[wrong].tolist()):.80} is not.{_HOW.get(kind, '')}"
        )
    return column


INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity", "+infinity", "nan")  # numbers that count as missing
_HOW = {"date": " Write it as 2024-12-31 or 2024-12-31 23:59:59."}
