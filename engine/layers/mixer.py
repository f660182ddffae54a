"""What augmentations have in common that mix each sample with another one of its batch."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from engine.arrays import Array, Generator
from engine.layer import Scratch
from engine.layers.augmentation import Augmentation
from engine.spec import param


class Mixer(Augmentation, abstract=True):
    """Puts part of another sample into each, and has the losses behind it count both targets by their shares.

    `partner` (N,) is the number of the other sample, `back` that of the sample whose partner this one is, `share` (N,) how
    much is left of the sample itself.
    """

    mixes: ClassVar[bool] = True
    concentration: float = param(
        "Shares are drawn from Beta(a, a). Below 1 most samples are nearly one or the other; with 1 every share is as likely.",
        default=0.4,
        min=0.01,
        max=100.0,
    )

    @staticmethod
    def partners() -> dict[str, Scratch]:
        """Return the working arrays that every mixer has."""
        number = Scratch((), dtype="intp")
        return {"partner": number, "back": number, "share": Scratch(())}

    def draw(self, rng: Generator, partner: Array, back: Array, share: Array) -> None:
        """Draw partners, each sample for one other, and shares."""
        partner[...] = rng.permutation(len(partner))
        back[partner] = np.arange(len(partner))
        share[...] = rng.beta(self.concentration, self.concentration, len(share))

    def summary(self) -> str:
        return f"Beta({self.concentration:g}, {self.concentration:g})"
