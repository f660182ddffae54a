"""Reading a data set and joining it to a project. Loads all layers, so it is imported when there is data, not before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import engine.catalog  # noqa: F401  (the one way to all layers: threads that met half-way would get unfinished modules)
from engine.data.check import data_problems
from engine.data.dataset import Dataset
from engine.data.pictures import ENDINGS
from engine.data.samples import SAMPLES
from engine.data.settings import DataSettings
from engine.data.source import Source
from engine.data.sources.csv import Csv
from engine.data.sources.image_folder import ImageFolder
from engine.data.sources.npz import Npz
from engine.data.sources.sample import Sample
from engine.data.summary import Summary, summarise
from engine.data.wiring import sample_settings, wire_data, wire_sample
from engine.problems import UserError
from engine.project.project import Project

__all__ = ["Read", "data_problems", "joined", "read", "source_at"]


_INSTEAD = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "a workbook of a spreadsheet. Open it there and save the table as CSV."),
    **dict.fromkeys(ENDINGS, "one picture. Choose the folder around it, with a folder for each class in it."),
    **dict.fromkeys((".zip", ".gz", ".tgz", ".7z", ".rar"), "packed. Unpack it, and choose what comes out."),
    **dict.fromkeys((".parquet", ".feather", ".json", ".db", ".sqlite"), "a table that is not read. Save it as CSV."),
    ".npy": "a single array. Write all arrays with numpy.savez to a file that ends with .npz.",
    ".onnx": "a model, not data. Models can be written here, but not opened.",
    ".pdf": "a document. Copy its table into a spreadsheet and save that as CSV.",
}


@dataclass(frozen=True)
class Read:
    """A data set that was read, and its figures."""

    source: Source
    dataset: Dataset
    summary: Summary


def read(source: Source) -> Read:
    """Read a source, and find the figures of its columns."""
    dataset = source.read()
    return Read(source, dataset, summarise(dataset))


def joined(project: Project, read: Read) -> Project:
    """Return the project with this data, and its Input and Output set for it."""
    source = read.source
    if isinstance(source, Sample) and source.name in SAMPLES:
        sample = SAMPLES[source.name]
        return project.with_(data=sample_settings(sample), graph=wire_sample(project.graph, read.dataset, sample))
    data = DataSettings(source=source)  # window and division were meant for the data that was there before
    return project.with_(data=data, graph=wire_data(project.graph, read.dataset))


def source_at(path: Path) -> Source:
    """Return the source for a file or folder. Raises UserError where it is no data that can be read."""
    kinds: dict[str, type[Csv] | type[Npz]] = {".csv": Csv, ".tsv": Csv, ".txt": Csv, ".tab": Csv, ".npz": Npz}
    if path.is_dir():
        return ImageFolder(path=str(path))
    kind = kinds.get(path.suffix.lower())
    if kind is None:
        known = f"no data that can be read. Choose a table or arrays ({', '.join(kinds)}), or a folder of pictures."
        raise UserError(f"{path.name} is {_INSTEAD.get(path.suffix.lower(), known)}")
    return kind(path=str(path))
