"""On which nodes openYuanrong runs a job."""

from __future__ import annotations

from conformance.checks import check
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
from conformance.session.cluster import staged
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get

GIVEN_UP = 25
"""Seconds after which a job that waits for eighteen has given up."""
PLACED = ("running", "succeeded")


def _placed(session: Session, what: str, patch: Json = None) -> JobRef:
    job = submit_one(session, "long", patch or ROOM)
    for _ in session.ticks(PATIENCE, 1):
        if session.phase(job) in PLACED:
            return job
    expect(False, f"a job is {session.state(job)} {what}")
    return job


def _of(session: Session, job: JobRef) -> str:
    """The class of the node that a job was placed on, as far as its node's name reports."""
    return str(get(session.view(job), "/driver_node_id"))


@check("OYR-PRI-001")
def earlier_labels_are_preferred(session: Session) -> None:
    """Whichever stands first, and the second where the first has no room."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-b": "true"}))
    last = session.post(
        session.body("long", {"entrypoint_num_cpus": 0.5, "metadata": {"judge": session.unique("m")}}),
        headers={POOL: "zz-a,zz-b,zone-b"},
    )
    accepted(last, "a submission of which a node carries the third label")
    for pools, wanted in (("zone-a,zone-b", "one"), ("zone-b, zone-a", "two")):
        job = long_running(session, {"entrypoint_num_cpus": 3}, pools=pools)
        where = _of(session, job)
        expect(where.startswith(wanted), f"a job with the labels {pools!r} is on {where!r}")
        session.cancel(job)
    full = long_running(session, {"entrypoint_num_cpus": 3}, pools="zone-a")
    needed(session.phase(full) == "running", "a job with a label does not run")
    where = _of(session, long_running(session, {"entrypoint_num_cpus": 3}, pools="zone-a,zone-b"))
    expect(where.startswith("two"), f"a job whose first label has no room is on {where!r}")


@check("OYR-PRI-002")
def a_label_is_a_demand(session: Session) -> None:
    """A node without it is not taken though it is free; as a wish it may be."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-ab": "true"}))
    long_running(session, {"entrypoint_num_cpus": 2}, pools="zone-a")
    spaced = session.post(
        session.body("long", {"entrypoint_num_cpus": 2, "metadata": {"judge": session.unique("m")}}),
        headers={POOL: " zone-a ,  zone-z "},
    )
    accepted(spaced, "labels with white space around them")
    session.until(session.job_of(spaced), "running", within=PATIENCE)
    job = long_running(session, {"entrypoint_num_cpus": 2}, pools="zone-a")
    expect(session.phase(job) not in PLACED, f"a job runs on {_of(session, job)!r}, which lacks its label")
    wish = long_running(session, {"entrypoint_num_cpus": 2}, pools="zone-a,unUseAntiOtherLabels")
    expect(session.phase(wish) in PLACED, f"a job whose label is a wish is {session.state(wish)} though a node is free")


@check("OYR-PRI-003")
def labels_may_come_in_the_body(session: Session) -> None:
    """By themselves; the header counts more."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-b": "true"}))
    for pools, wanted in (("", "two"), ("zone-a", "one")):
        job = long_running(session, {"labels": "zone-b"}, pools=pools)
        where = _of(session, job)
        expect(
            where.startswith(wanted), f"a job with the member labels zone-b and the header {pools!r} is on {where!r}"
        )


@check("OYR-PRI-004")
def of_equal_jobs_the_first_runs_first(session: Session) -> None:
    """Three of them wait for one place."""
    staged(session, node("only"))
    long_running(session, {"entrypoint": "sleep 5", "entrypoint_num_cpus": 3})
    waiting = [session.submit("quick", {"entrypoint": "sleep 5", "entrypoint_num_cpus": 3}) for _ in range(3)]
    first_come_first_served(session, waiting, within=20, step=1, placed=PLACED)


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
    expect(session.phase(other) not in PLACED, f"a job is {session.state(other)} on a node that gave its room away")


@check("OYR-STM-012")
def what_is_taken_is_not_given_again(session: Session) -> None:
    """Cores, memory and a further resource, each more than half of what the only node has."""
    for wish in ({"entrypoint_num_cpus": 2.5}, {"entrypoint_memory": 3 << 30}, {"entrypoint_resources": {"NPU": 3}}):
        staged(session, node("only", custom={"NPU": 4}))
        first, second = long_running(session, wish), long_running(session, wish)
        needed(
            session.phase(first) == "running", f"a job that asks for {wish} does not run on an empty node that has it"
        )
        for _ in session.ticks(10, 5):
            state = session.state(second)
            expect(
                session.phase_of(state) not in PLACED,
                f"a job that asks for {wish} is {state} on a node that gave it away",
            )


@check("OYR-STM-012")
def parts_of_cores_and_mebibytes_count(session: Session) -> None:
    """Three of 1.3 cores fit on four.

    So do three of 1300 MiB on four gibibytes, and two of 1.5 of a resource on three.
    """
    for wish, fits in (
        ({"entrypoint_num_cpus": 1.3}, 3),
        ({"entrypoint_memory": 1300 << 20}, 3),
        ({"entrypoint_resources": {"NPU": 1.5}}, 2),
    ):
        staged(session, node("only", custom={"NPU": 3}))
        jobs = [submit_one(session, "long", wish) for _ in range(fits + 1)]
        session.advance(10)
        running = sum(session.phase(job) == "running" for job in jobs)
        same(fits, running, f"the number of jobs that run together, each asking for {wish}")


@check("OYR-STM-013")
def what_an_ended_job_held_is_free(session: Session) -> None:
    """One that was stopped, one that succeeded, one that failed."""
    for shape in ("long", "quick", "fails"):
        staged(session, node("only"))
        first = submit_one(session, shape, {"entrypoint_num_cpus": 3})
        session.until(first, *(("running",) if shape == "long" else ()))
        if shape == "long":
            answered(session.cancel(first), "stopping a running job", True)
            session.until(first)
        second = long_running(session, {"entrypoint_num_cpus": 3})
        expect(session.phase(second) in PLACED, f"a job is {session.state(second)} though what it needs is free again")


@check("OYR-STM-014")
def a_job_that_loses_its_node_has_failed(session: Session) -> None:
    """It does not run elsewhere, though there is room."""
    staged(session, node("one"), node("two"))
    job = in_state(session, "long", "running")
    answer = session.target.ask_control("POST", f"/nodes/{_of(session, job)}/fail", sandbox=session.name)
    needed(answer.is_success, f"the node cannot be taken down: {answer.status}")
    session.advance(5)
    expect(session.phase(job) == "failed", f"a job that lost its node is {session.state(job)}")


@check("OYR-STM-018")
def a_refusal_takes_no_room(session: Session) -> None:
    """For its id, for its amounts; three cores of four each time."""
    staged(session, node("only"))
    first = submit_named(session, session.unique("app-cf"), "long")
    session.until(first, "running")
    refused(
        session.post(session.body("long", {"submission_id": first.id, **ROOM})), "a second submission of an id", TAKEN
    )
    refused(
        session.post(session.body("long", {"entrypoint_num_cpus": 5}), patient=False),
        "a submission that no node can run",
        (400, 409, 422, 429, 500, 503),
    )
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
    needed(session.cancel(first).response.is_success, "a running job cannot be stopped")
    session.until(first)
    _placed(session, "though the one before it gave up waiting")


@check("OYR-STM-019")
def a_node_can_be_filled(session: Session) -> None:
    """By its cores, by its memory, by both."""
    for wish in (
        {"entrypoint_num_cpus": 4},
        {"entrypoint_memory": 4 << 30},
        {"entrypoint_num_cpus": 4, "entrypoint_memory": 4 << 30},
    ):
        staged(session, node("only"))
        accepted(
            session.post(session.body(patch={**wish, "metadata": {"judge": session.unique("m")}})),
            f"a submission that asks for {wish} of four",
        )
        session.advance(30)
        _placed(session, f"though it asks for no more than the empty node has, {wish}", wish)
