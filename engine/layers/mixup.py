"""Samples mixed with each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.kernels.memory import channels_last, stored
from engine.layer import Example, Scratch
from engine.layers.mixer import Mixer


class Mixup(Mixer):
    """While training, mixes each sample with another one of its batch: y = λ x + (1 - λ) x'.

    The loss is λ times that of the own target and 1 - λ times that of the other's, at every Output behind it. So metrics
    of the training part, which know the own target only, look worse than those of the validation part. Zhang et al.,
    2018; between hidden layers Verma et al., 2019. ONNX: nothing. PyTorch: nothing; torchvision's MixUp.

    Use it against a network that is too sure of itself, with few samples or wrong labels. Avoid it where a mixture means
    nothing, as of numbers of tokens, and with few epochs.
    """

    def shape(self, x: Shape) -> Shape:
        return x

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        work = Scratch(stored(x))
        return {**self.partners(), "work": work, "back_work": work}

    def forward(
        self, x: Array, partner: Array, back: Array, share: Array, work: Array, rng: Generator, training: bool, y: Array
    ) -> None:
        if not training:
            y[...] = x
            return
        self.draw(rng, partner, back, share)
        source, out = channels_last(x), channels_last(y)
        np.take(source, partner, axis=0, out=work, mode="clip")
        np.subtract(source, work, out=out)
        np.multiply(out, _each(share, out), out=out)
        np.add(out, work, out=out)

    def backward(self, back: Array, share: Array, back_work: Array, grad_y: Array, grad_x: Array) -> None:
        grad, out, each = channels_last(grad_y), channels_last(grad_x), _each(share, grad_y)
        np.multiply(grad, 1 - each, out=out)
        np.take(out, back, axis=0, out=back_work, mode="clip")
        np.multiply(grad, each, out=out)
        np.add(out, back_work, out=out)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(concentration=1.0), ((6, 3),))
        yield Example(cls(), ((5,),))
        yield Example(cls(), ((2, 2, 3, 2),))


def _each(share: Array, x: Array) -> Array:
    return share.reshape(-1, *(1,) * (x.ndim - 1))
