"""Normalisation by neighbouring channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.arrays import Array, Shape
from engine.calls import Run, in_turn, prepared
from engine.kernels.memory import channels_last
from engine.kernels.neighbours import damping, damping_back
from engine.layer import Example, OnnxGraph, Pointwise, Scratch, ShapeError
from engine.layers.sided import check_rank
from engine.problems import Change
from engine.spec import param


class LocalResponseNorm(Pointwise):
    """Damps each channel by how loud its neighbours are at the same pixel: y = x / (k + α/size · Σ x²)^β.

    The sum goes over `size` channels around it. Of historical interest: AlexNet. Krizhevsky, Sutskever and Hinton, 2012.
    ONNX: LRN. PyTorch: nn.LocalResponseNorm.

    Use it to rebuild networks of its time, such as AlexNet. Avoid it in new networks: BatchNorm does more.
    """

    category = "Normalisation"
    size: int = param("How many channels are summed over; an odd number.", default=5, min=1, max=255)
    alpha: float = param("How strongly neighbours damp.", default=1e-4, min=0.0, max=1e3)
    beta: float = param("The exponent.", default=0.75, min=0.0, max=10.0)
    k: float = param("What is added to the sum.", default=1.0, min=1e-3, max=1e3)

    def shape(self, x: Shape) -> Shape:
        check_rank("LocalResponseNorm", 2, x)
        if self.size % 2 == 0:
            text = f"LocalResponseNorm sums over as many channels on both sides, so not over {self.size}."
            raise ShapeError(f"{text} Choose an odd number.", Change("size", self.size - 1))
        return x

    def scratch(self, x: Shape) -> dict[str, Scratch]:
        image = Scratch((x[1], x[2], x[0]))
        return {"sums": image, "work": image, "back": image, "back_work": image}

    @prepared
    def forward(self, x: Array, sums: Array, work: Array, y: Array) -> Run:
        given = (self.size, self.alpha, self.beta, self.k)
        return in_turn(damping(channels_last(x), *given, sums, work, channels_last(y)))

    @prepared
    def backward(
        self, x: Array, y: Array, sums: Array, back: Array, back_work: Array, grad_y: Array, grad_x: Array
    ) -> Run:
        image, value, grad, out = map(channels_last, (x, y, grad_y, grad_x))
        given = (self.size, self.alpha, self.beta)
        return in_turn(damping_back(image, value, grad, *given, sums, back, back_work, out))

    def onnx(self, g: OnnxGraph, x: str) -> Any:
        numbers: dict[str, Any] = {"alpha": float(self.alpha), "beta": float(self.beta), "bias": float(self.k)}
        return g.op("LRN", x, size=self.size, **numbers)

    def torch(self, x: Shape) -> str:
        return f"nn.LocalResponseNorm({self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k})"

    def summary(self) -> str:
        return f"{self.size} channels"

    @classmethod
    def examples(cls) -> Iterator[Example]:
        yield Example(cls(), ((6, 2, 2),))
        yield Example(cls(size=3, alpha=0.5, beta=0.5, k=2.0), ((4, 2, 3),))
        yield Example(cls(size=7, alpha=1.0), ((2, 2, 2),))
