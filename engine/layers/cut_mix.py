"""Parts of other samples pasted in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.layer import Example, Scratch
from engine.layers.augmentation import picture, pictures, span
from engine.layers.mixer import Mixer


class CutMix(Mixer):
    """While training, pastes a rectangle of another image of the batch into each, or a span of another series.

    Formula: y = M x + (1 - M) x', M 0 in the rectangle and 1 elsewhere.

    The rectangle has a share of 1 - λ of the area before it is cut at the border. The loss is that of the own target and
    that of the other's, by what is left of each, at every Output behind it; metrics of the training part know the own
    target only. Yun et al., 2019. ONNX: nothing. PyTorch: nothing; torchvision's CutMix.

    Use it behind an Input with photographs, where parts look natural and a mixture does not. Avoid it where what matters
    is small: the target would tell of what is not there.
    """

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        whole = picture(x)
        spaces = {"drawn": Scratch((2,)), "mask": Scratch(whole[:2])}
        return {**self.partners(), **spaces, "work": Scratch(whole), "back_work": Scratch(whole)}

    def forward(
        self,
        x: Array,
        partner: Array,
        back: Array,
        share: Array,
        drawn: Array,
        mask: Array,
        work: Array,
        rng: Generator,
        training: bool,
        y: Array,
    ) -> None:
        if not training:
            y[...] = x
            return
        self.draw(rng, partner, back, share)
        rng.random(out=drawn, dtype=drawn.dtype)
        self._cut(share, drawn, mask)
        np.mean(mask, axis=(1, 2), out=share)
        source, out, each = pictures(x), pictures(y), mask[..., None]
        np.take(source, partner, axis=0, out=work, mode="clip")
        np.subtract(source, work, out=out)
        np.multiply(out, each, out=out)
        np.add(out, work, out=out)

    @staticmethod
    def _cut(share: Array, drawn: Array, mask: Array) -> None:
        """Write 0 where the other sample is seen, 1 elsewhere."""
        height, width = mask.shape[1:]
        side = np.sqrt(1 - share) if height > 1 else 1 - share
        down = span(drawn[:, 0], np.rint(side * height), height)
        across = span(drawn[:, 1], np.rint(side * width), width)
        np.logical_and(down[:, :, None], across[:, None], out=mask)
        np.subtract(1, mask, out=mask)

    def backward(self, back: Array, mask: Array, back_work: Array, grad_y: Array, grad_x: Array) -> None:
        grad, out, each = pictures(grad_y), pictures(grad_x), mask[..., None]
        np.multiply(grad, 1 - each, out=out)
        np.take(out, back, axis=0, out=back_work, mode="clip")
        np.multiply(grad, each, out=out)
        np.add(out, back_work, out=out)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((2, 4, 5),))
        yield Example(cls(concentration=1.0), ((6, 3),))
