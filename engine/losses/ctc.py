"""The loss of texts that are shorter than the series they are read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.arrays import Array, Shape, describe
from engine.kernels import alignment
from engine.kernels.classes import normalise, shift, softmax
from engine.layer import OnnxGraph, Scratch, ShapeError
from engine.loss import Loss
from engine.losses.of_texts import OfTexts
from engine.problems import Change


class CTC(OfTexts):
    """Connectionist temporal classification, for texts that are shorter than the series they are read from.

    Formula: -log Σ p(way), over all ways to spread the text over the steps.

    Takes logits of each character at each step, the first of a blank, which stands between characters and parts equal
    ones. The answer is the probability of each at each step; the text is the likeliest way. Graves et al., 2006. PyTorch:
    nn.CTCLoss, but the mean of samples is plain, not divided by their lengths.

    Use it where nobody says at which step a character lies: recordings, lines of writing. Avoid it where each step has a
    class of its own: take cross entropy.
    """

    def target_shape(self, x: Shape) -> Shape:
        if len(x) != 2 or x[1] < 2:
            raise ShapeError(
                f"CTC takes a series with one number for a blank and for each character (steps × characters + 1), not "
                f"{describe(x)}. Let the layer before it give whole sequences."
            )
        if x[0] < self.length:
            raise ShapeError(
                f"CTC cannot spread {self.length} characters over {x[0]} steps. Give it more steps, or shorter texts.",
                Change("loss", self.with_(length=x[0]), f"Set its length to {x[0]}"),
            )
        return (self.length,)

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        steps, characters = x
        count = 2 * self.length + 1
        row, ways = Scratch((count,)), Scratch((steps, count))
        return {
            "probability": Scratch(x),
            "row": Scratch((steps, 1)),
            "state": Scratch((count,), dtype="intp"),
            "marks": Scratch((count, characters)),
            "score": ways,
            "way": ways,
            "leap": row,
            "work": row,
            "rest": row,
            "back_work": row,
            "whole": Scratch(()),
        }

    def forward(
        self,
        x: Array,
        target: Array,
        probability: Array,
        row: Array,
        state: Array,
        marks: Array,
        score: Array,
        way: Array,
        leap: Array,
        work: Array,
        whole: Array,
        losses: Array,
    ) -> None:
        alignment.states(target, state, leap)
        marks[...] = 0
        np.put_along_axis(marks, state[..., None], 1, axis=2)
        shift(x, row, probability)
        np.matmul(probability, marks.transpose(0, 2, 1), out=score)  # (N, T, K) @ (N, K, S) -> (N, T, S)
        normalise(probability, row)
        np.subtract(score, row, out=score)
        alignment.sum_ways(score, leap, work, way)
        alignment.total(way, target, whole)
        np.negative(whole, out=losses)

    def backward(
        self,
        target: Array,
        probability: Array,
        marks: Array,
        score: Array,
        way: Array,
        leap: Array,
        rest: Array,
        back_work: Array,
        whole: Array,
        scale: float,
        grad_x: Array,
    ) -> None:
        alignment.share_ways(score, leap, target, whole, rest, back_work, way)
        np.matmul(way, marks, out=grad_x)  # (N, T, S) @ (N, S, K) -> (N, T, K)
        np.subtract(probability, grad_x, out=grad_x)
        np.multiply(grad_x, scale, out=grad_x)

    def answer(self, x: Array) -> Array:
        return softmax(x)

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        return g.op("Softmax", x, axis=-1)

    def torch(self) -> str:
        lengths = "torch.full((len(x),), x.shape[1]), (target > 0).sum(1)"
        spread = f'nn.functional.ctc_loss(x.log_softmax(-1).transpose(0, 1), target, {lengths}, reduction="none")'
        return f"lambda x, target: {spread}.mean()"

    @classmethod
    def examples(cls) -> Iterator[tuple[Loss, Shape]]:
        yield cls(length=2), (5, 4)
        yield cls(length=1), (3, 3)
        yield cls(length=3), (7, 2)
