"""On which nodes openYuanrong runs a job."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.families.capacity import as_many_run_as_fit
from conformance.checks.families.queue import first_come_first_served
from conformance.checks.openyuanrong.steps import (
    PATIENCE,
    POOL,
    ROOM,
    TAKEN,
    answered,
    in_state,
    long_running,
    node,
    submit_named,
    submit_one,
)
from conformance.session.cluster import change_node, staged
from conformance.session.expect import accepted, expect, need_success, refused
from conformance.session.phases import expect_not, expect_phase, need_phase
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown

HALF: Json = {"entrypoint_num_cpus": 2}
TOO_MUCH: Json = {"entrypoint_num_cpus": 5}
GIVEN_UP = 25
"""Seconds after which a job that waits for eighteen has given up."""
PLACED = "running succeeded"


def _placed(session: Session, what: str, patch: Json = None) -> JobRef:
    job = submit_one(session, "long", patch or ROOM)
    is_placed = any(session.phase(job) in PLACED.split() for _ in session.ticks(PATIENCE, 1))
    expect(is_placed, f"a job does not run {what}")
    return job


def _of(session: Session, job: JobRef) -> str:
    """The node that a job was placed on."""
    return str(get(session.view(job), "/driver_node_id"))


def _accepted(session: Session, patch: Json, pools: str, what: str) -> JobRef:
    """A job whose submission, with these labels in its header, has to be accepted."""
    body = session.body("long", {**patch, "metadata": {"judge": session.unique("m")}})
    return session.job_of(accepted(session.post(body, headers={POOL: pools}), what))


def _is_on(session: Session, job: JobRef, wanted: str, what: str) -> None:
    where = _of(session, job)
    expect(where.startswith(wanted), f"{what} is on {shown(where)}, expected {shown(wanted)}")


@check("OYR-PRI-001")
def earlier_labels_are_preferred(session: Session) -> None:
    """Whichever stands first, and the second where the first has no room."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-b": "true"}))
    third = "a submission of which a node carries the third label"
    _accepted(session, {"entrypoint_num_cpus": 0.5}, "zz-a,zz-b,zone-b", third)
    for pools, wanted in (("zone-a,zone-b", "one"), ("zone-b, zone-a", "two")):
        job = long_running(session, ROOM, pools=pools)
        _is_on(session, job, wanted, f"a job with the labels {shown(pools)}")
        session.cancel(job)
    need_phase(session, long_running(session, ROOM, pools="zone-a"), "running")
    _is_on(session, long_running(session, ROOM, pools="zone-a,zone-b"), "two", "a job whose first label has no room")


@check("OYR-PRI-002")
def a_label_is_a_demand(session: Session) -> None:
    """A node without it is not taken though it is free; as a wish it may be."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-ab": "true"}))
    long_running(session, HALF, pools="zone-a")
    what = "labels with white space around them"
    session.until(_accepted(session, HALF, " zone-a ,  zone-z ", what), "running", within=PATIENCE)
    job = long_running(session, HALF, pools="zone-a")
    expect_not(session, job, PLACED, "where no node with its label has room a job")
    wish = long_running(session, HALF, pools="zone-a,unUseAntiOtherLabels")
    expect_phase(session, wish, PLACED, "though a node is free a job whose label is a wish")


@check("OYR-PRI-003")
def labels_may_come_in_the_body(session: Session) -> None:
    """By themselves; the header counts more."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-b": "true"}))
    for pools, wanted in (("", "two"), ("zone-a", "one")):
        job = long_running(session, {"labels": "zone-b"}, pools=pools)
        _is_on(session, job, wanted, f"a job with the member labels zone-b and the header {shown(pools)}")


@check("OYR-PRI-004")
def of_equal_jobs_the_first_runs_first(session: Session) -> None:
    """Three of them wait for one place."""
    staged(session, node("only"))
    short = {"entrypoint": "sleep 5", **ROOM}
    long_running(session, short)
    waiting = [session.submit("quick", short) for _ in range(3)]
    first_come_first_served(session, waiting, within=20, step=1, placed=PLACED.split())


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
    other = submit_one(session, "long", ROOM)
    session.advance(5)
    expect_not(session, other, PLACED, "on a node that gave its room away a job")


@check("OYR-STM-012", "cores that are taken are not given again", 1, {"entrypoint_num_cpus": 2.5})
@check("OYR-STM-012", "memory that is taken is not given again", 1, {"entrypoint_memory": 3 << 30})
@check("OYR-STM-012", "a resource that is taken is not given again", 1, {"entrypoint_resources": {"NPU": 2}})
@check("OYR-STM-012", "parts of cores count", 3, {"entrypoint_num_cpus": 1.3})
@check("OYR-STM-012", "mebibytes count", 3, {"entrypoint_memory": 1300 << 20})
@check("OYR-STM-012", "parts of a resource count", 2, {"entrypoint_resources": {"NPU": 1.5}})
def what_does_not_fit_together_waits(session: Session, fits: int, wish: Json) -> None:
    """On one node of four cores, four gibibytes and three of a resource."""
    staged(session, node("only", custom={"NPU": 3}))
    as_many_run_as_fit(session, lambda: submit_one(session, "long", wish), fits, shown(wish))


@check("OYR-STM-013")
def what_an_ended_job_held_is_free(session: Session) -> None:
    """One that was stopped, one that succeeded, one that failed."""
    for shape in ("long", "quick", "fails"):
        staged(session, node("only"))
        first = submit_one(session, shape, ROOM)
        if shape == "long":
            session.until(first, "running")
            answered(session.cancel(first), "stopping a running job", True)
        session.until(first)
        _placed(session, "though what it needs is free again")


@check("OYR-STM-014")
def a_job_that_loses_its_node_has_failed(session: Session) -> None:
    """It does not run elsewhere, though there is room."""
    staged(session, node("one"), node("two"))
    job = in_state(session, "long", "running")
    change_node(session, _of(session, job), "fail")
    session.advance(5)
    expect_phase(session, job, "failed", "a job that lost its node")


@check("OYR-STM-018")
def a_refusal_takes_no_room(session: Session) -> None:
    """For its id, for its amounts; three cores of four each time."""
    staged(session, node("only"))
    first = submit_named(session, session.unique("app-cf"), "long")
    session.until(first, "running")
    twice, too_much = session.body("long", {"submission_id": first.id, **ROOM}), session.body("long", TOO_MUCH)
    refused(session.post(twice), "a second submission of an id", TAKEN)
    statuses = (400, 409, 422, 429, 500, 503)
    refused(session.post(too_much, patient=False), "a submission that no node can run", statuses)
    _placed(session, "though only a refused one asked for room before")


@check("OYR-STM-018")
def who_gave_up_takes_no_room(session: Session) -> None:
    """It waited for the room that the first one had."""
    staged(session, node("only"))
    first = _placed(session, "on an empty node")
    second = submit_one(session, "long", ROOM)
    session.advance(GIVEN_UP)
    if session.phase(second) != "failed":
        return
    need_success(session.cancel(first), "stopping a running job")
    session.until(first)
    _placed(session, "though the one before it gave up waiting")


@check("OYR-STM-019")
def a_node_can_be_filled(session: Session) -> None:
    """By its cores, by its memory, by both."""
    cores, memory = {"entrypoint_num_cpus": 4}, {"entrypoint_memory": 4 << 30}
    for wish in (cores, memory, {**cores, **memory}):
        staged(session, node("only"))
        body = session.body(patch={**wish, "metadata": {"judge": session.unique("m")}})
        accepted(session.post(body), f"a submission that asks for {shown(wish)} of four")
        session.advance(30)
        _placed(session, f"though it asks for no more than the empty node has, {shown(wish)}", wish)
