"""What the numbers of a run depend on outside the project: threads and kernels of BLAS."""

from __future__ import annotations

import os
from collections.abc import Mapping

from engine.project.run import current_versions

# A product of matrices differs in its last bits between thread counts, so whoever starts a worker fixes them to one.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "MKL_CBWR", "NVPL_BLAS_DEBUG_CPU_TYPE")


def one_thread(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which BLAS starts with one thread; a person's choice of kernels is left alone."""
    return {**environ, **dict.fromkeys(THREADS, "1")}


def versions() -> dict[str, str]:
    """Return the versions that a run records, and the settings of BLAS that were inherited."""
    return current_versions() | {name: os.environ[name] for name in KERNELS if name in os.environ}
