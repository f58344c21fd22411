"""Makes a world from a snapshot after validating it: each job is rendered by its API and checked by its document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import specs
from mockserver.adapters.exchange import Json
from mockserver.adapters.keeping import Keeping, Reader, typed
from mockserver.adapters.loading import adapter_of
from mockserver.http.callbacks import webhooks
from mockserver.http.contract.schema import Place, Schemas
from mockserver.simulation.errors import SnapshotError
from mockserver.simulation.job import Job
from mockserver.simulation.job_limits import plain_bytes
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.snapshot import Readers, copying, thawing
from mockserver.simulation.snapshot.pauses import Steps, finished
from mockserver.simulation.world import World

MOST_LOGGED = 10_000
"""Most transitions that a world of a server keeps in its log."""

_UNFIT = "the snapshot does not fit together"


@cache
def readers() -> Readers:
    """How the data of adapters and callbacks is read."""
    keeps = {name: _keeping(name) for name in specs.names()}
    shelves: dict[str, Reader | None] = {webhooks.SHELF: typed(webhooks.PendingCallbacks)}
    for one in keeps.values():
        shelves.update(one.shelves)
    return Readers({name: one.payload for name, one in keeps.items()}, shelves)


def restored(data: bytes, lifecycles: Mapping[str, CompiledLifecycle]) -> World:
    """The world of a snapshot, whose jobs every API can render. Raises SnapshotError."""
    return finished(restoring(data, lifecycles))


def restoring(data: bytes, lifecycles: Mapping[str, CompiledLifecycle]) -> Steps[World]:
    """The same in steps."""
    world = yield from thawing(data, lifecycles, readers())
    world.job_limits.hold(plain_bytes(world.scenario))
    log = world.scheduler.log.maxlen
    if log is None or log > MOST_LOGGED:
        raise SnapshotError(f"{_UNFIT}: it keeps {log or 'all'} transitions, expected at most {MOST_LOGGED}")
    for api in lifecycles:
        jobs = world.jobs(api)
        if jobs:
            yield from _check_jobs(world, api, jobs)
    for entry in world.shelf(webhooks.SHELF).get("pending", ()):
        can_be = 0 <= entry["due"] < 1 << 61 and 1 <= entry["attempt"] <= len(webhooks.BACKOFF_SECONDS) + 1
        if entry["api"] not in lifecycles or not can_be:
            raise SnapshotError(f"{_UNFIT}: a pending callback is impossible")
    return world


def forking(world: World, lifecycles: Mapping[str, CompiledLifecycle]) -> Steps[World]:
    """A second world that continues as `world` does, in steps; that one may go on between them."""
    return copying(world, lifecycles, readers())


def _keeping(api: str) -> Keeping:
    adapter: Any = adapter_of(api)
    keeps: Keeping = adapter.KEEPS
    return keeps


def _check_jobs(world: World, api: str, jobs: Mapping[str, Job]) -> Steps[None]:
    """Raises SnapshotError for a job that its API cannot render as its document says."""
    view, is_valid, calls_back = _keeping(api).view, _judge(api), hasattr(adapter_of(api), "callback_body")
    explained: set[tuple[object, str]] = set()
    for job in jobs.values():
        yield
        try:
            is_good = is_valid(view(world, job)) and (calls_back or job.request.callback is None)
            job.attempts()
            kind = (job.shape, job.request.project)
            if job.phase == "queued" and kind not in explained:
                world.why_waiting(job)
                explained.add(kind)
        except Exception as error:  # whatever a made-up world makes an adapter raise means the same
            raise SnapshotError(
                f"{_UNFIT}: job {job.key[:80]} of {api} cannot be rendered by its API ({_brief(error)})"
            ) from error
        if not is_good:
            raise SnapshotError(f"{_UNFIT}: job {job.key[:80]} of {api} is not what its document says")


def _brief(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:160]


@cache
def _judge(api: str) -> Callable[[Json], bool]:
    """Whether a job in a list is as the document says."""
    spec = specs.load(api)
    schemas = Schemas(spec)
    assert spec.lifecycle is not None
    role = spec.lifecycle.roles["list"]
    place: Place = (*spec.operations[role.operation].pointer, "responses", "200", "content")
    place, content = schemas.follow(place)
    place, node = schemas.follow((*place, next(iter(content)), "schema"))
    for step in _steps(role.items or ""):
        place, node = _below(schemas, place, node, step)
    place, node = _below(schemas, place, node, None)
    is_valid: Callable[[Any], bool] = schemas.validator(place).is_valid
    return is_valid


def _steps(pointer: str) -> Iterator[str]:
    yield from (step for step in pointer.split("/") if step)


def _below(schemas: Schemas, place: Place, node: Any, step: str | None) -> tuple[Place, Any]:
    """The schema of a member, or (None) of the items of a list."""
    inner = ("items",) if step is None else ("properties", step)
    return schemas.follow((*place, *inner))
