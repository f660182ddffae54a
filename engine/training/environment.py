"""What the numbers of a run depend on besides the project: versions, processor, BLAS and its threads."""

from __future__ import annotations

import os
import platform
from typing import Any

from engine.plan.threads import THREAD_VARIABLES

KERNEL_VARIABLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE", "MKL_CBWR")


def environment() -> dict[str, Any]:
    """Return what a run records about where it was made, as plain JSON values."""
    import numpy as np  # not above: whoever sets the number of threads must do so before NumPy is there

    blas = _blas()
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "blas_threads": next((os.environ[name] for name in THREAD_VARIABLES if name in os.environ), "unset"),
        "inherited": {name: os.environ[name] for name in KERNEL_VARIABLES if name in os.environ},
        "machine": platform.machine(),
        "system": platform.system(),
    }


def _blas() -> dict[str, Any]:
    import numpy as np

    config: Any = np.show_config(mode="dicts")
    found: dict[str, Any] = config.get("Build Dependencies", {}).get("blas", {})
    return found
