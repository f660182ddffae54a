"""What a project says about its data."""

from __future__ import annotations

from engine.data.source import Source
from engine.spec import Spec, param


class DataSettings(Spec, abstract=True):
    """Where the data comes from and how it is divided."""

    source: Source | None = param("Where the data comes from.", default=None)
    window: int = param(
        "For series: how many rows in a row make one sample; the target is read after them. 0: each row is a sample.",
        default=0,
        min=0,
        max=10_000,
    )
    horizon: int = param("How many rows after its window a sample's target lies.", default=1, min=1, max=10_000)
    validation: float = param(
        "Share of the samples that is kept back to check the network.", default=0.2, min=0.0, max=0.9
    )
    split: str = param(
        "How the samples that are kept back are chosen: at random, at random with the same share of every class, or the last.",
        default="stratified",
        choices=("random", "stratified", "last"),
    )
    seed: int = param("Another number gives another division.", default=0, min=0, max=2**31 - 1)
