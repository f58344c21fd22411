"""JSON pointers (RFC 6901): apart into keys, and together again."""

from __future__ import annotations

from collections.abc import Iterable


def keys(pointer: str) -> list[str]:
    """The keys of a pointer, unescaped; none of the empty one."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def pointer_to(keys: Iterable[str | int]) -> str:
    """The pointer that leads along these keys."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
