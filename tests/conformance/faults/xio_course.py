"""Faults of how compute.x.io's jobs go: limits, retries, states, where they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from msgspec.structs import replace as revised

from tests.conformance.faults import Apply, Asked, Fault, Told, answers, every_job, patched, requests
from tests.conformance.faults.xio import SHOWN, shown

Json = Any
RUNS = ("xio_list_job_runs", "xio_get_job_run")


def asked(change: Callable[[Any, Json, Any], None]) -> Apply:
    """What the simulation is asked for differs from what the client is told: the call, the job's members, the request."""

    def make(original: Callable[[Any, Json], Any]) -> Callable[[Any, Json], Any]:
        def request(call: Any, members: Json) -> Any:
            wanted = original(call, members)
            change(call, members, wanted)
            return wanted

        return request

    return patched("mockserver.adapters.xio.reading:_request", make)


def limits(change: Callable[[Any], dict[str, float | None]]) -> Apply:
    """The limits that count differ from those that are told."""

    def alter(call: Any, members: Json, wanted: Any) -> None:
        wanted.limits = replace(wanted.limits, **change(wanted.limits))

    return asked(alter)


def retries(change: Callable[[int], int]) -> Apply:
    def alter(call: Any, members: Json, wanted: Any) -> None:
        wanted.retries = max(0, change(wanted.retries))

    return asked(alter)


def resources(**changes: Callable[[Any], Any]) -> Apply:
    """What is reserved differs from what is asked for."""

    def alter(call: Any, members: Json, wanted: Any) -> None:
        told = {name: change(getattr(wanted.resources, name)) for name, change in changes.items()}
        wanted.resources = revised(wanted.resources, **told)

    return asked(alter)


def known_gpus_are_all_alike(call: Any, members: Json, wanted: Any) -> None:
    """A GPU is only looked up, not looked for."""
    nodes = call.world.scheduler.cluster.nodes
    if wanted.resources.gpu_model in {node.gpu_model for node in nodes}:
        wanted.resources = revised(wanted.resources, gpu_model=None)
    if wanted.resources.gpu_registry in {node.gpu_registry for node in nodes}:
        wanted.resources = revised(wanted.resources, gpu_registry=None)


def span(limit: str, change: Callable[[Any, Any, float], float]) -> Apply:
    """A limit counts from another instant: the scheduler, the job, the seconds."""

    def make(original: Any) -> Any:
        def arm(self: Any, job: Any, name: str, seconds: float | None, **others: Any) -> None:
            told = change(self, job, seconds) if name == limit and seconds is not None else seconds
            original(self, job, name, told, **others)

        return arm

    return patched("mockserver.simulation.scheduler:Scheduler.arm", make)


def _since_creation(scheduler: Any, job: Any, seconds: float) -> float:
    return max(0.001, seconds - (scheduler.clock.now - job.created) / 1e6)


def stops(instead: Callable[[Any, Any, Any], None]) -> Apply:
    """A stop does something else: the original, the world, the job."""
    return patched(
        "mockserver.simulation.world:World.cancel", lambda original: lambda self, job, reason="": instead(lambda: original(self, job, reason), self, job)
    )


def not_while(phase: str) -> Apply:
    return stops(lambda original, world, job: original() if job.phase != phase else None)


def _again(original: Any, world: Any, job: Any) -> None:
    if job.request.retries and job.phase == "running":
        world.scheduler.enter(job, job.stage.on["retried"], "retried")
    else:
        original()


def keeps_room(is_meant: Callable[[Any], bool]) -> Apply:
    """Some jobs do not give back what they hold."""

    def make(original: Any) -> Any:
        def give_back(self: Any, job: Any) -> None:
            if not is_meant(job):
                original(self, job)

        return give_back

    return patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", make)


def state(was: str, told: str, where: tuple[str, ...] = SHOWN) -> Apply:
    """One state is shown as another."""
    return shown(lambda job: job.update(status=told) if job["status"] == was else None, where)


def runs(change: Callable[[dict[str, Json]], None], where: tuple[str, ...] = RUNS) -> Apply:
    """Every run that is shown is changed."""

    def revise(asked: Asked, told: Told) -> None:
        if told.status < 300:
            for run in told.body.get("data", [told.body]):
                change(run)

    return answers("xio", where, revise)


def _comes_back() -> Apply:
    """A job that was stopped while it waited is shown as running some time later."""

    def change(job: dict[str, Json], asked: Asked) -> None:
        seen = asked.memory.setdefault(job["uuid"], [])
        seen.append(job["status"])
        if job["status"] == "CANCELLED" and "RUNNING" not in seen and seen.count("CANCELLED") > 3:
            job["status"] = "RUNNING"

    return answers("xio", ("read",), every_job("xio", change))


def _ended_between() -> Apply:
    """A job that is about to be tried again is shown as failed once."""

    def change(job: dict[str, Json], asked: Asked) -> None:
        if job["status"] in ("PENDING", "ASSIGNED") and job["started_at"] is not None:
            job["status"] = "FAILED"

    return answers("xio", ("read",), every_job("xio", change))


def _late(original: Any) -> Any:
    """A run limit is looked at when a job is read, whatever it does by then."""

    def render(world: Any, job: Any) -> Any:
        body = original(world, job)
        limit = body["max_timeout_run_ms"]
        if body["status"] == "COMPLETED" and limit and world.now_us - job.created > limit * 1000:
            body["status"] = "FAILED"
        return body

    return render


def _bodiless(asked: Asked) -> None:
    if asked.body is None:
        asked.path = "/v1/nowhere"


def _always_again(original: Any) -> Any:
    def end_run(self: Any, job: Any, outcome: Any) -> None:
        if job.request.retries and not job.failures:
            self._fail(job, outcome, final="failed")
        else:
            original(self, job, outcome)

    return end_run


def _bad_is_good(original: Any) -> Any:
    def fail(self: Any, job: Any, outcome: Any, *, final: str) -> None:
        if final == "timed_out" and outcome.reason == "run_timeout":
            job.failures += 1
            self.enter(job, job.stage.on["succeeded"], "succeeded", outcome)
        else:
            original(self, job, outcome, final=final)

    return fail


def _run_limit_is_final(original: Any) -> Any:
    def fail(self: Any, job: Any, outcome: Any, *, final: str) -> None:
        if outcome.reason == "run_timeout":
            job.failures += job.request.retries
        original(self, job, outcome, final=final)

    return fail


def cancels_at(which: str) -> Apply:
    """A limit that has passed ends the job as if its client had stopped it."""

    def make(original: Any) -> Any:
        def time_out(self: Any, job: Any, limit: str) -> None:
            if limit == which:
                self.enter(job, job.stage.on["cancelled"], "cancelled")
            else:
                original(self, job, limit)

        return time_out

    return patched("mockserver.simulation.scheduler:Scheduler._time_out", make)


def _early(asked: Asked, told: Told) -> None:
    """A job without runs is given one that has just been assigned."""
    uuid = dict(asked.query).get("filter[job_uuid]")
    if told.status == 200 and uuid and not told.body["data"]:
        run = {"object": "job_run", "uuid": uuid, "job_uuid": uuid, "status": "ASSIGNED", "started_at_ms": None, "ended_at_ms": None, "duration_ms": None}
        told.body |= {"data": [run], "total": 1}


def _hosts(run: dict[str, Json]) -> None:
    run["node_urls"] += [{**url, "hostname": f"second.{url['hostname']}"} for url in run["node_urls"]]


FAIL = "mockserver.simulation.scheduler:Scheduler._fail"
TABLE: dict[str, tuple[Any, ...]] = {
    "run-limit-ignored": ("XIO-TMO-001", limits(lambda told: {"run": None})),
    "run-limit-a-tenth-late": ("XIO-TMO-001", limits(lambda told: {"run": told.run and told.run * 1.1}), "XIO-TMO-010"),
    "run-limit-a-tenth-early": ("XIO-TMO-002", limits(lambda told: {"run": told.run and told.run * 0.9}), "XIO-TMO-010"),
    "run-limit-in-whole-minutes": ("XIO-TMO-002", limits(lambda told: {"run": told.run and told.run // 60 * 60})),
    "run-limit-completes": ("XIO-TMO-003", patched(FAIL, _bad_is_good), "XIO-RTY-004"),
    "assign-limit-ignored": ("XIO-TMO-004", limits(lambda told: {"assign": None}), "XIO-TMO-012", "XIO-DEF-011"),
    "assign-limit-always-the-usual": ("XIO-TMO-005", limits(lambda told: {"assign": 300.0})),
    "assign-limit-a-second-early": ("XIO-TMO-005", limits(lambda told: {"assign": (told.assign or 0) * 0.99}), "XIO-DEF-011"),
    "start-limit-ignored": ("XIO-TMO-007", limits(lambda told: {"start": None}), "XIO-DEF-013"),
    "start-limit-doubled": ("XIO-TMO-007", limits(lambda told: {"start": (told.start or 0) * 2}), "XIO-DEF-013"),
    "start-limit-at-most-the-usual": ("XIO-TMO-008", limits(lambda told: {"start": min(told.start or 0, 300.0)})),
    "start-limit-cancels": ("XIO-TMO-009", cancels_at("start")),
    "limits-fail-what-has-ended": ("XIO-TMO-015", patched("mockserver.adapters.xio.jobs:view", _late)),
    "assign-limit-cancels": ("XIO-TMO-006", cancels_at("assign")),
    "waiting-jobs-have-runs": ("XIO-STM-011", answers("xio", RUNS[0], _early)),
    "run-limit-from-creation": ("XIO-TMO-010", span("run", _since_creation), "XIO-TMO-013"),
    "run-limit-over-all-runs": ("XIO-TMO-013", limits(lambda told: {"total": told.run and told.run + 10}), "XIO-TMO-010"),
    "assign-limit-over-the-whole-job": ("XIO-TMO-011", limits(lambda told: {"total": told.assign}), "XIO-TMO-014"),
    "start-limit-from-creation": ("XIO-TMO-014", span("start", _since_creation)),
    "usual-assign-limit-longer": ("XIO-DEF-011", asked(lambda call, members, wanted: setattr(wanted, "limits", replace(wanted.limits, assign=600.0)) if (call.body or {}).get("max_timeout_assign_ms") is None else None)),
    "usual-start-limit-shorter": ("XIO-DEF-013", asked(lambda call, members, wanted: setattr(wanted, "limits", replace(wanted.limits, start=120.0)) if (call.body or {}).get("max_timeout_start_ms") is None else None)),
    "busy-nodes-are-waited-for-without-end": ("XIO-TMO-012", asked(lambda call, members, wanted: setattr(wanted, "limits", replace(wanted.limits, assign=None)) if not (wanted.script and wanted.script.stay_queued) else None)),
    "one-retry-too-many": ("XIO-RTY-001", retries(lambda count: count + 1 if count else 0)),
    "retries-are-ignored": ("XIO-RTY-001", retries(lambda count: 0), "XIO-RTY-002"),
    "at-most-three-retries": ("XIO-RTY-001", retries(lambda count: min(count, 3))),
    "retry-although-none-was-asked-for": ("XIO-DEF-012", asked(lambda call, members, wanted: setattr(wanted, "retries", 1) if (call.body or {}).get("max_retry_count") is None else None)),
    "second-chance-fails": ("XIO-RTY-002", asked(lambda call, members, wanted: setattr(wanted, "script", replace(wanted.script, fail_attempts=None)) if wanted.script and wanted.script.fail_attempts else None)),
    "good-runs-are-repeated": ("XIO-RTY-003", patched("mockserver.simulation.scheduler:Scheduler._end_run", _always_again)),
    "run-limit-is-not-retried": ("XIO-RTY-004", patched(FAIL, _run_limit_is_final)),
    "failed-runs-are-completed": ("XIO-RTY-005", runs(lambda run: run.update(status="COMPLETED") if run["status"] == "FAILED" else None), "XIO-STM-010"),
    "failed-between-runs": ("XIO-RTY-006", _ended_between(), "JOB-STM-004"),
    "assigned-shown-as-pending": ("XIO-STM-001", state("ASSIGNED", "PENDING")),
    "assigned-shown-as-running": ("XIO-STM-001", state("ASSIGNED", "RUNNING")),
    "stop-answered-as-running": ("XIO-STM-002", state("CANCELLED", "RUNNING", ("cancel",))),
    "preparation-cannot-be-stopped": ("XIO-STM-003", not_while("starting")),
    "waiting-jobs-cannot-be-stopped": ("JOB-STM-012", not_while("queued"), "XIO-STM-002"),
    "stopped-waiters-come-back": ("XIO-STM-004", _comes_back(), "JOB-STM-004"),
    "stopped-jobs-keep-their-nodes": ("XIO-STM-005", keeps_room(lambda job: job.phase == "cancelled")),
    "failed-jobs-keep-their-nodes": ("XIO-STM-006", keeps_room(lambda job: job.phase == "failed")),
    "stopped-jobs-are-tried-again": ("XIO-STM-007", stops(_again)),
    "persistent-jobs-end-after-an-hour": ("XIO-STM-008", asked(lambda call, members, wanted: setattr(wanted, "limits", replace(wanted.limits, run=3600.0)) if wanted.endless else None)),
    "stops-need-a-body": ("XIO-STM-009", requests("xio", "cancel", _bodiless)),
    "stopped-runs-are-failed": ("XIO-STM-010", runs(lambda run: run.update(status="FAILED") if run["status"] == "CANCELLED" else None)),
    "cores-are-not-counted": ("XIO-STM-012", resources(cpu=lambda told: 0.0), "XIO-STM-019"),
    "gpus-are-not-counted": ("XIO-STM-013", resources(gpu=lambda told: 0.0), "XIO-STM-019"),
    "ram-is-not-counted": ("XIO-STM-014", resources(memory=lambda told: 0), "XIO-STM-019"),
    "storage-is-not-counted": ("XIO-STM-015", resources(storage=lambda told: 0), "XIO-STM-019"),
    "gpu-memory-is-not-counted": ("XIO-STM-016", resources(vram=lambda told: 0), "XIO-STM-022"),
    "gpu-names-are-ignored": ("XIO-STM-017", resources(gpu_model=lambda told: None), "XIO-STM-020"),
    "gpu-ids-are-ignored": ("XIO-STM-018", resources(gpu_registry=lambda told: None), "XIO-STM-020"),
    "half-the-ram-is-reserved": ("XIO-STM-019", resources(memory=lambda told: told // 2)),
    "half-the-storage-is-reserved": ("XIO-STM-019", resources(storage=lambda told: told // 2)),
    "known-gpus-are-all-alike": ("XIO-STM-020", asked(known_gpus_are_all_alike)),
    "a-node-too-many": ("XIO-STM-021", runs(_hosts)),
    "gpu-memory-is-rounded-down": ("XIO-STM-022", resources(vram=lambda told: int(told * 0.9))),
    "gpu-memory-must-exceed": ("XIO-STM-022", resources(vram=lambda told: told + (1 if told else 0))),
    "gpu-names-must-be-exact": ("XIO-STM-023", asked(lambda call, members, wanted: setattr(wanted, "resources", revised(wanted.resources, gpu_model=members["gpu_name"] or None)))),
    "regions-are-ignored": ("XIO-STM-024", resources(any_labels=lambda told: ())),
}  # fmt: skip


def _made() -> Iterator[Fault]:
    for name, (requirement, apply, *also) in TABLE.items():
        yield Fault(f"xio:{name}", "xio", requirement, name.replace("-", " "), apply, tuple(also))


FAULTS = list(_made())
