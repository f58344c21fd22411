"""Faults of the course that Ionworks' jobs take, of their queue, their families and their callbacks."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

from mockserver.simulation.errors import NotCancellable
from mockserver.simulation.placement.queue import Line
from mockserver.simulation.request import Limits
from tests.conformance.faults import Apply, Asked, Told, answers, patched
from tests.conformance.faults.ionworks import API, CANCEL, ENDED, READ, SUBMITS, each, fault, jobs_in, sent, shifted, when

Json = Any
SCHEDULER, WORLD, QUEUE, ADAPTER = (
    "mockserver.simulation.scheduler:Scheduler",
    "mockserver.simulation.world:World",
    "mockserver.simulation.placement.queue:Queue",
    "mockserver.adapters.ionworks",
)
WEBHOOKS = "mockserver.http.webhooks"


def _stale(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        job.update(status="processing", is_terminal=False, is_failed=False, completed_at=None, compute_time=None)


def _touched(job: dict[str, Any], asked: Asked) -> None:
    """A job that had ended when it was canceled is updated by that."""
    if asked.operation == CANCEL and asked.memory.get(job["job_id"]) in ENDED:
        asked.memory[f"{job['job_id']} touched"] = True
    if asked.memory.get(f"{job['job_id']} touched"):
        job["updated_at"] = shifted(job["updated_at"], 20)
    asked.memory[job["job_id"]] = job["status"]


def _refused_when_ended(asked: Asked, told: Told) -> None:
    if told.status == 200 and asked.operation == READ:
        asked.memory[told.body["job_id"]] = told.body["status"]
    if told.status == 200 and asked.operation == CANCEL and asked.memory.get(told.body["job_id"]) in ENDED:
        told.status, told.body = 400, {"error_code": "BAD_REQUEST", "message": "over", "detail": None}


def _no_body(asked: Asked, told: Told) -> None:
    if asked.body == {}:
        told.status, told.body = 422, {"detail": [{"loc": ["body"], "msg": "no", "type": "extra"}]}


def _second_fails(asked: Asked, told: Told) -> None:
    count = asked.memory[asked.path] = asked.memory.get(asked.path, 0) + 1
    if count == 2:
        told.status, told.body = 500, {"error_code": "INTERNAL_SERVER_ERROR", "message": "no", "detail": None}


def _once_around(make: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    """A function that gets the original and the arguments."""
    return lambda original: lambda *arguments, **named: make(original, arguments, **named)  # type: ignore[call-arg]


def _keeps_what_it_held(original: Any, arguments: Any) -> Any:
    job = arguments[1]
    return None if job.stage.name == "canceled" else original(*arguments)


def _parents_do_not_wait(original: Any, arguments: Any) -> Any:
    arguments[1].open_children = 0
    return original(*arguments)


def _first_child_joins(original: Any, arguments: Any) -> Any:
    parent = arguments[1].parent
    if parent is not None and parent.stage.phase == "waiting":
        parent.open_children = 1
    return original(*arguments)


def _cancel(also: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    def make(original: Any) -> Any:
        def cancel(world: Any, job: Any, *reason: Any) -> None:
            if also(world, job):
                original(world, job, *reason)

        return cancel

    return make


def _waits_on(world: Any, job: Any) -> bool:
    return bool(job.stage.name != "waiting")


def _with_children(world: Any, job: Any) -> bool:
    for other in [one for one in world.everybody() if one.parent is job and not one.is_terminal]:
        world.scheduler.cancel(other, "with its parent")
    return True


def _with_parent(world: Any, job: Any) -> bool:
    if job.parent is not None and not job.parent.is_terminal:
        world.scheduler.cancel(job.parent, "with its child")
    return True


def _only_running(world: Any, job: Any) -> bool:
    return bool(job.stage.name != "pending")


def _at_its_end(world: Any, job: Any) -> bool:
    """A cancel at the very instant of the end turns it into a failure."""
    world.settle()
    if job.stage.name == "completed" and job.changed == world.now_us:
        failed = next(stage for stage in world.courses[API].stages.values() if stage.name == "failed")
        job.stage = failed
        job.history += (world.now_us, failed, "failed", job.outcome)
        raise NotCancellable(job.key, job.state)
    return True


def _rank(rank: Callable[[Any], tuple[int, int]]) -> Apply:
    def make(original: Any) -> Any:
        def push(queue: Any, job: Any) -> None:
            line: Line = queue.lines.setdefault(job.shape, Line(job.shape))
            heappush(line.waiting, (*rank(job), job, job.generation))

        return push

    return patched(f"{QUEUE}.push", make)


def _usual_rank(asked: Asked) -> None:
    if isinstance(asked.body, dict) and "priority" not in asked.body and isinstance(asked.body.get("params"), dict):
        asked.body["priority"] = 5
        asked.memory["next"] = True


def _usual_told(asked: Asked, told: Told) -> None:
    for job in jobs_in(told):
        if asked.operation in SUBMITS and asked.memory.pop("next", False):
            asked.memory[job["job_id"]] = True
        if asked.memory.get(job["job_id"]):
            job["priority"] = 0


def _again(job: dict[str, Any], asked: Asked) -> None:
    """A failed job that has been looked at five times has started anew."""
    if job["status"] == "failed":
        looks = asked.memory[job["job_id"]] = asked.memory.get(job["job_id"], 0) + 1
        if looks > 5:
            job["started_at"] = shifted(job["started_at"], 60)
            job["completed_at"] = shifted(job["completed_at"], 60)
            job["updated_at"] = shifted(job["updated_at"], 60)


def _only(holds: Callable[[Any], bool]) -> Apply:
    """Announce only the ends of jobs of which something holds."""

    def make(original: Any) -> Any:
        def collect(calls: Any, world: Any) -> None:
            world.scheduler.announced = [one for one in world.scheduler.announced if holds(one[1])]
            original(calls, world)

        return collect

    return patched(f"{WEBHOOKS}:Deliveries.collect", make)


def _added(change: Callable[[Any, Any], None], times: int = 1) -> Apply:
    """Change what is to be delivered, as soon as it is noted."""

    def make(original: Any) -> Any:
        def add(calls: Any, world: Any, instant: int, job: Any) -> None:
            for _ in range(times):
                original(calls, world, instant, job)
                change(world, calls.pending(world)[-1])

        return add

    return patched(f"{WEBHOOKS}:Deliveries._add", make)


def _first_url(world: Any, entry: dict[str, Any]) -> None:
    entry["url"] = world.shelf("fault").setdefault("url", entry["url"])


def _announced_at_start(original: Any) -> Any:
    def begin(scheduler: Any, job: Any, *rest: Any) -> None:
        original(scheduler, job, *rest)
        if job.request.callback is not None:
            scheduler.announced.append((scheduler.clock.now, job))

    return begin


def _failing_with_its_call(original: Any) -> Any:
    def note(calls: Any, world: Any, entry: Any, heard: Any) -> None:
        job = world.job(API, entry["job"])
        if heard.outcome != "delivered" and job.stage.name == "completed":
            job.stage = next(stage for stage in world.courses[API].stages.values() if stage.name == "failed")
            job.history += (world.now_us, job.stage, "failed", job.outcome)
        original(calls, world, entry, heard)

    return note


def _other_media(original: Any) -> Any:
    return lambda world, entry: {"content-type": "text/plain", **original(world, entry)}


def _limit(**told: float) -> Apply:
    return patched(f"{ADAPTER}.reading:_LIMITS", lambda _: Limits(**told))


def _both_priority() -> Apply:
    from tests.conformance.faults import both

    return both(API, "*", _usual_rank, _usual_told)


FAULTS = [
    fault("stale-cancel", "STM-028", "the answer to a cancel shows the job as it was", answers(API, CANCEL, _stale)),
    fault("cancel-touches-ended", "STM-008", "a cancel of an ended job updates it", each(_touched)),
    fault("ended-is-no-good", "STM-009", "a cancel of an ended job is answered 400", answers(API, (READ, CANCEL), _refused_when_ended)),
    fault("cancel-without-body", "STM-010", "a cancel with an empty object is refused", answers(API, CANCEL, _no_body)),
    fault(
        "canceled-holds",
        "STM-011",
        "a canceled job keeps its capacity",
        patched("mockserver.simulation.placement.placement_pass:Allotment.give_back", _once_around(_keeps_what_it_held)),
    ),
    fault("second-cancel-breaks", "STM-012", "the second request to cancel a job makes the server fail", answers(API, CANCEL, _second_fails), "JOB-ERR-010"),
    fault(
        "children-never-run",
        "STM-013",
        "a child is never placed",
        sent(lambda b: b["params"].update(MOCK_STAY_QUEUED=True) if b.get("parent_job_id") and isinstance(b.get("params"), dict) else None),
    ),
    fault(
        "parents-do-not-wait", "STM-014", "a parent completes with its own run", patched(f"{SCHEDULER}._end_run", _once_around(_parents_do_not_wait)), "STM-015"
    ),
    fault("first-child-joins", "STM-015", "a parent completes with its first child", patched(f"{SCHEDULER}._leave_parent", _once_around(_first_child_joins))),
    fault("parents-wait-on", "STM-015", "a waiting parent never completes", patched(f"{SCHEDULER}._leave_parent", lambda _: lambda scheduler, job: None)),
    fault("waiting-is-not-canceled", "STM-016", "a cancel of a waiting parent is passed over", patched(f"{WORLD}.cancel", _cancel(_waits_on))),
    fault("children-go-too", "STM-017", "a cancel of a parent takes its children along", patched(f"{WORLD}.cancel", _cancel(_with_children))),
    fault("parent-goes-too", "STM-018", "a cancel of a child takes its parent along", patched(f"{WORLD}.cancel", _cancel(_with_parent))),
    fault("queued-is-not-canceled", "JOB-STM-012", "a cancel of a pending job is passed over", patched(f"{WORLD}.cancel", _cancel(_only_running)), "STM-007"),
    fault(
        "processing-is-pending",
        "STM-019",
        "a processing job is shown as pending",
        when(lambda job: job["status"] == "processing", status="pending", started_at=None),
        "JOB-STM-010",
    ),
    fault("cancel-at-the-end-fails", "STM-020", "a cancel at the instant of the end makes a failure", patched(f"{WORLD}.cancel", _cancel(_at_its_end))),
    fault("limit-of-an-hour", "TMO-001", "a run may take an hour", _limit(run=3600.0)),
    fault("no-limit", "TMO-001", "a run may take for ever", _limit()),
    fault("limit-a-minute-late", "TMO-001", "a run may take some minutes more than a day", _limit(run=86_700.0)),
    fault(
        "timeout-is-a-solver-error",
        "TMO-002",
        "a run that took too long says SOLVER_ERROR",
        when(lambda job: job["error_code"] == "EXECUTION_TIMEOUT", error_code="SOLVER_ERROR"),
    ),
    fault(
        "failure-is-a-timeout", "TMO-003", "every failure says EXECUTION_TIMEOUT", when(lambda job: job["status"] == "failed", error_code="EXECUTION_TIMEOUT")
    ),
    fault("first-come", "PRI-001", "the queue goes by submission", _rank(lambda job: (0, job.serial)), "PRI-002"),
    fault("nine-before-ten", "PRI-001", "ten is the least urgent", _rank(lambda job: (-(job.request.priority % 10), job.serial)), "PRI-002"),
    fault("lowest-first", "PRI-002", "the lowest priority is served first", _rank(lambda job: (job.request.priority, job.serial))),
    fault("last-come", "PRI-003", "of one priority the latest is served first", _rank(lambda job: (-job.request.priority, -job.serial))),
    fault("usual-rank-5", "PRI-004", "a job without a priority waits as one of 5", _both_priority()),
    fault("failed-starts-anew", "RTY-001", "a failed job starts again", each(_again), "TIM-009"),
    fault("wrong-state-of-failures", "JOB-STM-006", "a failed job is shown as canceled", when(lambda job: job["status"] == "failed", status="canceled")),
    # callbacks
    fault(
        "called-without-query", "WHK-001", "the URL is called without its query", _added(lambda world, entry: entry.update(url=entry["url"].partition("?")[0]))
    ),
    fault("called-as-text", "WHK-002", "the call says that it is text", patched(f"{WEBHOOKS}:signature", _other_media)),
    fault("nothing-of-the-queue", "WHK-003", "the end of a job that never started is not told", _only(lambda job: job.history[6] == "allocated")),
    fault("first-url-for-all", "WHK-004", "all ends are told to the first URL", _added(_first_url)),
    fault("call-decides", "WHK-005", "a job whose callback fails has failed", patched(f"{WEBHOOKS}:Deliveries._note", _failing_with_its_call)),
    fault("failures-are-not-told", "JOB-WHK-001", "the end of a failed job is not told", _only(lambda job: job.stage.name != "failed")),
    fault("nobody-is-told", "JOB-WHK-001", "no end is told", _only(lambda job: False)),
    fault(
        "stale-call",
        "JOB-WHK-002",
        "the call shows the job as pending",
        patched(f"{ADAPTER}:callback_body", lambda told: lambda world, job: {**told(world, job), "status": "pending"}),
    ),
    fault("told-at-the-start", "JOB-WHK-003", "the start of a job is told as well", patched(f"{SCHEDULER}.begin_run", _announced_at_start)),
    fault("told-once", "JOB-WHK-004", "a call that fails is not made again", patched(f"{WEBHOOKS}:BACKOFF_SECONDS", lambda _: ())),
    fault("told-thrice", "JOB-WHK-005", "each end is told three times", _added(lambda world, entry: None, times=3)),
]
