"""Jobs of all APIs in our own words: where they run, why they wait, how they ended; and forced outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from msgspec.structs import asdict

from mockserver.adapters.exchange import Call, Refusal, Reply, Violation
from mockserver.http.contract.explanation import unknown
from mockserver.http.control.context import Context
from mockserver.http.redaction import redacted_url
from mockserver.simulation.clock import micros, seconds
from mockserver.simulation.job import Attempt, Job
from mockserver.simulation.request import Outcome
from mockserver.simulation.world import World

_EVENTS = {"complete": "succeeded", "fail": "failed", "preempt": "displaced"}
_REASONS = {"complete": "", "fail": "failed on demand", "preempt": "preempted"}


def mock_list_jobs(context: Context, call: Call) -> Reply:
    """One page of the jobs that match."""
    query = call.query
    if query.get("api") not in (None, *call.world.lifecycles):
        raise Refusal("invalid", f"query api: {unknown(query['api'], call.world.lifecycles)}")
    _check_state(call.world, query.get("api"), query.get("state"))
    jobs = _jobs(call.world, query.get("api"), query.get("job"))
    matching = [job for job in jobs if _matches(job, query.get("phase"), query.get("state"))]
    page = islice(matching, query["offset"], query["offset"] + query["limit"])
    return Reply(200, {"jobs": [summary(call.world, job) for job in page], "total": len(matching)})


def _check_state(world: World, api: str | None, state: str | None) -> None:
    """Raises Refusal for a state that the API, or if none is named any of them, does not have."""
    names = [api] if api is not None else list(world.lifecycles)
    known = dict.fromkeys(stage for name in names for stage in world.lifecycles[name].stages)
    if state is not None and state not in known:
        message = f"query state: {unknown(state, known)}{'' if api is None else f', the states of {api}'}"
        raise Refusal.of(Violation("query", ("state",), "enum", list(known), state, message))


def mock_get_job(context: Context, call: Call) -> Reply:
    """One job in full."""
    return Reply(200, detail(call.world, _named(call)))


async def mock_force_outcome(context: Context, call: Call) -> Reply:
    """Make something happen to a job now, and deliver its callback."""
    world, job, body = call.world, _named(call), call.body
    outcome = body["outcome"]
    if outcome == "lose_node":
        if not job.holding:
            raise Refusal("conflict", f"job {job.key} is {job.state}: it is on no node that it could lose")
        world.fail_node(_nodes(world, job)[0])
    else:
        code = body.get("exit_code", 1 if outcome == "fail" else 0)
        ending = Outcome(None, code, body.get("reason", _REASONS[outcome]), body.get("code", ""))
        world.force(job, _EVENTS[outcome], ending)
    world.settle()
    sandbox = context.sandbox(call)
    sandbox.calls.collect(world)
    await sandbox.calls.deliver(world)
    return Reply(200, detail(world, job))


def summary(world: World, job: Job) -> dict[str, Any]:
    """A job in a list."""
    request = job.request
    return {
        "api": request.api,
        "job": job.key,
        "state": job.state,
        "phase": job.phase,
        "owner": request.owner,
        "project": request.project,
        "priority": request.priority,
        "created": seconds(job.created),
        "changed": seconds(job.changed),
        "ended": _moment(job.ended),
        "nodes": _nodes(world, job),
        "waiting": waiting(world, job),
    }


def detail(world: World, job: Job) -> dict[str, Any]:
    """A job with everything that is known about it."""
    request, outcome = job.request, job.outcome
    has_outcome = job.attempts() and outcome != Outcome(None)
    return {
        **summary(world, job),
        "resources": asdict(request.resources),
        "attempts": [_attempt(one) for one in job.attempts()],
        "history": [
            {"at": seconds(instant), "state": stage.name, "phase": stage.phase, "event": event}
            for instant, stage, event, _ in job.steps()
        ],
        "outcome": {"exit_code": outcome.exit_code, "reason": outcome.reason, "code": outcome.code}
        if has_outcome
        else None,
        "parent": request.parent,
        "callback": None if request.callback is None else redacted_url(request.callback),
    }


def waiting(world: World, job: Job) -> str | None:
    """Why a job waits, if it does."""
    request = job.request
    if job.phase == "waiting":
        return f"{job.open_children} of its children have not ended"
    if job.phase == "draft":
        return "its client has not started it"
    if job.phase == "working":
        return f"{job.crew.open} of its tasks have not ended" if job.crew is not None else None
    if job.phase != "queued":
        return None
    if request.script is not None and request.script.stay_queued:
        return "it was told to stay queued"
    since = job.since
    pause = request.backoff.micros(job.failures) if job.last_event == "retried" else 0
    until = max(since + pause, micros(request.not_before))
    if until > world.now_us:
        return f"it may start at {seconds(until):g} seconds"
    return world.why_waiting(job) or "it is about to be placed, or others come before it"


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "number": one.number,
        "queued": seconds(one.queued),
        "assigned": _moment(one.assigned),
        "started": _moment(one.started),
        "ended": _moment(one.ended),
        "nodes": list(one.nodes),
        "outcome": one.outcome,
        "exit_code": one.exit_code if one.exit_code or one.outcome in ("succeeded", "parked") else None,
        "reason": one.reason,
    }


def _moment(instant: int | None) -> float | None:
    return None if instant is None else seconds(instant)


def _nodes(world: World, job: Job) -> list[str]:
    team = () if job.crew is None else job.crew.members
    return [world.scheduler.cluster.nodes[number].name for one in (job, *team) for number, _ in one.holding]


def _jobs(world: World, api: str | None, key: str | None) -> Iterator[Job]:
    for name in world.lifecycles:
        if api is None or name == api:
            jobs = world.jobs(name)
            yield from jobs.values() if key is None else (jobs[one] for one in (key,) if one in jobs)


def _matches(job: Job, phase: str | None, state: str | None) -> bool:
    return (phase is None or job.phase == phase) and (state is None or job.state == state)


def _named(call: Call) -> Job:
    api = call.path["api"]
    if api not in call.world.lifecycles:
        raise Refusal("unknown", f"no API is called {api!r}; served here: {', '.join(call.world.lifecycles)}")
    return call.world.job(api, call.path["job_id"])
