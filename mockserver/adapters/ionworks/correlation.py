"""The id that each answer of Ionworks carries, refusals included. Source: specs/ionworks/sources.md#correlation"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from mockserver.adapters.exchange import Call, Reply
from mockserver.simulation.world import World

HEADER = "x-correlation-id"

SHELF = "ionworks.answers"


def correlation(world: World | None) -> dict[str, str]:
    """The header with the next id of the world: a version 4 UUID in form, a scrambled count in fact.

    A request that reaches no world, because it names none that there can be, has number 0.
    """
    if world is None:
        return {HEADER: f"{0:08x}{_tail(0)}"}
    shelf = world.shelf(SHELF)
    count = shelf["count"] = shelf.get("count", 0) + 1
    return {HEADER: f"{count * 0x9E3779B1 & 0xFFFFFFFF:08x}{_tail(world.seed)}"}


def reply(call: Call, body: Any, *, status: int = 200) -> Reply:
    """An answer under an id of its own."""
    return Reply(status, body, correlation(call.world))


@lru_cache(maxsize=64)
def _tail(seed: int) -> str:
    return f"-0000-4000-8000-{seed & 0xFFFFFFFFFFFF:012x}"
