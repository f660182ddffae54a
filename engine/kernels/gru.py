"""The loops over time of a GRU. All arrays are time first: (T, N, ...).

Inside, the gates lie in the order m, r, z, n, where m is U h + c of n: what the states are multiplied by (m, r, z) are
neighbours, and so are those with a sigmoid (r, z) and those that the inputs feed (r, z, n). The halves of the sigmoids are in
the weights, see `curves.halved_sigmoid_calls`.

The gradient d of a state makes those of all gates and of the state before by products with factors that are known beforehand:
n: a = (1 - z)(1 - n²); z: (h - n) z (1 - z); r: a m r (1 - r); m: a r. So these are computed for several steps at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.curves import halved_sigmoid_calls
from engine.kernels.gates import HALF, Order
from engine.kernels.memory import constant, ones
from engine.kernels.products import steps as product_steps
from engine.kernels.spans import at_once, backwards, spans_back

ORDER: Order = (  # m, r, z of PyTorch's r, z, n
    (slice(0, 1), slice(2, 3), (1,)),
    (slice(1, 3), slice(0, 2), (HALF, HALF)),
)
FED: Order = ((slice(0, 3), slice(0, 3), (HALF, HALF, 1)),)  # r, z, n, that the inputs feed, in PyTorch's order


def add_biases(bias: Array, state_bias: Array, out: Array) -> Iterator[Run]:
    """Yield the calls that write what is added to r, z and n, as `gates.scale` does weights; all are (3, H)."""
    yield partial(np.add, bias[:2], state_bias[:2], out[:2])
    yield partial(np.multiply, out[:2], constant(HALF, out.dtype), out[:2])
    yield partial(np.copyto, out[2], bias[2])


def forward(
    fed: Array, gates: Array, weights: Array, h: Array, states: Array, work: Array, meet: Sequence[Run] = ()
) -> Iterator[Run]:
    """Yield the calls that run over time.

    They compute U of the H units: all, unless others compute the rest; then `meet` waits for these.

    `fed` (4, T, N, U) holds c and what the inputs add to r, z and n; `gates` (T, 4, N, U) gets m, r, z and n, and without
    a way back need be no longer than one step.
    `weights` are (3, H, J, U/J), see `products.columns`. `h` (T + 1, N, H) begins with zeros; the run fills those of its U
    units, `states`, after that. `work` is (3, N, U).
    """
    multiply = product_steps(weights, work)  # (N, H) @ (3, H, U) -> (3, N, U)
    sums = work.reshape(3, -1)
    for t, (before, state) in enumerate(pairwise(states)):
        flat, given = gates[t % len(gates)].reshape(4, -1), fed[:, t].reshape(4, -1)
        if t:
            yield multiply(h[t])
            yield partial(np.add, sums, given[:3], flat[:3])
        else:
            yield partial(np.copyto, flat[:3], given[:3])
        yield from _step(flat, given[3], before, state, work[0])
        yield from meet


def _step(gates: Array, given: Array, before: Array, state: Array, work: Array) -> Iterator[Run]:
    """Yield what becomes of the sums (m, r, z) of one step: n = tanh(given + r m), state = (1 - z) n + z before."""
    (m, r, z, n), both, kept = gates, gates[1:3].reshape(-1), work.reshape(-1)
    yield from halved_sigmoid_calls(both, both)
    yield partial(np.multiply, r, m, n)
    yield partial(np.add, n, given, n)
    yield partial(np.tanh, n, n)
    yield partial(np.subtract, before, n.reshape(before.shape), work)
    yield partial(np.multiply, kept, z, kept)
    yield partial(np.add, work, n.reshape(before.shape), state)


def backward(
    grads: Array,
    own: Array,
    weights: Array,
    gates: Array,
    states: Array,
    come: Array,
    few: Array,
    some: Array,
    meet: Sequence[Run] = (),
) -> Iterator[Run]:
    """Yield the calls that run back over time and write the gradients of the gates into `own` (4, T, N, U).

    That lies within `grads` (4, T, N, H). Of U units and of `meet` see `forward`.
    `weights` are (3, H, J, U/J), `gates` are overwritten. `come` is the gradient of every state, (T, N, U), or of the last,
    (1, N, U): each is read before the step's gradients are written. `few` is (5, N, U), `some` (3, S, N, U).
    """
    multiply = product_steps(weights, few[:3])  # (3, N, H) @ (3, H, U) -> (3, N, U)
    add_up, parts, grad_h, d = ones(4, grads.dtype), few[:4].reshape(4, -1), few[4], few[4].reshape(-1)
    yield partial(np.copyto, grad_h, come[-1])
    for span in spans_back(len(gates), at_once(some.shape[1], d.size)):
        room = some.reshape(-1)[: 3 * (span.stop - span.start) * d.size].reshape(3, -1, *grad_h.shape)
        yield from _factors(gates[span], states[span], *room)
        for t in backwards(span):
            if t < len(come) - 1:
                yield partial(np.add, grad_h, come[t], grad_h)
            yield partial(np.multiply, grad_h, gates[t], own[:, t])
            if t:
                yield partial(np.multiply, d, room[0, t - span.start].reshape(-1), parts[3])
                yield from meet
                yield multiply(grads[:3, t])
                yield partial(add_up.dot, parts, d)  # (4,) @ (4, N·U) -> (N·U,)


def _factors(gates: Array, before: Array, z: Array, work: Array, rest: Array) -> Iterator[Run]:
    """Yield the calls that turn gates (S, 4, N, U) into factors and keep `z`; the others are (S, N, U)."""
    one, (m, r, both, n) = constant(1, gates.dtype), gates.swapaxes(0, 1)
    yield partial(np.copyto, z, both)
    yield partial(np.subtract, one, z, rest)
    yield partial(np.subtract, before, n, work)
    yield partial(np.multiply, work, z, work)
    yield partial(np.multiply, work, rest, both)
    yield partial(np.multiply, n, n, work)
    yield partial(np.subtract, one, work, work)
    yield partial(np.multiply, work, rest, n)
    yield partial(np.subtract, one, r, rest)
    yield partial(np.multiply, rest, r, rest)
    yield partial(np.multiply, rest, m, rest)
    yield partial(np.multiply, r, n, m)
    yield partial(np.multiply, rest, n, r)
