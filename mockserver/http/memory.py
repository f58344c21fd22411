"""What is asked of the garbage collector and of the C library, so that memory that is free goes back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
from collections.abc import Callable
from pathlib import Path

from mockserver.http.limits import TRIM_BYTES

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h
_LARGE_BYTES = 128 * 1024
"""Blocks from this size on go back to the system when they are freed. Unless it is set, glibc raises it when it sees
large ones, and bodies of megabytes leave the heap in pieces."""

_STATM = Path("/proc/self/statm")


def settle() -> None:
    """Freeze what is loaded for the garbage collector, and run it less often: requests leave no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    with contextlib.suppress(OSError, AttributeError):  # where the C library has no such function
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)


class Trimmer:
    """Gives free memory back: glibc keeps what lies below a block that lives on, after one large request for good."""

    def __init__(self) -> None:
        self._least = _resident()
        self._trim: Callable[[int], int] | None = None
        with contextlib.suppress(OSError, AttributeError):  # another C library, or none
            self._trim = ctypes.CDLL(None).malloc_trim

    def trim_if_grown(self) -> None:
        """Trim if the process has grown by `TRIM_BYTES` since it was smallest after a trim; else a matter of 10 us."""
        if self._trim is None or not self._least:
            return
        if _resident() > self._least + TRIM_BYTES:
            self._trim(0)
            self._least = _resident()


def _resident() -> int:
    """Bytes of the process in memory; 0 where the system does not say."""
    try:
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0
