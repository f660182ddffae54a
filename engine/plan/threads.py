"""How many threads BLAS starts with: fixed by whoever starts a process, before NumPy is there."""

from __future__ import annotations

from collections.abc import Mapping

# A product of matrices differs in its last bits between thread counts, so whoever starts a worker fixes them to one.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def one_thread(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which BLAS starts with one thread; a person's choice of kernels is left alone."""
    return {**environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
