"""Cross entropy that cares less for what is easy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.classes import by_class, finding, normalising, shifting, taking_away
from engine.kernels.memory import bound, constant
from engine.kernels.reductions import sample_means
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
        each = Scratch(x[:-1])
        names = ("row", "entropy", "wrong", "slope", "product", "own")
        return {"softmax": Scratch(x), "place": replace(each, dtype="intp"), **dict.fromkeys(names, each)}

    @prepared
    def forward(
        self,
        x: Array,
        target: Array,
        softmax: Array,
        place: Array,
        row: Array,
        entropy: Array,
        wrong: Array,
        slope: Array,
        product: Array,
        own: Array,
        losses: Array,
    ) -> Run:
        values, rows = by_class(softmax), x.reshape(-1, x.shape[-1])
        place, row, entropy = place.reshape(-1), row.reshape(-1), entropy.reshape(-1)
        wrong, slope, each, own = (array.reshape(-1) for array in (wrong, slope, product, own))
        calls: list[Run] = [finding(target, rows, place), partial(rows.reshape(-1).take, place, None, entropy)]
        calls += [*shifting(rows, row, values), partial(np.subtract, entropy, row, entropy), *normalising(values, row)]
        calls += [partial(np.subtract, row, entropy, entropy), *self._weighing(entropy, wrong, row, slope, each)]
        if self.class_weights:
            calls.append(partial(np.array(self.class_weights, x.dtype).take, target.reshape(-1), None, own))
            calls += (partial(np.multiply, values, own, values) for values in (each, slope))
        return in_turn((*calls, sample_means(each, losses)))

    def _weighing(self, entropy: Array, wrong: Array, work: Array, slope: Array, out: Array) -> Iterator[Run]:
        """Yield calls that write the loss (1 - p)^γ l of an entropy l, and its slope (1 - p)^γ + γ (1 - p)^(γ - 1) p l."""
        gamma, least = constant(self.gamma, out.dtype), bound(np.finfo(out.dtype).tiny, wrong)
        yield partial(np.negative, entropy, work)
        yield partial(np.expm1, work, wrong)
        yield partial(np.negative, wrong, wrong)  # 1 - p, exact also where p is nearly 1
        yield partial(np.maximum, wrong, least, out=wrong)
        yield partial(np.exp, work, work)
        yield partial(np.divide, work, wrong, work)
        yield partial(np.power, wrong, gamma, slope)
        yield partial(np.multiply, slope, entropy, out)
        yield partial(np.multiply, work, out, work)
        yield partial(np.multiply, work, gamma, work)
        yield partial(np.add, slope, work, slope)

    @prepared
    def backward(self, softmax: Array, place: Array, row: Array, slope: Array, scale: float, grad_x: Array) -> Run:
        values, grad = by_class(softmax), grad_x.reshape(-1, grad_x.shape[-1])
        share, lost = constant(scale / (place.size // len(place)), grad.dtype), slope.reshape(-1)
        calls = (partial(np.multiply, lost, share, lost), partial(np.multiply, values, lost[:, None], grad))
        return in_turn((*calls, *taking_away(lost, grad, place.reshape(-1), row.reshape(-1))))

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
