"""Does long work in slices, between which other requests are served."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from mockserver.http.limits import SLICE_SECONDS
from mockserver.http.pace import ticks
from mockserver.simulation.snapshot.pauses import Steps

T = TypeVar("T")


async def in_slices(steps: Steps[T]) -> T:
    """The result of work that lets requests pass between slices of about `SLICE_SECONDS`."""
    began = ticks()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        if ticks() - began > SLICE_SECONDS:
            await asyncio.sleep(0)
            began = ticks()
