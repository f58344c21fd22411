"""All kinds of hostile requests, by name; each is a function of chance that gives the bytes to send."""

from __future__ import annotations

from tests.hostile.kinds import addresses, bodies, control, framing, heads, heavy, large_members, snapshots
from tests.hostile.making import HEAVY, KINDS

__all__ = [
    "HEAVY",
    "KINDS",
    "addresses",
    "bodies",
    "control",
    "framing",
    "heads",
    "heavy",
    "large_members",
    "snapshots",
]
