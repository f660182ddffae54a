"""One update of a part of the parameters: penalties, clipping, the optimizer, the limit of norms, the moving average."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt

import numpy as np

from engine.arrays import Array, aligned
from engine.layer import needs
from engine.optimizer import Optimizer, Update
from engine.plan.layout import Layout, Piece
from engine.plan.pieces import in_pieces
from engine.plan.stepping import Stepping

Move = Callable[
    [float, int, float], None
]  # of the rate, the step's number, and the squared length of the whole gradient


def penalties(layout: Layout, part: slice, parameter: Array, gradient: Array) -> Callable[[], None] | None:
    """Return what adds the gradient of L1 and L2 to a part of the gradient; None where no weight has any.

    The gradient of l1 · Σ|w| + l2 · Σw² is l1 · sign(w) + 2 · l2 · w.
    """
    rules = [(p.weight.learning, at) for p, at in layout.overlap(part)]
    found = [(rule, at) for rule, at in rules if rule.l1 or rule.l2]
    if not found:
        return None
    parameter, gradient = parameter[part], gradient[part]
    work = aligned(max(at.stop - at.start for _, at in found), parameter.dtype)
    calls = [(parameter[at], gradient[at], work[: at.stop - at.start], rule.l1, 2 * rule.l2) for rule, at in found]

    def add() -> None:
        for weight, grad, room, l1, l2 in calls:
            if l1:
                np.sign(weight, out=room)
                np.multiply(room, l1, out=room)
                np.add(grad, room, out=grad)
            if l2:
                np.multiply(weight, l2, out=room)
                np.add(grad, room, out=grad)

    return add


def mover(
    layout: Layout, stepping: Stepping, part: slice, parameter: Array, gradient: Array, slots: Mapping[str, Array]
) -> Move:
    """Return what moves a part of the parameters by that of a gradient to which all penalties have been added."""
    if stepping.optimizer is None:
        raise RuntimeError("This plan was compiled without an optimizer.")
    optimizer = stepping.optimizer
    held = {"parameter": parameter[part], "grad": gradient[part]}
    held |= {name: slots[name][part] for name in optimizer.slots}
    update = _whole(layout, optimizer, part, held) if optimizer.whole else in_pieces(optimizer, held)
    weights = [held[name] for name in (*optimizer.weights, "parameter")]
    limit = [shorten for vector in weights for shorten in _limit(layout, part, vector)]
    clip = _clip(stepping, held["grad"])
    follow = _follow(stepping.average, weights[0], slots["average"][part]) if stepping.average else None
    if not (limit or clip or follow):
        return lambda rate, step, squared: update(rate, step)

    def move(rate: float, step: int, squared: float) -> None:
        if clip:
            clip(squared)
        update(rate, step)
        for shorten in limit:
            shorten()
        if follow:
            follow(step)

    return move


def _whole(layout: Layout, optimizer: Optimizer, part: slice, held: Mapping[str, Array]) -> Update:
    """Return an update that gives the optimizer one weight after the other, each in PyTorch's shape."""
    offset, names = part.indices(layout.size)[0], needs(type(optimizer), "update")
    held = {**held, **{name: np.zeros_like(held["parameter"]) for name in optimizer.scratch}}
    updates = [
        optimizer.prepare(**{name: piece.view(held[name], offset) for name in names if name in held})
        for piece in layout.inside(part)
    ]

    def update(rate: float, step: int) -> None:
        for each in updates:
            each(rate, step)

    return update


def _clip(stepping: Stepping, gradient: Array) -> Callable[[float], None] | None:
    """Return what shortens the gradient, then cuts each number, as clip_grad_norm_ and clip_grad_value_ of PyTorch do."""
    longest, largest = stepping.clip_norm, stepping.clip_value
    if not (longest or largest):
        return None

    def clip(squared: float) -> None:
        factor = longest / (sqrt(squared) + 1e-6) if longest else 1.0
        if factor < 1:
            np.multiply(gradient, factor, out=gradient)
        if largest:
            np.clip(gradient, -largest, largest, out=gradient)

    return clip


def _follow(keep: float, parameter: Array, average: Array) -> Callable[[int], None]:
    """Return what moves the average after the parameters: a = keep · a + (1 - keep) · p; the first step sets it."""
    work = np.empty_like(average)

    def follow(step: int) -> None:
        if step == 1:
            np.copyto(average, parameter)
        np.subtract(parameter, average, out=work)
        np.multiply(work, 1 - keep, out=work)
        np.add(average, work, out=average)

    return follow


def _limit(layout: Layout, part: slice, parameter: Array) -> list[Callable[[], None]]:
    """Return what shortens the weights of each unit of each weight that has a largest norm."""
    offset = part.indices(layout.size)[0]
    limited = [p for p in layout.inside(part) if p.weight.learning.max_norm]
    return [_shorten(piece, piece.view(parameter, offset)) for piece in limited]


def _shorten(piece: Piece, weight: Array) -> Callable[[], None]:
    """Return what brings every slice of a weight along its first axis to at most its largest norm: torch.renorm."""
    longest, axes = piece.weight.learning.max_norm, tuple(range(1, weight.ndim))
    squares = np.empty_like(weight)
    norms = np.empty((weight.shape[0], *(1 for _ in axes)), weight.dtype)
    factors = np.empty_like(norms)

    def shorten() -> None:
        np.multiply(weight, weight, out=squares)
        np.sum(squares, axis=axes, keepdims=True, out=norms)
        np.sqrt(norms, out=norms)
        np.add(norms, 1e-7, out=factors)
        np.divide(longest, factors, out=factors)
        factors[norms <= longest] = 1
        np.multiply(weight, factors, out=weight)

    return shorten
