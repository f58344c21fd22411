"""Faults of Run:AI's API that come of what is easily forgotten: names that come again, tries that fail, amounts at their edges, waits of days."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import Any

from mockserver.simulation.request import Team
from tests.conformance.faults import Apply, Asked, Told, answers, patched, requests
from tests.conformance.faults.runai import ADAPTER, Job, listed, lists, refuses, simulates, submits, viewed
from tests.conformance.faults.runai_course import SIMULATION, _cheaper, _spans, fault

GONE = {"status": 404, "message": "job not found", "details": "no"}
HOUR_US = 3_600_000_000


def _told_gone(when: Callable[[Any], bool], *, is_kept: bool) -> Apply:
    """A job to be deleted that is so is told as not there; it may be kept for that."""

    def make(original: Any) -> Any:
        def delete(world: Any, project: str, name: str) -> Any:
            job = world.jobs("runai", project=project).get(f"{project}/{name}")
            if job is None or not when(job):
                return original(world, project, name)
            if not is_kept:
                original(world, project, name)
            return {"name": name, "ok": False, "error": GONE}

        return delete

    return patched(f"{ADAPTER}.jobs:_delete", make)


def _beginnings_too(original: Any) -> Any:
    def delete(world: Any, project: str, name: str) -> Any:
        reply = original(world, project, name)
        for job in list(world.jobs("runai", project=project).values()):
            if job.payload.name.startswith(f"{name}-"):
                original(world, project, job.payload.name)
        return reply

    return delete


def _leaks_when_tried_again(original: Any) -> Any:
    def give_back(self: Any, job: Any) -> None:
        shape, holding = job.shape, job.holding
        original(self, job)
        if holding and job.failures and job.phase == "queued" and job.request.resources.gpu:
            self.cluster.take(shape, 1 << holding[0][0])

    return give_back


def _still_counts(when: Callable[[Any], bool]) -> Apply:
    """What a project has is not less when a job that is so gives back its nodes."""

    def make(original: Any) -> Any:
        def give_back(self: Any, job: Any) -> None:
            before = self.allocated[job.request.project]
            original(self, job)
            if when(job):
                self.allocated[job.request.project] = before

        return give_back

    return patched(f"{SIMULATION}.placement.fairshare:FairShare.give_back", make)


def _failures_complete(original: Any) -> Any:
    def waits(scheduler: Any, member: Any, stage: Any, event: str) -> None:
        original(scheduler, member, stage, event)
        if event == "retried":
            member.parent.crew.done += 1

    return waits


def _ten_at_most(original: Any) -> Any:
    def team(wanted: Job) -> Any:
        found = original(wanted)
        return None if found is None else Team(min(found.size, 10), found.parallel, tolerate=found.tolerate)

    return team


def _last_first(*, of_workbenches: bool) -> Apply:
    def push(self: Any, job: Any) -> None:
        serial = -job.serial if bool(job.request.priority) is of_workbenches else job.serial
        insort(self.lines.setdefault(job.request.project, []), (-job.request.priority, serial, job, job.generation))

    return patched(f"{SIMULATION}.placement.fairshare:Waiting.push", lambda original: push)


def _stays(request: Any, wanted: Job) -> None:
    if wanted.get("preemptible") is False:
        request.preemptible = False


def _later(when: Callable[[Any], bool], hours: float, **members: Any) -> Apply:
    """A job that is so is told otherwise so many hours after its last change."""

    def change(told: Job, world: Any, job: Any) -> None:
        if when(job) and world.now_us - job.changed > hours * HOUR_US:
            told.update(members)

    return viewed(change)


def _of_the_namesake(member: str) -> Apply:
    """A member of a job is what it was of the first of its name."""

    def revise(asked: Asked, told: Told) -> None:
        for job in told.body["data"] if told.status < 300 else ():
            job[member] = asked.memory.setdefault((job["project"], job["name"]), job[member])

    return answers("runai", "list", revise)


def _of_the_try(told: Job, world: Any, job: Any) -> None:
    if job.failures and not job.is_terminal:
        told["id"] = told["id"][:-1] + str(job.failures % 10)


def _replaced(original: Any) -> Any:
    def submit(call: Any) -> Any:
        wanted, world = call.body["job"], call.world
        job = world.jobs("runai", project=wanted["project"]).get(f"{wanted['project']}/{wanted.get('name')}")
        if job is not None and job.phase == "failed":
            world.delete(job)
        return original(call)

    return submit


def _token(change: Callable[[str], str]) -> Apply:
    """Tokens are read otherwise."""

    def edit(asked: Asked) -> None:
        if "authorization" in asked.headers:
            asked.headers["authorization"] = change(asked.headers["authorization"])

    return requests("runai", "*", edit)


def _asked_for(asked: Asked) -> str:
    return dict(asked.query).get("project", "")


RIGHT = "Bearer mock-token"
WAITS, RUNS, FAILED = (lambda job, phase=phase: job.phase == phase for phase in ("queued", "running", "failed"))
FAULTS = [
    fault("pause-not-deleted", "RAI-LST-008", "a job between two tries cannot be deleted", _told_gone(lambda job: job.failures and WAITS(job), is_kept=True)),
    fault("failed-told-missing", "RAI-LST-011", "a failed job that is deleted is told as not there", _told_gone(FAILED, is_kept=False)),
    fault("beginnings-deleted", "RAI-LST-009", "a deletion takes jobs whose name only begins so", patched(f"{ADAPTER}.jobs:_delete", _beginnings_too)),
    fault("leak-when-tried-again", "RAI-RTY-007", "a try that failed leaves its GPU taken", patched(f"{SIMULATION}.placement.placement_pass:Allotment.give_back", _leaks_when_tried_again)),
    fault("ended-still-count", "RAI-PRI-022", "an ended job still counts against the quota", _still_counts(lambda job: job.phase in ("succeeded", "failed"))),
    fault("taken-back-still-count", "RAI-PRI-022", "a job that was taken back still counts against the quota", _still_counts(lambda job: WAITS(job) and not job.failures)),
    fault("failed-runs-complete", "RAI-STM-015", "a failed run counts as a completion", patched(f"{SIMULATION}.team:_member_waits", _failures_complete)),
    fault("ten-runs-at-most", "RAI-STM-010", "no more than ten runs are made", patched(f"{ADAPTER}.reading:_team", _ten_at_most)),
    fault("no-time-to-live", "RAI-TMO-001", "0s counts as no time to live", submits(lambda job: job.pop("ttlAfterFinish") if job.get("ttlAfterFinish") == "0s" else None)),
    fault("seconds-of-a-minute", "RAI-TMO-003", "of seconds beyond 59 minutes are lost", _spans(lambda text, seconds: seconds % 60 if text[-1] == "s" and text[:-1].isdigit() and seconds > 60 else seconds)),
    fault("training-for-a-day", "RAI-STM-011", "training is told as Failed after a day", _later(lambda job: RUNS(job) and not job.request.endless, 24, status="Failed", nodes=[], currentAllocatedGPUs=0)),
    fault("waiting-for-an-hour", "RAI-CRT-016", "who waits is told as Failed after an hour", _later(WAITS, 1, status="Failed")),
    fault("unknown-after-a-minute", "JOB-STM-004", "what has ended is told as Unknown after a minute", _later(lambda job: job.is_terminal, 1 / 60, status="Unknown")),
    fault("workbenches-evictable", "RAI-PRI-010", "the youngest job is taken back, whatever it is", patched(f"{SIMULATION}.placement.fairshare:is_evictable", lambda original: lambda job: bool(job.stage.on.keys() & {"displaced", "preempted"}))),
    fault("training-stays", "RAI-PRI-005", "training may say that it is not taken back", simulates(_stays), "RAI-PRI-004"),
    fault("workbenches-last-first", "RAI-PRI-017", "of workbenches that wait the last goes first", _last_first(of_workbenches=True)),
    fault("training-last-first", "RAI-PRI-017", "under quotas the last goes first", _last_first(of_workbenches=False)),
    fault("six-tenths-are-half", "RAI-PRI-012", "six tenths of a GPU count as half", _cheaper(gpu=lambda gpu, wanted: 0.5 if 0.5 < gpu <= 0.6 else gpu), "RAI-RSP-007"),
    fault("types-with-dash", "RAI-PRI-013", "a node type with a dash is not looked at", submits(lambda job: job.pop("nodeType") if str(job.get("nodeType")).count("-") == 1 else None)),
    fault("no-core-is-usual", "RAI-DEF-005", "cpu 0 counts as not said", submits(lambda job: job.pop("cpu") if type(job.get("cpu")) is int and job["cpu"] == 0 else None)),
    *(fault(f"namesake-{member.lower()}", "RAI-IDM-007", f"{member} is that of the deleted job of the name", _of_the_namesake(member)) for member in ("user", "images", "type", "createdAt")),
    fault("user-until-the-end", "RAI-CRT-004", "an ended job has no user", lists(lambda job: job.update(user="") if job["status"] in ("Succeeded", "Failed") else None)),
    fault("id-of-the-try", "RAI-IDM-002", "every try has another id", viewed(_of_the_try)),
    fault("failed-replaced", "RAI-CRT-014", "a failed job gives its name away", patched(f"{ADAPTER}:runai_submit_job", _replaced)),
    fault("signs-in-projects", "RAI-LST-001", "a list of a project with a dot is empty", listed(lambda data, asked: [] if "." in _asked_for(asked) else data)),
    fault("twenty-of-a-project", "RAI-LST-006", "a list of a project ends after twenty", listed(lambda data, asked: data[:20] if _asked_for(asked) else data)),
    fault("thirds-refused", "RAI-REQ-014", "a part of a GPU with many digits is refused", refuses(lambda job: isinstance(job.get("gpu"), float) and len(repr(job["gpu"])) > 6)),
    fault("longer-tokens", "RAI-AUT-006", "what begins with the token is as good", _token(lambda told: RIGHT if told.startswith(RIGHT) else told)),
    fault("shorter-tokens", "RAI-AUT-006", "what the token begins with is as good", _token(lambda told: RIGHT if len(told) > 7 and RIGHT.startswith(told) else told)),
    fault("any-scheme", "RAI-AUT-006", "the token will do under any scheme", _token(lambda told: RIGHT if told.partition(" ")[2] == "mock-token" else told)),
]  # fmt: skip
