"""Where data enters a network."""

from __future__ import annotations

from collections.abc import Iterator

from engine.arrays import Shape, describe
from engine.layer import Example, Layer
from engine.preprocessing.standardise import Standardise
from engine.preprocessor import Preprocessor
from engine.spec import param


class Input(Layer):
    """Reads columns of the data and hands them to the network as numbers.

    Formula: y = prepare(columns).

    What its preprocessing must know (means, ranges, categories) is fitted on the training part only, belongs to the
    run, and is exported with the model. ONNX: an input of the model, with its preprocessing behind it. PyTorch: the
    argument of forward.

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

    def shape(self) -> Shape:
        return self.size

    def summary(self) -> str:
        return describe(self.size)

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ())
        yield Example(cls(size=(1, 8, 8)), ())
