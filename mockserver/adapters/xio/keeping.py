"""What a snapshot may hold of a compute.x.io job: the members of a new job, under its uuid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from mockserver.adapters.exchange import Json
from mockserver.adapters.keeping import Keeping, typed
from mockserver.adapters.xio.reading import FIELDS, LATER
from mockserver.adapters.xio.views import view
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

_MEMBERS = FIELDS.keys() | {"allowed_region_codes"}


def _view(world: World, job: Job) -> dict[str, Json]:
    """A job in a list. Raises ValueError for what is kept of none that was created here."""
    kept = job.payload
    if str(UUID(job.key)) != job.key or kept.get("uuid") != job.key:
        raise ValueError(f"{job.key[:80]} is no uuid in lower case")
    if not FIELDS.keys() <= kept.keys() <= _MEMBERS or any(kept[name] != FIELDS[name] for name in LATER):
        raise ValueError("it does not have the members of a new job")
    return view(world, job)


KEEPS = Keeping(typed(dict[str, Any]), _view, {"xio.nonces": typed(dict[tuple[str, str], int]), "xio.models": None})
