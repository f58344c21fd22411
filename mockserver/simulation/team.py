"""Jobs whose work is done by a team: members that take capacity each, and the job they work for, which follows how they
fare.

A job whose lifecycle has a state of phase `working` gathers its team on entering it; the last member's success, or a
failure that is not borne, takes it on from there. A job of any other lifecycle that asks for a team never holds
anything itself: it is led through its states by its members, from the first that is given nodes to the last that is
done. Members are jobs of no API, so nothing lists them; they keep the rank of the job they work for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol, cast

from msgspec import structs

from mockserver.simulation.clock import Clock, micros
from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.events import RELEASE, Agenda
from mockserver.simulation.job import Crew, Job, Member
from mockserver.simulation.lifecycle import CompiledLifecycle, Stage
from mockserver.simulation.placement.elastic import shape_of
from mockserver.simulation.request import ALONE, TASK, JobRequest, Limits, Outcome, Team
from specs.lifecycle import Event, Lifecycle, Phase, State, Transition

Entry = Callable[[Job, Stage, str], None]
MEMBER = "member"


class Placement(Protocol):
    """Where members wait for capacity."""

    def wait(self, job: Job) -> None:
        """Let `job` wait for capacity."""


class Engine(Protocol):
    """What a team asks of the scheduler."""

    clock: Clock
    cluster: Cluster
    agenda: Agenda
    log: deque[tuple[int, Job, Stage, str]]
    logged: int
    entering: dict[str, Entry]

    @property
    def placement(self) -> Placement:
        """Where members wait for capacity."""

    def enter(self, job: Job, stage: Stage, event: str, detail: object = None) -> None:
        """Let `event` bring the job to `stage` now."""

    def arm(self, job: Job, limit: str, span: float | None) -> None:
        """Let `limit` pass after so many seconds."""

    def prepare(self, job: Job, stage: Stage, event: str) -> None:
        """Let what a job needs before its run take its time."""

    def begin_run(self, job: Job, stage: Stage, event: str) -> None:
        """Let the job's run take its time."""

    def end(self, job: Job, stage: Stage, event: str) -> None:
        """Let follow what follows a job's end."""


_ACTIVE = ("starting", "running")


def _member_lifecycle(phases: tuple[Phase, ...], steps: tuple[tuple[str, str, Event], ...]) -> CompiledLifecycle:
    states = {str(phase): State(phase, phase) for phase in phases}
    return CompiledLifecycle(
        Lifecycle("queued", states, tuple(Transition(source, target, event) for source, target, event in steps), {}),
        entry=MEMBER,
    )


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
MEMBER_LIFECYCLES = {
    "task": _member_lifecycle(_PHASES, (("queued", "running", "allocated"), *_AT_WORK)),
    "pod": _member_lifecycle((*_PHASES, "starting"), (*_PREPARING, *_AT_WORK)),
}
"""What members go through: a task runs at once where its job has prepared everything, a pod prepares itself."""


def entries(engine: Engine) -> dict[str, Entry]:
    """What is done when a stage is entered, for the stages of members and of those they work for."""
    told: dict[str, Callable[[Engine, Job, Stage, str], None]] = {
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
    return {entry: partial(function, engine) for entry, function in told.items()}


def bears(member: Member) -> bool:
    """Count a failed attempt of `member`; whether its team bears it."""
    lead, team = _lead(member), _team(member)
    lead.failures += 1
    return lead.failures <= team.tolerate


def disband(engine: Engine, lead: Job) -> None:
    """Take every member that has not ended out of its work, now."""
    if lead.crew is None:
        return
    for member in lead.crew.members:
        if not member.is_over:
            engine.enter(member, member.stage.on["cancelled"], "cancelled", Outcome(None, reason="its job is over"))


def _lead(member: Job) -> Job:
    return cast(Job, member.parent)


def _crew(member: Job) -> Crew:
    return cast(Crew, _lead(member).crew)


def _team(member: Job) -> Team:
    return cast(Team, _lead(member).request.team)


# What becomes of the job they work for


def _gather(engine: Engine, lead: Job, stage: Stage, event: str) -> None:
    lead.crew = Crew()
    lead.request.team = lead.request.team or ALONE
    _recruit(engine, lead)


def _recruit(engine: Engine, lead: Job) -> None:
    """As many members as may work now and have not been called yet."""
    team, crew = cast(Team, lead.request.team), cast(Crew, lead.crew)
    lifecycle = MEMBER_LIFECYCLES["task" if lead.phase == "working" else "pod"]
    while crew.open < team.parallel and len(crew.members) < team.size:
        member = Member(
            request_of(lead, len(crew.members)),
            lead,
            index=len(crew.members),
            now=engine.clock.now,
            stage=lifecycle.initial,
        )
        member.shape = shape_of(engine.cluster, member.request)
        crew.members.append(member)
        crew.open += 1
        engine.logged += 1
        engine.log.append((member.created, member, member.stage, "submitted"))
        engine.entering[member.stage.entry](member, member.stage, "submitted")


def request_of(lead: Job, index: int) -> JobRequest:
    """What a member asks for: what its job does. The first draws as the job itself would, and it alone fails as often
    as a script says.
    """
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


def _lead_waits(engine: Engine, lead: Job, stage: Stage, event: str) -> None:
    engine.arm(lead, "assign", lead.request.limits.assign)
    if lead.crew is None:
        _gather(engine, lead, stage, event)
    for member in lead.crew.members if lead.crew is not None else ():
        if member.stage.holds:
            engine.enter(member, member.stage.on["displaced"], "displaced", lead.last_detail)


def _lead_starts(engine: Engine, lead: Job, stage: Stage, event: str) -> None:
    engine.arm(lead, "start", lead.request.limits.start)


def _lead_runs(engine: Engine, lead: Job, stage: Stage, event: str) -> None:
    engine.arm(lead, "run", lead.request.limits.run)


def _lead_ends(engine: Engine, lead: Job, stage: Stage, event: str) -> None:
    disband(engine, lead)
    engine.end(lead, stage, event)


# What becomes of a member


def _member_waits(engine: Engine, member: Job, stage: Stage, event: str) -> None:
    request, lead, now = member.request, _lead(member), engine.clock.now
    if request.script is None or not request.script.stay_queued:
        at = now + request.backoff.micros(lead.failures) if event == "retried" else now
        at = max(at, micros(request.not_before))
        if at > now:
            engine.agenda.add(at, RELEASE, member, generation=member.generation)
        else:
            engine.placement.wait(member)
    if event != "submitted":
        crew = _crew(member)
        crew.active -= 1
        if not crew.active and lead.phase in _ACTIVE and event in lead.stage.on:
            engine.enter(lead, lead.stage.on[event], event, member.last_detail)


def _member_starts(engine: Engine, member: Job, stage: Stage, event: str) -> None:
    _lead_is_given(engine, member)
    engine.prepare(member, stage, event)


def _member_runs(engine: Engine, member: Job, stage: Stage, event: str) -> None:
    if event == "allocated":
        _lead_is_given(engine, member)
    lead = _lead(member)
    if lead.phase == "starting":
        engine.enter(lead, lead.stage.on["started"], "started")
    engine.begin_run(member, stage, event)


def _lead_is_given(engine: Engine, member: Job) -> None:
    lead = _lead(member)
    _crew(member).active += 1
    if lead.phase == "queued":
        engine.enter(lead, lead.stage.on["allocated"], "allocated", member.last_detail)


def _member_is_done(engine: Engine, member: Job, stage: Stage, event: str) -> None:
    lead, crew = _lead(member), _crew(member)
    crew.active, crew.open, crew.done = crew.active - 1, crew.open - 1, crew.done + 1
    if crew.done == _team(member).size:
        done = "parked" if lead.open_children and "parked" in lead.stage.on else "succeeded"
        engine.enter(lead, lead.stage.on[done], done, member.last_detail)
    else:
        _recruit(engine, lead)


def _member_fails(engine: Engine, member: Job, stage: Stage, event: str) -> None:
    lead, crew = _lead(member), _crew(member)
    crew.active, crew.open, crew.failed = crew.active - 1, crew.open - 1, crew.failed + 1
    engine.enter(lead, lead.stage.on["failed"], "failed", member.last_detail)


def _member_leaves(engine: Engine, member: Job, stage: Stage, event: str) -> None:
    crew = _crew(member)
    crew.open -= 1
    crew.active -= cast(Stage, member.previous_stage).holds
