"""Where data enters a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.layer import Example, Layer, OnnxGraph, Parts, ShapeError
from engine.preprocessing.standardise import Standardise
from engine.preprocessor import Preprocessor
from engine.problems import Change
from engine.spec import param

FLOAT = 1  # ONNX's number of the type float32


class Input(Layer):
    """Reads columns of the data and hands them to the network as numbers.

    Formula: y = prepare(columns).

    What its preprocessing must know (means, ranges, categories) is fitted on the training part only, belongs to the
    run, and is exported with the model. With a mask, the boxes behind it leave out steps that are only padding: those
    of a text after or before its tokens, those of a series in which every number is missing. ONNX: an input of the
    model, with its preprocessing behind it. PyTorch: the argument of forward.

    Use it once for each kind of data that enters: numbers, an image, a text. Avoid it where the same columns are read
    already: wire one Input to several boxes.
    """

    category = "Input and output"
    columns: tuple[str, ...] = param("The columns of the data that it reads.", default=())
    size: tuple[int, ...] = param(
        "The shape of one sample: numbers; steps and numbers of a series; channels, height and width of an image.",
        default=(4,),
        min=1,
        max=1_000_000,
    )
    preprocessing: Preprocessor = param("How the columns become numbers.", default=Standardise())
    mask: bool = param(
        "Let short texts and series count as long as they are: the boxes behind leave their padding out.",
        default=False,
        advanced=True,
    )

    def shape(self) -> Shape:
        if self.mask and len(self.size) != 2 and not self.reads_tokens:
            text = f"Only texts and series (steps × features) have padding, not {describe(self.size)}. Take no mask."
            raise ShapeError(text, Change("mask", False))
        return self.size

    @property
    def reads_tokens(self) -> bool:
        """Whether each sample is a row of numbers of tokens, 0 where it is padded."""
        return self.preprocessing.takes_tokens and len(self.size) == 1

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> str | None:
        return own if self.mask else None

    def lower(self, parts: Parts) -> None:
        if not self.mask:
            parts.add("", self)
            return
        padded = PaddedInput(**{name: getattr(self, name) for name in self.params()})
        parts.mask = parts.add("", padded)._replace(name="mask")

    def summary(self) -> str:
        return describe(self.size)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ())
        yield Example(cls(size=(1, 8, 8)), ())


class PaddedInput(Input, abstract=True):
    """What the compiler makes of an Input with a mask, which is its second output: (steps,), 1 at a step, 0 at padding."""

    outputs: ClassVar[tuple[str, ...]] = ("y", "mask")

    def shape(self) -> tuple[Shape, Shape]:  # type: ignore[override]
        return self.size, self.size[:1]

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> None:
        return None

    def lower(self, parts: Parts) -> None:
        parts.add("", self)

    def onnx_mask(self, g: OnnxGraph, x: str) -> str:
        """Describe the mask in ONNX, from numbers of tokens or from numbers that are NaN where they are missing."""
        if self.reads_tokens:
            return str(g.op("Cast", g.op("Not", g.op("Equal", x, g.constant(np.float32(0)))), to=FLOAT))
        known = g.op("Cast", g.op("Not", g.op("IsNaN", x)), to=FLOAT)
        count = g.op("ReduceSum", known, g.constant(np.array([2])), keepdims=0)
        return str(g.op("Min", count, g.constant(np.float32(1))))

    def load(self, y: Array, mask: Array) -> None:
        """Write the mask of the samples `y`, and zeros where these are padded with NaN."""
        if self.reads_tokens:
            np.not_equal(y, 0, out=mask, casting="unsafe")
            return
        missing = np.isnan(y)
        np.logical_not(missing.all(axis=2), out=mask, casting="unsafe")
        y[missing] = 0
