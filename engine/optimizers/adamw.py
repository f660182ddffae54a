"""AdamW: Adam with weight decay that stands by itself."""

from __future__ import annotations

from engine.arrays import Array
from engine.optimizer import Update
from engine.optimizers.adam import Adam
from engine.spec import param


class AdamW(Adam):
    """Adam whose weight decay acts on each parameter itself, not through its gradient, and so equally on all.

    Formula: p -= rate decay p; then as Adam: p -= rate m̂ / (√v̂ + ε).

    Loshchilov and Hutter, 2019. PyTorch: torch.optim.AdamW.

    Use it for transformers, and wherever weight decay is wanted. Avoid it where no decay is wanted: it is Adam then.
    """

    weight_decay: float = param(
        "Share of every parameter that is taken away in each step, times the rate.", default=0.01, min=0.0, max=1.0
    )

    def update(
        self, parameter: Array, grad: Array, mean: Array, square: Array, work: Array, rate: float, step: int
    ) -> None:
        self._shrink(parameter, rate)
        self._move(parameter, grad, mean, square, work, rate, step)

    def _shrink(self, parameter: Array, rate: float) -> None:
        parameter *= 1 - rate * self.weight_decay

    def prepare(self, **vectors: Array) -> Update:
        move = self._mover(**vectors)

        def update(rate: float, step: int) -> None:
            self._shrink(vectors["parameter"], rate)
            move(rate, step)

        return update

    def torch(self) -> str:
        return super().torch().replace("optim.Adam(", "optim.AdamW(")
