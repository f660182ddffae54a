"""The loop over time of a plain recurrent layer. All arrays are time first: (T, N, ...).

The weights of the states come as `products.columns` lays them out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from engine.arrays import Array
from engine.calls import Run
from engine.kernels.memory import constant
from engine.kernels.products import steps as product_steps
from engine.kernels.spans import at_once, backwards, spans_back


def forward(h: Array, across: Array, tanh: bool, work: Array) -> Iterator[Run]:
    """Yield the calls of h = f(a + W h). `h` (T + 1, N, H) holds the first state, which is zero, then a.

    `across` is Wᵀ, (H, H); `work` is (N, H).
    """
    multiply = product_steps(across, work)  # (N, H) @ (H, H) -> (N, H)
    zero, added = constant(0, h.dtype), work.reshape(-1)
    for t, state in enumerate(h[1:].reshape(-1, work.size)):
        if t:
            yield multiply(h[t])
            yield partial(np.add, state, added, state)
        yield partial(np.tanh, state, state) if tanh else partial(np.maximum, state, zero, out=state)


def backward(h: Array, recurrent: Array, tanh: bool, grad: Array, come: Array, grad_h: Array) -> Iterator[Run]:
    """Yield the calls that run back over time and write the gradients before f into `grad` (T, N, H).

    `come` is the gradient of every state, (T, N, H), or of the last, (1, N, H); `grad_h` is (N, H).
    """
    multiply = product_steps(recurrent, grad_h)  # (N, H) @ (H, H) -> (N, H)
    rows, d = grad.reshape(len(grad), -1), grad_h.reshape(-1)
    yield partial(np.copyto, grad_h, come[-1])
    for span in spans_back(len(grad), at_once(len(grad), d.size)):
        yield from _slopes(h[1:][span].reshape(-1), grad[span].reshape(-1), tanh)
        for t in backwards(span):
            if t < len(come) - 1:
                yield partial(np.add, grad_h, come[t], grad_h)
            yield partial(np.multiply, rows[t], d, rows[t])
            if t:
                yield multiply(grad[t])


def _slopes(h: Array, out: Array, tanh: bool) -> Iterator[Run]:
    if tanh:
        yield partial(np.multiply, h, h, out)
        yield partial(np.subtract, constant(1, h.dtype), out, out)
    else:
        yield partial(np.greater, h, constant(0, h.dtype), out)
