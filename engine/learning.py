"""How the weights of one layer learn: the options that every layer with weights has, declared in this one place."""

from __future__ import annotations

from engine.spec import Spec, param


class Learning(Spec, abstract=True):
    """How the weights of a layer learn: whether at all, what holds them back, and whether they are another box's."""

    frozen: bool = param("Keep the weights as they are. Running statistics still follow the data.", default=False)
    l1: float = param(
        "Pull to exactly zero: adds l1 · Σ|w| over the weights, not the biases, to what is made small. "
        "The loss that is shown leaves it out.",
        default=0.0,
        min=0.0,
        max=100.0,
    )
    l2: float = param(
        "Pull towards zero: adds l2 · Σw² over the weights, not the biases, to what is made small. "
        "The loss that is shown leaves it out.",
        default=0.0,
        min=0.0,
        max=100.0,
    )
    max_norm: float = param(
        "After each step, shorten the weights of each unit (a row, in PyTorch's layout; no biases) to at most this length. "
        "0: never.",
        default=0.0,
        zero="Never",
        min=0.0,
        max=1e6,
    )
    normalisation: str = param(
        "What the weights of each step are made of; for Dense, convolutions and Bilinear, others are as without it. "
        "weight: w = g · v / ‖v‖, a learned length g and direction v for each unit, which often learns faster "
        "(Salimans and Kingma, 2016). spectral: w / σ, the weights by their largest singular value, so that the box "
        "hardly amplifies anything, as for the judge of a GAN (Miyato et al., 2018). The other options then hold for what is "
        "learned, v or the weights before they are divided.",
        default="none",
        choices=("none", "weight", "spectral"),
    )
    power_iterations: int = param(
        "Of spectral normalisation: how often each step brings σ closer to the largest singular value.",
        default=1,
        min=1,
        max=100,
    )
    shares: str = param(
        "The name of a box of the same kind whose weights this one uses. Then that box says how they learn.",
        default="",
        box=True,
    )

    def of(self, name: str) -> Learning:
        """Return how the weight of this name learns: nothing holds a bias back."""
        return Learning(frozen=self.frozen, shares=self.shares) if "bias" in name else self


USUAL = Learning()  # as weights learn where nothing else is said
