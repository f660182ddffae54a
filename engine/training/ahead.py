"""Batches that are assembled while the step before them runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from engine.arrays import Array
from engine.data.batches import Batch, take
from engine.data.prepare import Prepared
from engine.deferred import Deferred

AHEAD = 2  # batches


def ahead(samples: Prepared, parts: Iterable[Array]) -> Generator[Batch, None, None]:
    """Yield the batch of each part of the samples, in order.

    Where pictures must be decoded or scaled for it, another thread does so for the next batches meanwhile; what only has
    to be copied is copied at once, which costs less than waking a thread. Close the generator to end the thread.
    """
    waiting = iter(parts)
    if not is_deferred(samples):
        for rows in waiting:
            yield take(samples, rows)
        return
    pool = ThreadPoolExecutor(1, "batches ahead")
    try:
        coming: deque[Future[Batch]] = deque(pool.submit(take, samples, rows) for rows in islice(waiting, AHEAD))
        while coming:
            batch = coming.popleft().result()
            coming.extend(pool.submit(take, samples, rows) for rows in islice(waiting, 1))
            yield batch
    finally:
        pool.shutdown(cancel_futures=True)


def is_deferred(samples: Prepared) -> bool:
    """Tell whether samples have to be made before they can be copied."""
    return any(isinstance(values, Deferred) for values in samples.inputs.values())
