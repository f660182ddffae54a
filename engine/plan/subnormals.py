"""Numbers too small for the usual form of a float: while a step runs, the processor takes them for zero.

A gradient that fades along a long series, or the mean gradient of a dead unit, ends among them (below 1.2e-38), and many
processors then take twenty times as long for each operation: a step of an LSTM over 256 values took 14 times its time.
PyTorch: torch.set_flush_denormal.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

FLUSH = 0x8040  # of MXCSR, the control register of SSE and AVX: results that are subnormal, and operands
GLIBC_WORDS, GLIBC_MXCSR = 8, 7  # of glibc's `fenv_t` on x86-64, 32 bits each
WINDOWS_MASK, WINDOWS_FLUSH = 0x03000000, 0x01000000  # _MCW_DN and _DN_FLUSH of `_controlfp`

Context = AbstractContextManager[Any]


def flushed() -> Context:
    """Return a context in which a thread takes subnormal numbers for zero, where the system has a way to say so.

    It can be entered again and again, but not within itself.
    """
    return _context()()


def can_flush() -> bool:
    """Tell whether `flushed` changes anything here."""
    return _context() is not nullcontext


@cache
def _context() -> Callable[[], Context]:
    """Return what works on this system, tried once; processors other than x86-64 are as fast with subnormal numbers."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return nullcontext
    kind = _Windows if sys.platform == "win32" else _Glibc
    try:
        return kind if _works(kind()) else nullcontext
    except (OSError, AttributeError):
        return nullcontext


def _works(context: Context) -> bool:
    smallest = sys.float_info.min
    with context:
        inside = smallest / 2
    return inside == 0 and smallest / 2 != 0


class _Glibc:
    def __init__(self) -> None:
        library = ctypes.CDLL("libm.so.6")
        self._environment = (ctypes.c_uint32 * GLIBC_WORDS)()
        self._place = ctypes.c_void_p(ctypes.addressof(self._environment))
        self._load, self._store = library.fegetenv, library.fesetenv
        self._before = 0

    def __enter__(self) -> None:
        self._load(self._place)
        self._before = self._environment[GLIBC_MXCSR]
        self._environment[GLIBC_MXCSR] = self._before | FLUSH
        self._store(self._place)

    def __exit__(self, *_: object) -> None:
        self._environment[GLIBC_MXCSR] = self._before
        self._store(self._place)


class _Windows:
    def __init__(self) -> None:
        self._control = ctypes.CDLL("ucrtbase")._controlfp
        self._before = 0

    def __enter__(self) -> None:
        self._before = self._control(0, 0) & WINDOWS_MASK
        self._control(WINDOWS_FLUSH, WINDOWS_MASK)

    def __exit__(self, *_: object) -> None:
        self._control(self._before, WINDOWS_MASK)
