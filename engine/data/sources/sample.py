"""Data sets that come with the program."""

from __future__ import annotations

from engine.data.dataset import Dataset
from engine.data.samples import SAMPLES
from engine.data.source import Source
from engine.data.sources.csv import Csv
from engine.data.sources.npz import Npz
from engine.problems import UserError
from engine.spec import param


class Sample(Source):
    """One of the data sets that come with the program."""

    name: str = param("Which data set.", default="digits8x8", choices=tuple(SAMPLES))

    def read(self) -> Dataset:
        sample = SAMPLES.get(self.name)
        if sample is None:
            raise UserError(f"There is no sample named {self.name!r:.80}. Choose one of {', '.join(SAMPLES)}.")
        if sample.file.endswith(".npz"):
            return Npz(path=str(sample.path)).read()
        return Csv(path=str(sample.path), categories=sample.categories).read()

    def label(self) -> str:
        return self.name
