"""Makes what hypothesis draws depend on the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def without_surroundings() -> Iterator[None]:
    """Keep hypothesis from drawing constants that it reads in the modules loaded by chance.

    They differ between a test run and the command line.
    """
    from hypothesis.internal.conjecture import providers

    inner: Any = providers
    known = getattr(inner, "_get_local_constants", None)  # it is not ours: a version without it needs no keeping
    if known is None:
        yield
        return
    none = inner.Constants()
    inner._get_local_constants = lambda: none
    inner.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        inner._get_local_constants = known
        inner.CONSTANTS_CACHE.cache.clear()
