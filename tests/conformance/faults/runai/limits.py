"""Faults of Run:AI: limits of time."""

from __future__ import annotations

from typing import Any

from mockserver.simulation.request import NO_LIMITS, Limits
from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.runai.shapers import (
    ADAPTER,
    API,
    ERROR,
    SCHEDULER,
    demanded,
    fault,
    make,
    of,
    said,
    simulates,
    submits,
)


def _lead_course(original: Any) -> Any:
    """A limit that counts from creation ends a running job."""

    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit == "run" and span is not None:
            span = max(0.0, span - (self.clock.now - job.created) / 1e6)
        original(self, job, limit, span, **others)

    return arm


def _no_limit_if_preemptible(request: Any, wanted: Any) -> None:
    if wanted.get("preemptible"):
        request.limits = NO_LIMITS


def days(hours: int) -> Any:
    """A day of a time to live is so many hours."""

    def edit(asked: Asked) -> None:
        job = asked.body.get("job") if isinstance(asked.body, dict) else None
        if (
            isinstance(job, dict)
            and isinstance(told := job.get("ttlAfterFinish"), str)
            and told[:-1].isdigit()
            and told.endswith("d")
        ):
            job["ttlAfterFinish"] = f"{int(told[:-1]) * hours}h"

    return requests(API, "submit", edit)


def mortal(*states: str) -> Any:
    """Only jobs that end in these states have a time to live."""

    def make(original: Any) -> Any:
        def end(self: Any, job: Any, stage: Any, event: str) -> None:
            ttl = job.request.ttl
            if stage.name not in states:
                job.request.ttl = None
            original(self, job, stage, event)
            job.request.ttl = ttl

        return end

    return patched(f"{SCHEDULER}.end", make)


def _spans(change: Any) -> Apply:
    return patched(f"{ADAPTER}.reading:span", lambda original: lambda text: change(text, original(text)))


def _minutes_are_seconds(text: str, seconds: int) -> int:
    return seconds // 60 if text.endswith("m") else seconds


def _hours_are_minutes(text: str, seconds: int) -> int:
    return seconds // 60 if text.endswith("h") else seconds


def _hidden_when_old(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply = original(call)
        world = call.world
        old = {
            job.payload.id
            for job in world.jobs("runai").values()
            if job.request.ttl is not None and world.now_us - job.created > job.request.ttl * 1_000_000
        }
        reply.body["data"] = [one for one in reply.body["data"] if one["id"] not in old]
        return reply

    return list_jobs


def _expired_names_stay(asked: Asked, told: Told) -> None:
    names = asked.memory.setdefault("names", set())
    if told.status < 300 and "ttlAfterFinish" in of(asked):
        if told.body["name"] in names:
            told.status, told.body = 409, {**ERROR, "status": 409}
        names.add(of(asked).get("name"))


def _preparation_counts(original: Any) -> Any:
    """The limit counts from when the node was given."""

    def arm(self: Any, job: Any, limit: str, span: float | None, **others: Any) -> None:
        if limit == "run" and span is not None:
            given = next((instant for instant, _, event, _ in job.steps() if event == "allocated"), self.clock.now)
            span = max(0.0, span - (self.clock.now - given) / 1e6)
        original(self, job, limit, span, **others)

    return arm


def _young_ones_go(original: Any) -> Any:
    def list_jobs(call: Any) -> Any:
        reply, world = original(call), call.world
        old = {
            one.payload.id
            for one in world.jobs("runai").values()
            if one.request.ttl == 5 and not one.is_terminal and world.now_us - one.created > 30_000_000
        }
        reply.body["data"] = [one for one in reply.body["data"] if one["id"] not in old]
        return reply

    return list_jobs


FAULTS = [
    fault(
        "no-time-to-live",
        "RAI-TMO-001",
        "0s counts as no time to live",
        submits(lambda job: job.pop("ttlAfterFinish") if job.get("ttlAfterFinish") == "0s" else None),
    ),
    fault(
        "ttl-two-more",
        "RAI-TMO-001",
        "jobs stay two seconds longer",
        _spans(lambda text, seconds: seconds + 2),
        "RAI-TMO-002",
        "RAI-TMO-003",
    ),
    fault(
        "ttl-two-less",
        "RAI-TMO-001",
        "jobs leave two seconds earlier",
        _spans(lambda text, seconds: max(0, seconds - 2)),
        "RAI-TMO-002",
        "RAI-TMO-003",
    ),
    fault("ttl-ignored", "RAI-TMO-001", "jobs never leave", make(ttl=None), "RAI-TMO-002"),
    fault(
        "half-minutes-longer",
        "RAI-TMO-001",
        "half a minute is two seconds longer",
        _spans(lambda text, seconds: seconds + 2 * (text == "30s")),
        "RAI-TMO-002",
    ),
    fault(
        "ttl-good-only",
        "RAI-TMO-002",
        "failed jobs never leave",
        simulates(lambda request, wanted: setattr(request, "ttl", None) if "exit" in request.command else None),
    ),
    fault(
        "seconds-of-a-minute",
        "RAI-TMO-003",
        "of seconds beyond 59 minutes are lost",
        _spans(
            lambda text, seconds: seconds % 60 if text[-1] == "s" and text[:-1].isdigit() and seconds > 60 else seconds
        ),
    ),
    fault("ttl-minutes", "RAI-TMO-003", "minutes are seconds", _spans(_minutes_are_seconds)),
    fault("ttl-hours", "RAI-TMO-003", "hours are minutes", _spans(_hours_are_minutes)),
    fault(
        "waiting-as-queued",
        "RAI-TMO-004",
        "a waiting job is told as Queued",
        said("status", {"Pending": "Queued"}),
        "RAI-CRT-016",
    ),
    fault(
        "ttl-from-creation",
        "RAI-TMO-004",
        "a time to live begins with the creation",
        patched(f"{ADAPTER}:runai_list_jobs", _hidden_when_old),
    ),
    fault(
        "five-seconds-from-creation",
        "RAI-TMO-004",
        "a time to live hides what has not ended",
        patched(f"{ADAPTER}:runai_list_jobs", _young_ones_go),
    ),
    fault(
        "ttl-keeps-names",
        "RAI-TMO-005",
        "names of jobs that left stay taken",
        answers("runai", "submit", _expired_names_stay),
    ),
    fault(
        "preemptible-unlimited",
        "RAI-TMO-007",
        "preemptible workbenches have no limit",
        demanded(_no_limit_if_preemptible),
        "RAI-TMO-011",
    ),
    fault(
        "limit-longer",
        "RAI-TMO-007",
        "workbenches run a percent longer than their limit",
        make(limits=lambda request, wanted: Limits(run=request.limits.run * 1.01) if request.limits.run else NO_LIMITS),
    ),
    fault("limit-ignored", "RAI-TMO-007", "workbenches have no limit", make(limits=NO_LIMITS)),
    fault(
        "limit-fails",
        "RAI-TMO-007",
        "a workbench at its limit is told as Failed",
        said("status", {"TimedOut": "Failed"}),
    ),
    fault(
        "limit-for-all",
        "RAI-TMO-008",
        "training jobs are ended at the limit",
        simulates(lambda request, wanted: setattr(request, "limits", Limits(run=600))),
    ),
    fault(
        "limit-for-training",
        "RAI-TMO-008",
        "training jobs with a GPU are ended at the limit",
        simulates(
            lambda request, wanted: (
                setattr(request, "limits", Limits(run=600)) if not request.endless and wanted.get("gpu") else None
            )
        ),
    ),
    fault(
        "limit-from-creation",
        "RAI-TMO-009",
        "the limit of workbenches counts from creation",
        patched(f"{SCHEDULER}.arm", _lead_course),
    ),
    fault("days-of-ten-hours", "RAI-TMO-010", "a day has ten hours", days(10), "RAI-TMO-006"),
    fault(
        "timed-out-stays",
        "RAI-TMO-011",
        "only jobs that ended by themselves have a time to live",
        mortal("Succeeded", "Failed"),
    ),
    fault(
        "taken-back-stays",
        "RAI-TMO-011",
        "workbenches that were taken back stay listed",
        mortal("Succeeded", "Failed", "TimedOut"),
    ),
    fault(
        "preparation-counts",
        "RAI-TMO-012",
        "the limit of workbenches counts their preparation",
        patched(f"{SCHEDULER}.arm", _preparation_counts),
    ),
]
