"""Which MUSTs cannot be broken alone, since another says the same or more of the same thing: by requirement, what breaks with it, and why."""

from __future__ import annotations

from fnmatch import fnmatchcase

COMPANIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "JOB-REQ-001": (("BYT-REQ-*", "ION-REQ-*", "OYR-REQ-*", "RAI-REQ-*", "XIO-REQ-*"), "every demanded member has a row of its own that says so"),
    "JOB-REQ-002": (("BYT-REQ-*", "ION-REQ-*", "OYR-REQ-*", "RAI-REQ-*", "XIO-REQ-*"), "every typed member has a row of its own that says so"),
}
"""By glob of a requirement: globs of those that may break with it, and the reason."""


def companions_of(requirement: str) -> tuple[str, ...]:
    """Globs of what may break with a requirement."""
    return tuple(glob for name, (globs, _) in COMPANIONS.items() if fnmatchcase(requirement, name) for glob in globs)
