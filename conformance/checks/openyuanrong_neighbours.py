"""Checks of openYuanrong's jobs beside others: ids that begin alike, what a neighbour said, room that a neighbour gave back or never had."""

from __future__ import annotations

import json

from conformance.checks import check
from conformance.checks.openyuanrong_ids import TAKEN
from conformance.checks.openyuanrong_jobs import NEAR, in_state, said, told_instant
from conformance.checks.openyuanrong_placement import PATIENCE, PLACED, given, node
from conformance.checks.openyuanrong_rich import without_room
from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.cluster import staged
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get

RICH: Json = {"metadata": {"team": "vision"}, "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy"]}}
ROOM: Json = {"entrypoint_num_cpus": 3}
GIVEN_UP = 25
"""Seconds after which a job that waits for eighteen has given up."""


def _named(session: Session, id_: str, shape: str = "quick") -> JobRef:
    return session.job_of(accepted(session.post(session.body(shape, {"submission_id": id_})), f"a submission with the id {id_!r}"))


@check("OYR-IDM-022")
def ids_that_begin_alike_are_two(session: Session) -> None:
    """Stopped, then deleted: the one with the shorter id."""
    stem = session.unique("app-cf")
    short, longer = (_named(session, f"{stem}{tail}", "long") for tail in ("", "-b"))
    ended = _named(session, f"{stem}0")
    for job in (short, longer):
        session.until(job, "running")
    session.until(ended)
    before = [session.view(longer), session.view(ended)]
    for name in ("cancel", "delete"):
        answer = said(session.on(name, short), f"the call to {name} the job", True)
        session.until(short) if name == "cancel" else session.advance(2)
        for job, view in zip((longer, ended), before, strict=True):
            same(view, session.view(job), f"the job {job.id} after the call to {name} {short.id}", answer, session.exchanges[-1])


@check("OYR-IDM-023")
def an_encoded_id_is_the_same(session: Session) -> None:
    """Its first hyphen."""
    job = session.submit()
    path = session.directory.path(session.role("read").operation, {"submissionId": job.id})
    exchange = accepted(session.send("GET", path.replace("app-", "app%2D")), "reading a job by its id with an encoded hyphen")
    same(job.id, get(exchange.response.json, "/submission_id"), "the job that was read", exchange)


@check("OYR-IDM-006")
def odd_ids_are_taken(session: Session) -> None:
    """Short ones, digits, hyphens; these are no names for a world that others use too."""
    for id_ in ("7", "2026", "a", "-", "-a", "app-", "app-0", "stop", "app-jobs") if session.target.has_virtual_time else (f"-{session.unique('cf')}",):
        job = _named(session, id_)
        expect(job.id in (id_, f"app-{id_}"), f"a job that brought the id {id_!r} has the id {job.id!r}", job.created)
        accepted(session.read(job), f"reading the job {job.id!r}")


@check("OYR-RSP-004")
def the_driver_of_a_named_job_has_its_id(session: Session) -> None:
    """With its prefix and without."""
    for id_ in (session.unique("app-cf"), session.unique("cf")):
        job = _named(session, id_)
        same(job.id, get(session.view(job), "/driver_info/id"), "the driver's id", job.created, session.exchanges[-1])


@check("OYR-DEF-001")
def metadata_are_not_inherited(session: Session) -> None:
    """From the job before, read and listed."""
    session.submit(patch=RICH)
    job = session.submit()
    listed = next((item for item in session.items() if get(item, "/submission_id") == job.id), MISSING)
    for view in (session.view(job), listed):
        told = get(view, "/metadata")
        expect(told in (MISSING, None, {}), f"the metadata of a job without any, after one with some, is {told!r}", *session.exchanges[-2:])


@check("OYR-DEF-002")
def an_environment_is_not_inherited(session: Session) -> None:
    """From the job before, nor made of empty lists."""
    session.submit(patch=RICH)
    nothing: Json = {"runtime_env": {"env_vars": {}, "pip": []}}
    for patch in (None, nothing):
        view = session.view(session.submit(patch=patch))
        for name in ("pip", "envVars"):
            told = get(view, f"/runtime_env/{name}")
            expect(told in (MISSING, None, "", "{}", "[]"), f"{name} of a job without any, after one with some, is {told!r}", session.exchanges[-1])


@check("OYR-LST-002")
def a_job_that_found_no_room_is_listed(session: Session) -> None:
    """As FAILED, where a job gives up."""
    if (job := without_room(session)) is not None:
        told = {get(item, "/submission_id"): get(item, "/status") for item in session.items()}
        expect(told.get(job.id) == session.state(job), f"a job that found no room is listed as {told.get(job.id)!r}", *session.exchanges[-2:])


def _beside(session: Session, member: str, wrong: Json) -> None:
    all_: Json = {"entrypoint_num_cpus": 1, "entrypoint_memory": 1 << 30, "entrypoint_num_gpus": 0, "entrypoint_resources": {}, **RICH}
    needed(session.post(session.body(patch=all_)).response.is_success, "a submission with every member is refused")
    refused(session.post(session.body(patch={**all_, member: wrong})), f"{wrong!r} at /{member} beside every other member", (400, 422, 500))


@check("OYR-REQ-019")
def too_many_cores_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_num_cpus", 16.5)


@check("OYR-REQ-020")
def too_few_cores_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_num_cpus", 0.2)


@check("OYR-REQ-024")
def too_little_memory_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_memory", 134217727)


@check("OYR-REQ-025")
def too_much_memory_beside_other_members(session: Session) -> None:
    """All of which are right."""
    _beside(session, "entrypoint_memory", (1 << 50) + 1)


@check("OYR-REQ-043")
def half_a_resource_may_be_asked_for(session: Session) -> None:
    """On a node that has four."""
    staged(session, node("only", custom={"NPU": 4}))
    for amount in (0.5, 1.25):
        exchange = session.post(session.body("long", {"entrypoint_resources": {"NPU": amount}, "metadata": {"judge": session.unique("m")}}))
        accepted(exchange, f"a submission that asks for {amount} of a resource")


@check("OYR-TIM-008")
def the_end_of_a_failure_is_when_it_was(session: Session) -> None:
    """Beside a job that succeeded as late."""
    began = session.now or 0.0
    good = in_state(session, "quick", "succeeded")
    session.advance(30)
    bad = in_state(session, "fails", "failed")
    apart, lived = told_instant(session, bad, "end_time") - told_instant(session, good, "end_time"), (session.now or 0.0) - began
    expect(30 - NEAR <= apart <= lived + NEAR, f"a job that failed at most {lived:g} seconds after another had ended tells {apart:g}", *session.exchanges[-2:])


@check("OYR-TIM-013")
def instants_are_told_by_the_clock(session: Session) -> None:
    """As the control API tells it."""
    clock = session.target.ask_control("GET", "/clock", sandbox=session.name)
    now = instant(get(clock.json, "/time")) if clock.is_success else None
    if now is None:
        raise NotApplicable("the control API does not tell the time")
    lies = session.now or 0.0
    told = told_instant(session, in_state(session, "long", "running"), "start_time")
    lived = (session.now or 0.0) - lies
    expect(-5 <= told - now <= lived + 5, f"a job that started within {lived:g} seconds tells that it did {told - now:g} seconds later", session.exchanges[-1])


def _placed(session: Session, what: str, patch: Json = None) -> JobRef:
    job = given(session, "long", patch or ROOM)
    for _ in session.ticks(PATIENCE, 1):
        if session.phase(job) in PLACED:
            return job
    expect(False, f"a job is {session.state(job)} {what}", session.exchanges[-1])
    return job


@check("OYR-STM-018")
def a_refusal_takes_no_room(session: Session) -> None:
    """For its id, for its amounts; three cores of four each time."""
    staged(session, node("only"))
    first = _named(session, session.unique("app-cf"), "long")
    session.until(first, "running")
    refused(session.post(session.body("long", {"submission_id": first.id, **ROOM})), "a second submission of an id", TAKEN)
    refused(session.post(session.body("long", {"entrypoint_num_cpus": 5})), "a submission that no node can run", (400, 409, 422, 429, 500, 503))
    _placed(session, "though only a refused one asked for room before")


@check("OYR-STM-018")
def who_gave_up_takes_no_room(session: Session) -> None:
    """It waited for the room that the first one had."""
    staged(session, node("only"))
    first = _placed(session, "on an empty node")
    second = given(session, "long", ROOM)
    session.advance(GIVEN_UP)
    if session.phase(second) != "failed":
        return
    needed(session.cancel(first).response.is_success, "a running job cannot be stopped")
    session.until(first)
    _placed(session, "though the one before it gave up waiting")


@check("OYR-STM-012")
def nothing_is_given_back_twice(session: Session) -> None:
    """Of a job that is stopped twice and deleted twice."""
    session.need("cancel", "delete")
    staged(session, node("only"))
    first = _placed(session, "on an empty node")
    for name in ("cancel", "cancel", "delete", "delete"):
        session.on(name, first)
        session.advance(2)
    _placed(session, "on an empty node")
    other = given(session, "long", ROOM)
    session.advance(5)
    expect(session.phase(other) not in PLACED, f"a job is {session.state(other)} on a node that gave its room away", session.exchanges[-1])


@check("OYR-STM-019")
def a_node_can_be_filled(session: Session) -> None:
    """By its cores, by its memory, by both."""
    for wish in ({"entrypoint_num_cpus": 4}, {"entrypoint_memory": 4 << 30}, {"entrypoint_num_cpus": 4, "entrypoint_memory": 4 << 30}):
        staged(session, node("only"))
        accepted(session.post(session.body(patch={**wish, "metadata": {"judge": session.unique("m")}})), f"a submission that asks for {wish} of four")
        session.advance(30)
        _placed(session, f"though it asks for no more than the empty node has, {wish}", wish)


def _sleeps(session: Session) -> None:
    command = str(get(session.body(), "/entrypoint"))
    needed(command.startswith("sleep "), "the target file's job is told otherwise than by sleep")


@check("OYR-STM-016")
def a_run_is_as_long_after_waiting(session: Session) -> None:
    """Ten seconds, after eight in which another job had its room."""
    _sleeps(session)
    staged(session, node("only"))
    session.until(given(session, "quick", {"entrypoint": "sleep 8", **ROOM}), "running")
    job = given(session, "quick", {"entrypoint": "sleep 10", **ROOM})
    session.until(job, "running", within=PATIENCE)
    session.advance(8)
    expect(session.phase(job) == "running", f"a job that waited and runs for ten seconds is {session.state(job)} after nine", session.exchanges[-1])


@check("OYR-STM-017")
def commands_that_end_well_have_succeeded(session: Session) -> None:
    """One that takes no time, one that says so."""
    _sleeps(session)
    for command in ("sleep 0", "exit 0"):
        job = session.submit("quick", {"entrypoint": command})
        for _ in session.ticks(120, 1):
            if session.phase(job) not in ("queued", "running"):
                break
        state = session.state(job)
        expect(state == "SUCCEEDED", f"a job whose command is {command!r} is {state}", session.exchanges[-1])


@check("OYR-ERR-005")
def much_may_be_said(session: Session) -> None:
    """In a command, in metadata; the same with less of it is accepted."""
    for patch in ({"entrypoint": "true # {}"}, {"metadata": {"much": "{}"}}):
        text = json.dumps(patch)
        needed(session.post(session.body(patch=json.loads(text.replace("{}", "x")))).response.is_success, "the control submission was refused")
        exchange = session.post(session.body(patch=json.loads(text.replace("{}", "x" * 100_000))))
        expect(exchange.response.status < 500 or exchange.response.status == 503, f"answered {exchange.response.status}", exchange)
