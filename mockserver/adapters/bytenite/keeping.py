"""What a snapshot may hold of a ByteNite job: a record whose body has all members that operations rely on."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

import msgspec

from mockserver.adapters.bytenite.credentials import SHELF
from mockserver.adapters.bytenite.views import Record, body_of
from mockserver.adapters.exchange import Json
from mockserver.adapters.keeping import Keeping, typed
from mockserver.simulation.job import Job
from mockserver.simulation.world import World


class _Source(TypedDict):
    dataSourceDescriptor: NotRequired[str]
    params: NotRequired[dict[str, Any]]


class _Config(TypedDict):
    taskTimeout: NotRequired[int]
    jobTimeout: NotRequired[int]
    isTestJob: NotRequired[bool]


class _Body(TypedDict):
    """The members of a body; the first ones are always there."""

    id: str
    templateId: str
    state: str
    appId: str
    createdAt: str
    templateInfo: dict[str, str]
    stateTimestamps: dict[str, str]
    numUnitsEstimation: str
    name: NotRequired[str]
    config: NotRequired[_Config]
    params: NotRequired[dict[str, dict[str, Any] | str]]
    dataSource: NotRequired[_Source]
    dataDestination: NotRequired[_Source]


def _view(world: World, job: Job) -> Json:
    """A job in a list. Raises ValueError for a record that is not this job's."""
    kept: Record = job.payload
    if kept.body.get("id") != job.key or not 0 <= kept.seen <= job.step_count or kept.chunks < 1:
        raise ValueError("its record is not its own")
    msgspec.convert(kept.body, _Body)
    body = body_of(world, job)
    if job.phase == "failed" and "errorMessage" not in body:
        raise ValueError("its record does not say why it failed")
    return body


KEEPS = Keeping(typed(Record), _view, {SHELF: typed(dict[str, tuple[str, float]])})
