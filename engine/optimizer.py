"""The contract of optimizers: one update over the flat vector of all parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from engine.arrays import Array
from engine.spec import Spec

Update = Callable[[float, int], None]  # of the learning rate of a step, and its number


class Optimizer(Spec, family=True):
    """Moves parameters against their gradient. Every array is a flat vector of the same length.

    `slots` name the vectors that an optimizer keeps from step to step (they start at 0 and are saved in checkpoints),
    `scratch` those that it needs within one update. `update` may name `parameter`, `grad`, its slots, its scratch
    vectors, `rate` (the learning rate of this step) and `step` (1 for the first). It writes `parameter` and the slots in
    place; it may overwrite `grad`. It works elementwise, so that any slice of the vectors can be updated by itself. One
    that does not is `whole`: it is given one weight at a time, every array in PyTorch's shape of that weight.
    """

    usual_rate: ClassVar[float] = 1e-3  # a learning rate to begin with
    slots: ClassVar[tuple[str, ...]] = ()
    scratch: ClassVar[tuple[str, ...]] = ()
    whole: ClassVar[bool] = False  # needs whole weights, not any slice of numbers
    weights: ClassVar[tuple[str, ...]] = ()  # slots that are weights, and begin as the parameters do; the first answers

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Do one update in place."""
        raise NotImplementedError

    def prepare(self, **vectors: Array) -> Update:
        """Return a function of rate and step that does `update` on these vectors, by name, again and again.

        One that works out beforehand what does not change makes the steps of small networks shorter.
        """
        names = list(inspect.signature(self.update).parameters)

        def update(rate: float, step: int) -> None:
            given = vectors | {"rate": rate, "step": step}
            self.update(**{name: given[name] for name in names})

        return update

    def torch(self) -> str:
        """Return PyTorch's constructor call, written for `parameters` and `rate`: `torch.optim.SGD(parameters, lr=rate)`.

        "" where PyTorch has no such optimizer.
        """
        raise NotImplementedError
