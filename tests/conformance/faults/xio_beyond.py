"""Faults of compute.x.io that show only beyond the usual: late, often, in one state, with several filters, for one resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mockserver.adapters.exchange import Call, Refusal
from mockserver.simulation.cluster.cluster import GPU, MEMORY, STORAGE
from tests.conformance.faults import Asked, Fault, Told, answers, patched, requests

API = "xio"
JOBS = "mockserver.adapters.xio.jobs"
SCHEDULER = "mockserver.simulation.scheduler:Scheduler"
HOUR_US = 3_600_000_000


def _fault(name: str, requirement: str, describe: str, apply: Any, *also: str) -> Fault:
    return Fault(f"xio:{name}", API, requirement, describe, apply, also)


def demanded(change: Callable[[Any], None]) -> Any:
    """Jobs ask the scheduler for something else than they should."""

    def make(original: Any) -> Any:
        def request(call: Any, told: dict[str, Any]) -> Any:
            found = original(call, told)
            change(found)
            return found

        return request

    return patched("mockserver.adapters.xio.reading:_request", make)


def capped(limit: str, seconds: float) -> Any:
    """No limit of that kind is longer than so many seconds."""

    def change(request: Any) -> None:
        own = getattr(request.limits, limit)
        request.limits = replace(request.limits, **{limit: min(own, seconds) if own is not None else seconds if limit == "run" and seconds > 80_000 else own})

    return demanded(change)


def _five_retries(request: Any) -> None:
    request.retries = min(request.retries, 5)


def _whole_cores(request: Any) -> None:
    request.resources = type(request.resources)(
        **{name: getattr(request.resources, name) for name in request.resources.__struct_fields__} | {"cpu": int(request.resources.cpu)}
    )


def _shared_cores(request: Any) -> None:
    own = request.resources
    request.resources = type(own)(**{name: getattr(own, name) for name in own.__struct_fields__} | {"cpu": own.cpu / request.nodes})


def _first_run_only(original: Any) -> Any:
    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit != "run" or not job.failures:
            original(self, job, limit, span, **others)

    return arm


def unreturned(dimension: int) -> Any:
    """One resource is not given back."""

    def make(original: Any) -> Any:
        def give_back(self: Any, shape: Any, hold: Any) -> None:
            node, taken = hold
            before = self.dimensions[dimension].free[node]
            devices = list(self.devices[node])
            original(self, shape, hold)
            if dimension == GPU and len(taken) > 1:
                self.devices[node][:] = [*self.devices[node][:1], *devices[1:]]
                self._count_devices(node)
            elif dimension != GPU:
                self.dimensions[dimension].set(node, before)

        return give_back

    return patched("mockserver.simulation.cluster.cluster:Cluster.give_back", make)


def keeps(event: str, phase: str = "") -> Any:
    """What a job holds is not given back when this event ends it (while it is in that phase)."""

    def make(original: Any) -> Any:
        def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
            if what == event and stage.is_terminal and phase in ("", job.phase):
                job.holding = ()
            original(self, job, stage, what, detail)

        return enter

    return patched(f"{SCHEDULER}.enter", make)


def _retried_holds(original: Any) -> Any:
    def enter(self: Any, job: Any, stage: Any, what: str, detail: object = None) -> None:
        if what == "retried":
            job.holding = ()
        original(self, job, stage, what, detail)

    return enter


def _gone(original: Any) -> Any:
    def get(call: Call) -> Any:
        reply = original(call)
        job = call.world.job(API, call.path["uuid"].lower())
        if job.is_terminal and call.world.now_us - job.changed > HOUR_US:
            raise Refusal("unknown", "there is no such job any more")
        return reply

    return get


def _in_vain(change: Callable[[Any, Any], None]) -> Any:
    def make(original: Any) -> Any:
        def cancel(call: Call) -> Any:
            try:
                return original(call)
            except Refusal as refusal:
                if refusal.kind == "conflict":
                    change(call, call.world.job(API, call.path["uuid"].lower()))
                raise

        return cancel

    return patched("mockserver.adapters.xio:xio_cancel_job", make)


def _told_anew(call: Any, job: Any) -> None:
    job.history[-1] = type(job.outcome)(None, reason=(call.body or {}).get("reason") or "again")


def _updated(call: Any, job: Any) -> None:
    job.changed = call.world.now_us


def unstarted(status: str) -> Any:
    """Jobs in that state tell no start."""

    def make(original: Any) -> Any:
        def render(world: Any, job: Any) -> Any:
            told = original(world, job)
            return told | {"started_at": None} if told["status"] == status else told

        return render

    return patched(f"{JOBS}:view", make)


def query(operation: str, change: Callable[[dict[str, str]], dict[str, str]]) -> Any:
    """Queries reach the mock changed."""

    def edit(asked: Asked) -> None:
        asked.query[:] = list(change(dict(asked.query)).items())

    return requests(API, operation, edit)


def _without(told: dict[str, str], prefix: str, others: str) -> dict[str, str]:
    """Without what begins with `prefix`, where anything begins with `others`."""
    return {name: value for name, value in told.items() if not name.startswith(prefix)} if any(name.startswith(others) for name in told) else told


def _later_pages(told: dict[str, str]) -> dict[str, str]:
    return told if told.get("page", "1") == "1" else _without(told, "filter", "page")


def _assigned_too(told: dict[str, str]) -> dict[str, str]:
    return told | ({"filter[status]": "RUNNING,ASSIGNED"} if told.get("filter[status]") == "RUNNING" else {})


def _no_nought(told: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in told.items() if not (name == "filter[cpu_count]" and value == "0")}


def _total(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["total"] = min(told.body["total"], 50)


def _no_persistent(asked: Asked, told: Told) -> None:
    if told.status == 200:
        told.body["data"] = [job for job in told.body["data"] if job["task"] == "BATCH"]


FAULTS = [
    _fault("run-limit-of-an-hour", "XIO-TMO-002", "no run lasts longer than an hour", capped("run", 3600)),
    _fault("persistent-for-a-day", "XIO-TMO-002", "persistent jobs end after a day", capped("run", 86_400)),
    _fault("assign-limit-of-ten-minutes", "XIO-TMO-005", "no job waits longer than ten minutes", capped("assign", 600)),
    _fault("start-limit-of-ten-minutes", "XIO-TMO-008", "no job is prepared for longer than ten minutes", capped("start", 600)),
    _fault("five-retries", "XIO-RTY-001", "no job is tried again more than five times", demanded(_five_retries)),
    _fault("first-run-limited", "XIO-TMO-013", "only the first run has a limit", patched(f"{SCHEDULER}.arm", _first_run_only), "XIO-RTY-004"),
    _fault("ram-not-returned", "XIO-STM-006", "RAM is never given back", unreturned(MEMORY), "XIO-STM-005"),
    _fault("storage-not-returned", "XIO-STM-005", "storage is never given back", unreturned(STORAGE), "XIO-STM-006"),
    _fault("second-gpu-not-returned", "XIO-STM-006", "only the first GPU is given back", unreturned(GPU), "XIO-STM-005"),
    _fault("stopped-in-preparation-holds", "XIO-STM-005", "a job that is stopped while it is prepared keeps its node", keeps("cancelled", "starting")),
    _fault("timed-out-holds", "XIO-STM-006", "a job that met its run limit keeps its node", keeps("timed_out")),
    _fault("whole-cores", "XIO-STM-019", "parts of cores are not taken", demanded(_whole_cores)),
    _fault("gone-after-an-hour", "XIO-STM-026", "ended jobs are forgotten", patched("mockserver.adapters.xio:xio_get_job", _gone)),
    _fault("second-reason", "XIO-STM-027", "a stop in vain changes the reason", _in_vain(_told_anew), "XIO-RSP-022"),
    _fault("second-update", "XIO-STM-027", "a stop in vain is an update", _in_vain(_updated), "XIO-TIM-019"),
    _fault("failed-unstarted", "XIO-TIM-023", "failed jobs lose their start", unstarted("FAILED")),
    _fault("stopped-unstarted", "XIO-TIM-023", "stopped jobs lose their start", unstarted("CANCELLED")),
    _fault("running-means-assigned-too", "XIO-LST-046", "a filter by RUNNING holds what is ASSIGNED", query("list", _assigned_too)),
    _fault("persistent-unlisted", "XIO-LST-046", "persistent jobs are not listed", answers(API, "list", _no_persistent), "XIO-LST-013"),
    _fault("filtered-unsorted", "XIO-LST-047", "filtered lists are not sorted", query("list", lambda told: _without(told, "sort", "filter"))),
    _fault("unfiltered-pages", "XIO-LST-047", "only the first page is filtered", query("list", _later_pages)),
    _fault("nought-is-no-filter", "XIO-LST-047", "a filter by no cores filters nothing", query("list", _no_nought)),
    _fault(
        "runs-of-any-job",
        "XIO-LST-048",
        "with states the job of runs does not count",
        query("xio_list_job_runs", lambda told: _without(told, "filter[job", "filter[status")),
    ),
    _fault("total-of-fifty", "XIO-LST-049", "totals end at fifty", answers(API, "list", _total)),
    _fault("cores-shared", "XIO-STM-019", "the cores of a job are divided among its nodes", demanded(_shared_cores)),
    _fault("failed-run-holds", "XIO-STM-006", "a run that is followed by another keeps its node", patched(f"{SCHEDULER}.enter", _retried_holds)),
]
