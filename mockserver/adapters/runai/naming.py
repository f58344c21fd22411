"""Names of Run:AI jobs: unique within a project, generated from a prefix and the lowest number that is free.

So that a name costs no search through the project, the world's shelf keeps for each project and prefix the number below
which every one is taken or was given back, and a heap of those given back. Source: specs/runai/sources.md#names
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import msgspec

from mockserver.simulation.world import World

API = "runai"
SHELF = "runai.numbers"
_LIVE = "live"


def key_of(project: str, name: str) -> str:
    """The public id of a job: a name says nothing without its project."""
    return f"{project}/{name}"


def generate(world: World, project: str, prefix: str) -> str:
    """The prefix and the lowest number that no job of the project has; it stays free until a job is submitted."""
    numbers, taken = _numbers(world), world.jobs(API, project=project)
    stem = key_of(project, prefix)
    floor, returned = numbers.get((project, prefix)) or (0, [])
    while returned and f"{stem}-{returned[0]}" in taken:
        heappop(returned)
    if returned:
        return f"{prefix}-{returned[0]}"
    while f"{stem}-{floor}" in taken:
        floor += 1
    numbers[project, prefix] = floor, returned
    return f"{prefix}-{floor}"


def submitted(world: World) -> None:
    """Note that the world has one job more."""
    numbers = world.shelf(SHELF)
    numbers[_LIVE] = numbers.get(_LIVE, 0) + 1


def deleted(world: World, project: str, name: str) -> None:
    """Note that a client deleted a job, so that its number is given again before higher ones."""
    numbers = world.shelf(SHELF)
    numbers[_LIVE] = numbers.get(_LIVE, 0) - 1
    prefix, _, digits = name.rpartition("-")
    floor, returned = numbers.get((project, prefix)) or (0, [])
    if digits.isdecimal() and digits == str(int(digits)) and int(digits) < floor:
        heappush(returned, int(digits))


def read(value: Any) -> dict[Any, Any]:
    """What a snapshot says is known of numbers. Raises ValueError for what cannot be."""
    numbers: dict[Any, Any] = msgspec.convert(value, dict[str | tuple[str, str], int | tuple[int, list[int]]])
    for name, known in numbers.items():
        if (name == _LIVE) is not isinstance(known, int) or (isinstance(name, str) and name != _LIVE):
            raise ValueError("numbers are kept by project and prefix")
        if not isinstance(known, int) and min(known[0], *known[1], 0) < 0:
            raise ValueError("a number is below 0")
    return numbers


def _numbers(world: World) -> dict[Any, Any]:
    """What is known of numbers; nothing once jobs left the world because their time to live was over."""
    numbers = world.shelf(SHELF)
    live = len(world.jobs(API))
    if numbers.get(_LIVE, 0) != live:
        numbers.clear()
        numbers[_LIVE] = live
    return numbers
