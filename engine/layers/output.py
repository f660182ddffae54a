"""Where a network answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from engine.arrays import Shape
from engine.layer import Example, Layer, Parts, mixes_steps
from engine.loss import Loss
from engine.losses.cross_entropy import CrossEntropy
from engine.losses.mean_squared_error import MeanSquaredError
from engine.losses.per_step import PerStep
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

    def pass_mask(self, masks: Sequence[str | None], own: str, *inputs: Shape) -> None:
        (x,) = inputs
        if any(masks) and not (x[1:] and self._has_steps(x)):
            raise mixes_steps(self, masks, f"with the loss {type(self.loss).__name__} has no target for each step")

    def _has_steps(self, x: Shape) -> bool:
        """Tell whether the loss has a target of its own for each step of a series."""
        return self.loss.target_shape(x) == (x[0], *self.loss.target_shape(x[1:]))

    def lower(self, parts: Parts, x: Any) -> None:
        (mask,) = parts.masks
        if mask:
            values = {name: getattr(self, name) for name in self.params()}
            parts.add("", PaddedOutput(**values | {"loss": PerStep(loss=self.loss)}), x, mask)
        else:
            parts.add("", self, x)

    def summary(self) -> str:
        return " · ".join(filter(None, [self.target, type(self.loss).title().rstrip(".")]))

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((10,),))
        yield Example(cls(loss=MeanSquaredError()), ((1,),))


class PaddedOutput(Output, abstract=True):
    """What the compiler makes of an Output behind a padded series: its loss leaves padded steps out."""

    def shape(self, x: Shape, mask: Shape) -> tuple[()]:  # type: ignore[override]
        return super().shape(x)

    def lower(self, parts: Parts, x: Any, mask: Any) -> None:  # type: ignore[override]
        parts.add("", self, x, mask)
