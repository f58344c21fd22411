"""What an adapter stores in a world beside the simulation, described so that a snapshot can be validated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from mockserver.adapters.exchange import Json
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

Reader = Callable[[Any], Any]
"""Takes plain values and gives what they mean; raises ValueError, TypeError or KeyError for values that were never
stored.
"""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a payload of this API is read, how a job is shown in a list, and what each shelf holds.

    A shelf without a reader holds what is filled anew when it is needed, so that no snapshot brings it back.
    """

    payload: Reader
    view: Callable[[World, Job], Json]
    shelves: Mapping[str, Reader | None] = field(default_factory=dict)


def typed(kind: Any) -> Reader:
    """A reader that accepts values of exactly this type."""
    return partial(msgspec.convert, type=kind)
