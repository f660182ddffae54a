"""A step in writing: which call of which box needs which arrays, before any array exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.arrays import Shape

ONCE = "once"  # the phase of a call that depends on nothing but weights: it need not be made again for more samples


class Key(NamedTuple):
    """The name of one array of a step.

    `kind` is "value" or "grad" (an output of a box, and its gradient), "augmented" (a value with the ones behind it), "part"
    (a further reader's share of a gradient, named by its port), "scratch", "target" or "losses" (of an Output), "weight" or
    "grad_weight" (of the box whose weights they are), "made" or "grad_made" (of a normalised or folded one: what layers compute
    with, and its gradient), "spare" (the gradient of a weight by a box that does not own it, or that is frozen).
    """

    kind: str
    node: str
    name: str


Argument = Key | tuple["Key | None", ...] | Any  # anything but a Key is passed on as it is


@dataclass(frozen=True)
class Call:
    """One call: a function and what it is called with. `writes` are the arrays that it fills, `node` is the box to blame.

    `over` are an output and an input where the former may lie in the latter's memory.
    """

    node: str
    phase: str
    function: Callable[..., None]
    arguments: tuple[Argument, ...]
    writes: tuple[Key, ...] = ()
    over: tuple[Key, Key] | None = None

    def named(self) -> Iterator[Key]:
        """Yield every array that the call is given."""
        for argument in self.arguments:
            if isinstance(argument, Key):
                yield argument
            elif isinstance(argument, tuple):
                yield from (key for key in argument if isinstance(key, Key))


@dataclass(frozen=True)
class ArraySpec:
    """What an array of a step is like. A pinned one is nobody else's and keeps its values; it starts at zero.

    `memory` is the order of axes in which it lies in memory, where it is not that of `shape`. Behind an `augmented` one lies
    one more feature, of ones: with it, it is known under the kind "augmented", too. A `shared` one all workers have in common.
    """

    shape: Shape  # with the batch axis
    dtype: str
    pinned: bool = False
    memory: tuple[int, ...] = ()
    augmented: bool = False
    shared: bool = False

    @property
    def whole(self) -> Shape:
        """The shape with all that lies behind."""
        return (*self.shape[:-1], self.shape[-1] + 1) if self.augmented else self.shape


@dataclass
class Program:
    """The calls of one step, in order, and the arrays that they need besides weights and their gradients.

    A call of `gathered` computes a part of a weight's gradient (engine/plan/gathered.py). Those `placed` have their parts
    written by all workers where they belong (engine/plan/divided.py).
    """

    calls: list[Call] = field(default_factory=list)
    arrays: dict[Key, ArraySpec] = field(default_factory=dict)
    gathered: list[Call] = field(default_factory=list)  # made after those, with the samples of all workers
    placed: set[Key] = field(default_factory=set)

    def lifetimes(self) -> dict[Key, tuple[int, int]]:
        """Return the first and the last call that each array which is not pinned is given to."""
        spans: dict[Key, tuple[int, int]] = {}
        for index, call in enumerate(self.calls):
            for key in call.named():
                if key in self.arrays and not self.arrays[key].pinned:
                    spans[key] = (spans.get(key, (index, index))[0], index)
        return spans

    def reused(self) -> dict[Key, Key]:
        """Return the arrays that lie in the memory of another one, which nobody reads from then on."""
        spans, found = self.lifetimes(), {}
        for index, call in enumerate(self.calls):
            if call.over and {*call.over} <= spans.keys():
                new, old = call.over
                ends = spans[old][1] == spans[new][0] == index and list(call.named()).count(old) == 1
                if ends and self.arrays[old] == self.arrays[new]:
                    found[new] = old
        return found
