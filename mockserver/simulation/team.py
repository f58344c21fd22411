"""Jobs whose work is done by a team: members that take capacity each, and the job they work for, which follows how they fare.

A job whose course has a state of phase `working` gathers its team on entering it; the last member's success, or a failure that is not
borne, takes it on from there. A job of any other course that asks for a team never holds anything itself: it is led through its states
by its members, from the first that is given nodes to the last that is done. Members are jobs of no API, so nothing lists them; they
keep the rank of the job they work for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

from msgspec import structs

from mockserver.simulation.clock import micros
from mockserver.simulation.course import Course, Stage
from mockserver.simulation.elastic import shape_of
from mockserver.simulation.events import RELEASE
from mockserver.simulation.job import Job, JobRequest, Limits, Outcome, Team
from specs.lifecycle import Event, Lifecycle, Phase, State, Transition

if TYPE_CHECKING:
    from mockserver.simulation.scheduler import Scheduler

Entry = Callable[[Job, Stage, str], None]
MEMBER = "member"
TASK = "/task"
"""What follows the name of an API in that of its jobs' members."""

_ACTIVE = ("starting", "running")


ALONE = Team(1, 1)
"""The team of a job that says nothing of one although its course wants it."""


class Crew:
    """The team of one job at work: its members so far, how many of them have not ended (`open`), hold nodes (`active`), are done, have failed for good."""

    __slots__ = ("active", "done", "failed", "members", "open")

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.open = self.active = self.done = self.failed = 0


class Member(Job):
    """One of a team; `parent` is the job it works for. Of one team those of a lower `index` go first."""

    __slots__ = ("index",)

    def __init__(self, request: JobRequest, lead: Job, *, index: int, now: int, stage: Stage) -> None:
        super().__init__(request, serial=lead.serial, now=now, stage=stage, shape=lead.shape, parent=lead)
        self.index = index

    def __lt__(self, other: Job) -> bool:
        if isinstance(other, Member) and other.serial == self.serial:
            return self.index < other.index
        return super().__lt__(other)


def _member_course(phases: tuple[Phase, ...], steps: tuple[tuple[str, str, Event], ...]) -> Course:
    states = {str(phase): State(phase, phase) for phase in phases}
    return Course(Lifecycle("queued", states, tuple(Transition(source, target, event) for source, target, event in steps), {}), entry=MEMBER)


_PHASES: tuple[Phase, ...] = ("queued", "running", "succeeded", "failed", "cancelled")
_AT_WORK: tuple[tuple[str, str, Event], ...] = (
    ("queued", "cancelled", "cancelled"),
    ("running", "succeeded", "succeeded"),
    ("running", "failed", "failed"),
    ("running", "failed", "timed_out"),
    ("running", "queued", "retried"),
    ("running", "queued", "displaced"),
    ("running", "cancelled", "cancelled"),
)
_PREPARING: tuple[tuple[str, str, Event], ...] = (
    ("queued", "starting", "allocated"),
    ("starting", "running", "started"),
    ("starting", "failed", "failed"),
    ("starting", "queued", "retried"),
    ("starting", "queued", "displaced"),
    ("starting", "cancelled", "cancelled"),
)
COURSES = {
    "task": _member_course(_PHASES, (("queued", "running", "allocated"), *_AT_WORK)),
    "pod": _member_course((*_PHASES, "starting"), (*_PREPARING, *_AT_WORK)),
}
"""What members go through: a task runs at once where its job has prepared everything, a pod prepares itself."""


def entries(scheduler: Scheduler) -> dict[str, Entry]:
    """What is done when a stage is entered, for the stages of members and of those they work for."""
    told: dict[str, Callable[[Scheduler, Job, Stage, str], None]] = {
        "working": _gather,
        "led queued": _lead_waits,
        "led starting": _lead_starts,
        "led running": _lead_runs,
        "led succeeded": _lead_ends,
        "led failed": _lead_ends,
        "led cancelled": _lead_ends,
        "member queued": _member_waits,
        "member starting": _member_starts,
        "member running": _member_runs,
        "member succeeded": _member_is_done,
        "member failed": _member_fails,
        "member cancelled": _member_leaves,
    }
    return {entry: partial(function, scheduler) for entry, function in told.items()}


def bears(member: Member) -> bool:
    """Count a failed attempt of `member`; whether its team bears it."""
    lead, team = _lead(member), _team(member)
    lead.failures += 1
    return lead.failures <= team.tolerate


def disband(scheduler: Scheduler, lead: Job) -> None:
    """Take every member that has not ended out of its work, now."""
    if lead.crew is None:
        return
    for member in lead.crew.members:
        if not member.is_over:
            scheduler.enter(member, member.stage.on["cancelled"], "cancelled", Outcome(None, reason="its job is over"))


def _lead(member: Job) -> Job:
    return cast(Job, member.parent)


def _crew(member: Job) -> Crew:
    return cast(Crew, _lead(member).crew)


def _team(member: Job) -> Team:
    return cast(Team, _lead(member).request.team)


# What becomes of the job they work for


def _gather(scheduler: Scheduler, lead: Job, stage: Stage, event: str) -> None:
    lead.crew = Crew()
    lead.request.team = lead.request.team or ALONE
    _recruit(scheduler, lead)


def _recruit(scheduler: Scheduler, lead: Job) -> None:
    """As many members as may work now and have not been called yet."""
    team, crew = cast(Team, lead.request.team), cast(Crew, lead.crew)
    course = COURSES["task" if lead.phase == "working" else "pod"]
    while crew.open < team.parallel and len(crew.members) < team.size:
        member = Member(request_of(lead, len(crew.members)), lead, index=len(crew.members), now=scheduler.clock.now, stage=course.initial)
        member.shape = shape_of(scheduler.cluster, member.request)
        crew.members.append(member)
        crew.open += 1
        scheduler.logged += 1
        scheduler.log.append((member.created, member, member.stage, "submitted"))
        scheduler.entering[member.stage.entry](member, member.stage, "submitted")


def request_of(lead: Job, index: int) -> JobRequest:
    """What a member asks for: what its job does. The first draws as the job itself would, and it alone fails as often as a script says."""
    asked, team = lead.request, cast(Team, lead.request.team)
    script, draw = asked.script, asked.draw or asked.key
    if index and script is not None and script.fail_attempts is not None:
        script = replace(script, fail_attempts=None, exit_code=None)
    return structs.replace(
        asked,
        api=asked.api + TASK,
        key=f"{asked.key}/{index}",
        limits=Limits(run=team.run),
        draw=f"{draw}/{index}" if index else draw,
        script=script,
        ttl=None,
        callback=None,
        parent=None,
        team=None,
        payload=None,
    )


def _lead_waits(scheduler: Scheduler, lead: Job, stage: Stage, event: str) -> None:
    scheduler.arm(lead, "assign", lead.request.limits.assign)
    if lead.crew is None:
        _gather(scheduler, lead, stage, event)
    for member in lead.crew.members if lead.crew is not None else ():
        if member.stage.holds:
            scheduler.enter(member, member.stage.on["displaced"], "displaced", lead.history[-1])


def _lead_starts(scheduler: Scheduler, lead: Job, stage: Stage, event: str) -> None:
    scheduler.arm(lead, "start", lead.request.limits.start)


def _lead_runs(scheduler: Scheduler, lead: Job, stage: Stage, event: str) -> None:
    scheduler.arm(lead, "run", lead.request.limits.run)


def _lead_ends(scheduler: Scheduler, lead: Job, stage: Stage, event: str) -> None:
    disband(scheduler, lead)
    scheduler.end(lead, stage, event)


# What becomes of a member


def _member_waits(scheduler: Scheduler, member: Job, stage: Stage, event: str) -> None:
    request, lead, now = member.request, _lead(member), scheduler.clock.now
    if request.script is None or not request.script.stay_queued:
        at = now + request.backoff.micros(lead.failures) if event == "retried" else now
        at = max(at, micros(request.not_before))
        if at > now:
            scheduler.events.add(at, RELEASE, member, generation=member.generation)
        else:
            scheduler.allotment.wait(member)
    if event != "submitted":
        crew = _crew(member)
        crew.active -= 1
        if not crew.active and lead.phase in _ACTIVE and event in lead.stage.on:
            scheduler.enter(lead, lead.stage.on[event], event, member.history[-1])


def _member_starts(scheduler: Scheduler, member: Job, stage: Stage, event: str) -> None:
    _lead_is_given(scheduler, member)
    scheduler.prepare(member, stage, event)


def _member_runs(scheduler: Scheduler, member: Job, stage: Stage, event: str) -> None:
    if event == "allocated":
        _lead_is_given(scheduler, member)
    lead = _lead(member)
    if lead.phase == "starting":
        scheduler.enter(lead, lead.stage.on["started"], "started")
    scheduler.begin_run(member, stage, event)


def _lead_is_given(scheduler: Scheduler, member: Job) -> None:
    lead = _lead(member)
    _crew(member).active += 1
    if lead.phase == "queued":
        scheduler.enter(lead, lead.stage.on["allocated"], "allocated", member.history[-1])


def _member_is_done(scheduler: Scheduler, member: Job, stage: Stage, event: str) -> None:
    lead, crew = _lead(member), _crew(member)
    crew.active, crew.open, crew.done = crew.active - 1, crew.open - 1, crew.done + 1
    if crew.done == _team(member).size:
        done = "parked" if lead.open_children and "parked" in lead.stage.on else "succeeded"
        scheduler.enter(lead, lead.stage.on[done], done, member.history[-1])
    else:
        _recruit(scheduler, lead)


def _member_fails(scheduler: Scheduler, member: Job, stage: Stage, event: str) -> None:
    lead, crew = _lead(member), _crew(member)
    crew.active, crew.open, crew.failed = crew.active - 1, crew.open - 1, crew.failed + 1
    scheduler.enter(lead, lead.stage.on["failed"], "failed", member.history[-1])


def _member_leaves(scheduler: Scheduler, member: Job, stage: Stage, event: str) -> None:
    crew = _crew(member)
    crew.open -= 1
    crew.active -= cast(Stage, member.history[-7]).holds
