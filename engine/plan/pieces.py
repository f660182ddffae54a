"""An optimizer's update of long vectors, piece by piece."""

from __future__ import annotations

from collections.abc import Mapping

from engine.arrays import Array, aligned
from engine.layer import needs
from engine.optimizer import Optimizer, Update

PIECE = 1 << 16  # values of each vector: few enough to stay in the cache from one operation to the next


def in_pieces(optimizer: Optimizer, vectors: Mapping[str, Array], piece: int = PIECE) -> Update:
    """Return what updates flat vectors of one length by name: `parameter`, `grad` and the optimizer's slots.

    All pieces share one set of scratch vectors, so that an update needs next to no memory besides what it updates.
    """
    parameter, names = vectors["parameter"], needs(type(optimizer), "update")
    scratch = {name: aligned(min(piece, parameter.size), parameter.dtype) for name in optimizer.scratch}

    def prepared(start: int) -> Update:
        held = {name: vector[start : start + piece] for name, vector in vectors.items()}
        held |= {name: room[: held["parameter"].size] for name, room in scratch.items()}
        return optimizer.prepare(**{name: held[name] for name in names if name in held})

    updates = [prepared(start) for start in range(0, max(parameter.size, 1), piece)]
    if len(updates) == 1:
        return updates[0]

    def update(rate: float, step: int) -> None:
        for each in updates:
            each(rate, step)

    return update
