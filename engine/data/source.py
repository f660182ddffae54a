"""The contract of data sources: where a data set comes from and how it is read."""

from __future__ import annotations

from engine.data.dataset import Dataset
from engine.spec import Spec


class Source(Spec, family=True):
    """Reads a data set from one kind of place. Paths are kept as the person gave them and never erased."""

    def read(self) -> Dataset:
        """Return the whole data set; raise UserError with a sentence that names the file and, where known, the line."""
        raise NotImplementedError

    def essence(self) -> Source:
        """Return the source without settings that change no value of the data set, only how it is held."""
        return self

    def label(self) -> str:
        """Return what a person calls it: a file's name, a sample's name."""
        raise NotImplementedError
