"""Images in slightly different light."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Generator, Shape
from engine.layer import Example, Scratch
from engine.layers.augmentation import Augmentation, pictures
from engine.spec import param

LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue are: ITU-R BT.601


class ColourJitter(Augmentation):
    """While training, changes brightness, contrast and saturation of every image by chance.

    Formula: y = c (s (x - g) + g - m) + m + b, g the grey of a pixel, m the mean grey of the image.

    c is drawn evenly from 1 - contrast to 1 + contrast, s likewise, and b from -brightness to brightness. ONNX: nothing.
    PyTorch: nothing; torchvision's ColorJitter, which multiplies by its brightness.

    Use it behind an Input with photographs, which are taken in any light. Avoid it where a colour is what tells classes
    apart.
    """

    takes_series: ClassVar[bool] = False
    brightness: float = param("The most that is added or taken away, in units of x.", default=0.1, min=0.0, max=1e6)
    contrast: float = param("The most by which contrast grows or shrinks.", default=0.2, min=0.0, max=1.0)
    saturation: float = param("The most by which colours grow or pale.", default=0.2, min=0.0, max=1.0)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        plane = Scratch((x[1], x[2], 1))
        return {"factors": Scratch((3,)), "grey": plane, "back_grey": plane, "work": Scratch((x[1], x[2], x[0]))}

    def forward(
        self, x: Array, factors: Array, grey: Array, work: Array, rng: Generator, training: bool, y: Array
    ) -> None:
        if not training:
            y[...] = x
            return
        rng.random(out=factors, dtype=factors.dtype)
        np.multiply(factors, 2, out=factors)
        np.subtract(factors, 1, out=factors)
        np.multiply(factors, (self.brightness, self.contrast, self.saturation), out=factors)
        light, contrast, saturation = self._each(factors)
        image, out = pictures(x), pictures(y)
        np.multiply(image, _shares(image), out=work)
        np.sum(work, axis=3, keepdims=True, out=grey)
        mean = grey.mean(axis=(1, 2), keepdims=True)
        np.multiply(image, contrast * saturation, out=out)
        np.multiply(grey, contrast * (1 - saturation), out=grey)
        np.add(grey, (1 - contrast) * mean + light, out=grey)
        np.add(out, grey, out=out)

    def backward(self, factors: Array, back_grey: Array, work: Array, grad_y: Array, grad_x: Array) -> None:
        _, contrast, saturation = self._each(factors)
        grad, out = pictures(grad_y), pictures(grad_x)
        np.sum(grad, axis=3, keepdims=True, out=back_grey)
        mean = back_grey.mean(axis=(1, 2), keepdims=True)
        np.multiply(back_grey, contrast * (1 - saturation), out=back_grey)
        np.add(back_grey, (1 - contrast) * mean, out=back_grey)
        np.multiply(grad, contrast * saturation, out=out)
        np.multiply(back_grey, _shares(grad), out=work)
        np.add(out, work, out=out)

    @staticmethod
    def _each(factors: Array) -> tuple[Array, Array, Array]:
        """Return what is added, and the factors of contrast and saturation, (N, 1, 1, 1) each."""
        light, contrast, saturation = factors.T[:, :, None, None, None]
        return light, 1 + contrast, 1 + saturation

    def summary(self) -> str:
        return f"± {self.brightness:g} · {self.contrast:.0%} · {self.saturation:.0%}"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((3, 4, 5),))
        yield Example(cls(brightness=0.0, contrast=0.8), ((1, 3, 3),))
        yield Example(cls(saturation=1.0), ((4, 2, 3),))


def _shares(image: Array) -> Array:
    """Return how much each channel counts for grey: red, green and blue as the eye sees them, others alike."""
    channels = image.shape[-1]
    return np.array(LUMA if channels == 3 else (1 / channels,) * channels, image.dtype)
