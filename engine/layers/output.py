"""Where a network answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from engine.arrays import Shape
from engine.layer import Example, Layer
from engine.loss import Loss
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.spec import param


class Output(Layer):
    """Compares what arrives with the target while training, and gives the answer afterwards.

    Formula: loss = loss(x, target); answer = answer(x).

    With cross entropy the answer is the probability of each class, so no Softmax is needed before it. ONNX: an output
    of the model, with the answer of its loss before it. PyTorch: the value that forward returns, and a loss.

    Use it once for each thing that is to be predicted. Avoid it behind a Softmax or a Sigmoid: the losses take logits.
    """

    category = "Input and output"
    outputs: ClassVar[tuple[str, ...]] = ()
    target: str = param("The column that is to be predicted.", default="")
    loss: Loss = param("How far an answer is from its target.", default=CrossEntropy())
    weight: float = param("How much this loss counts where there are several outputs.", default=1.0, min=0.0, max=1e6)
    standardise: bool = param(
        "Train on targets of mean 0 and spread 1 (numbers only); answers come back in the column's own unit.",
        default=True,
    )

    def shape(self, x: Shape) -> tuple[()]:
        self.loss.target_shape(x)
        return ()

    def summary(self) -> str:
        return " · ".join(filter(None, [self.target, type(self.loss).title().rstrip(".")]))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((10,),))
        yield Example(cls(loss=MeanSquaredError()), ((1,),))
