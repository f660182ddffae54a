"""What whoever starts a process settles before NumPy is there: how many threads BLAS has, and what the process is."""

from __future__ import annotations

from collections.abc import Mapping

HELPER_FLAG = "--netwright-helper"  # with which a frozen program becomes a helper of a training

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
