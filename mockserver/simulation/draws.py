"""Random draws without a sequence: a draw is a function of its purpose, so unrelated jobs do not affect each other."""

from __future__ import annotations

from zlib import crc32

RUN, EXIT, STARTUP, PULL, NODE_FAILURE, NODE_REPAIR, ARRIVAL, KIND = range(1, 9)
"""Purposes of a draw: how long a run takes, how it ends, how long preparation takes, whether an image cannot be pulled;
when a node fails and is back; when the next made-up job comes and what it asks for."""

_MASK = (1 << 64) - 1
_SCALE = 1.0 / (1 << 53)


def uniform(seed: int, *, draw: str, attempt: int, purpose: int) -> float:
    """A number in [0, 1) for this seed, stream, attempt and purpose (splitmix64 over their mix)."""
    return drawn(stream(seed, draw, attempt) + purpose)


def stream(seed: int, draw: str, attempt: int) -> int:
    """What all draws of one attempt have in common."""
    return (seed + 1) * 0x9E3779B97F4A7C15 + (crc32(draw.encode()) << 16) + (attempt << 8)


def drawn(state: int) -> float:
    """A number in [0, 1) for a stream and a purpose, added up."""
    state &= _MASK
    state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((state ^ (state >> 31)) >> 11) * _SCALE
