"""What is to be learnt from a data set."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.columns import Column
from engine.data.dataset import Dataset
from engine.data.kinds import is_clock, tells_classes, tells_rows_apart
from engine.data.overlap import shared_steps
from engine.data.samples import SampleData
from engine.loss import Loss
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError

FEW = 50  # different values of a category that is still worth one input each


@dataclass(frozen=True)
class Task:
    """What is to be learnt from a data set; `hint` is what is known of it where it is one of the samples."""

    dataset: Dataset
    target: Column
    hint: SampleData | None = None

    @property
    def classes(self) -> bool:
        """Whether the target tells classes apart."""
        if self.hint:
            return self.hint.task == "class"
        return self.target.kind == "text" or tells_classes(self.target)

    @property
    def units(self) -> int:
        """How many numbers the network must give."""
        return self.target.different if self.classes else int(np.prod(self.target.inner, dtype=int))

    @property
    def loss(self) -> Loss:
        return CrossEntropy() if self.classes else MeanSquaredError()

    @property
    def timed(self) -> bool:
        """Whether the rows follow one another in time, so that those before a row tell something of it."""
        return not self.hint and any(map(is_clock, self.dataset.columns))

    @property
    def overlaps(self) -> bool:
        """Whether the series share steps with their neighbours."""
        return any(map(shared_steps, self.dataset.columns))

    def columns(self, *kinds: str) -> list[Column]:
        """Return the columns of these kinds that may be read: not the target, none without values or of many categories."""
        known = (self.hint.columns if self.hint else ()) or self.dataset.names
        others = (self.dataset[name] for name in known if name != self.target.name)
        others = (column for column in others if column.kind in kinds and not column.missing.all())
        others = (column for column in others if not tells_rows_apart(column))
        return [c for c in others if c.kind != "category" or c.different <= FEW]

    def table(self) -> list[Column]:
        """Return the columns with one number, category or date in each row."""
        return [column for column in self.columns("number", "category", "date") if not column.inner]
