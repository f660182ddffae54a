"""Cross entropy that cares less for what is easy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.kernels.classes import chosen, normalise, shift
from engine.kernels.reductions import mean_of_samples
from engine.layer import Scratch
from engine.loss import Loss
from engine.losses.of_classes import OfClasses
from engine.spec import param


class Focal(OfClasses):
    """Cross entropy weighed by how wrong the answer is: -w (1 - p)^γ log p, where p = softmax(x)[class].

    For classes of which some are very rare or most samples are easy; w is the weight of the class. Takes logits. Lin et
    al., 2017. PyTorch: from F.cross_entropy.

    Use it where most samples are easy or some classes are very rare. Avoid it where probabilities must be right: it
    makes them too modest.
    """

    spoken: ClassVar[str] = "Focal loss"
    gamma: float = param("How little easy samples count. 0: as in cross entropy.", default=2.0, min=0.0, max=10.0)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        row = Scratch((*x[:-1], 1))
        return {"softmax": Scratch(x), "row": row, "slope": row}

    def forward(self, x: Array, target: Array, softmax: Array, row: Array, slope: Array, losses: Array) -> None:
        shift(x, row, softmax)
        picked = softmax[chosen(target)]
        normalise(softmax, row)
        entropy, factor = row[..., 0], slope[..., 0]
        entropy -= picked
        wrong = -np.expm1(-entropy)  # 1 - p, exact also where p is nearly 1
        # The slope in the entropy l is (1 - p)^γ + γ (1 - p)^(γ - 1) p l.
        np.maximum(wrong, np.finfo(x.dtype).tiny, out=wrong)
        np.power(wrong, self.gamma, out=factor)
        product = factor * entropy
        factor += self.gamma * product * np.exp(-entropy) / wrong
        if self.class_weights:
            own = np.array(self.class_weights, x.dtype)[target]
            product *= own
            factor *= own
        mean_of_samples(product, out=losses)

    def backward(self, softmax: Array, target: Array, slope: Array, scale: float, grad_x: Array) -> None:
        share = scale / (target.size // len(target))
        np.multiply(softmax, slope, out=grad_x)
        grad_x[chosen(target)] -= slope[..., 0]
        np.multiply(grad_x, share, out=grad_x)

    def torch(self) -> str:
        entropy = 'nn.functional.cross_entropy(x, target, reduction="none")'
        own = f" * x.new_tensor({list(self.class_weights)})[target]" if self.class_weights else ""
        return (
            f"lambda x, target: (lambda loss: ((1 - torch.exp(-loss)) ** {self.gamma} * loss{own}).mean())({entropy})"
        )

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield from super().examples()
        yield cls(gamma=1.0), (3,)
        yield cls(class_weights=(1.0, 0.25, 3.0)), (2, 3)
