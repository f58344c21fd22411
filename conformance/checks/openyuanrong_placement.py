"""Checks of where and when openYuanrong's jobs run: amounts that are given once, labels, nodes that are lost."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.openyuanrong_jobs import NEAR, in_state, said, told_instant
from conformance.session.cluster import staged
from conformance.session.expect import accepted, expect, needed, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get

PLACED = ("running", "succeeded")
POOL = "X-Pool-Label"
PATIENCE = 16
"""Seconds of the eighteen that a job waits for room."""


def node(name: str, **others: Any) -> Json:
    """A class of nodes with four cores and four gibibytes."""
    return {"class": name, "cpu": 4, "memory_gib": 4, **others}


def _of(session: Session, job: JobRef) -> str:
    """The class of the node that a job was placed on, as far as its node's name tells."""
    return str(get(session.view(job), "/driver_node_id"))


def given(session: Session, shape: str, patch: Json = None, *, pools: str = "") -> JobRef:
    """A job unlike any other, so that two worlds of one check do not make the same id for it."""
    marked = {"metadata": {"judge": session.unique("m")}, **(patch or {})}
    return session.submit(shape, marked, headers={POOL: pools} if pools else {})


def _long(session: Session, patch: Json = None, *, pools: str = "") -> JobRef:
    """A job that runs long, after as long as it may wait or as soon as it does not."""
    job = given(session, "long", patch, pools=pools)
    for _ in session.ticks(PATIENCE, 1):
        if session.phase(job) != "queued":
            break
    return job


@check("OYR-STM-012")
def what_is_taken_is_not_given_again(session: Session) -> None:
    """Cores, memory and a further resource, each more than half of what the only node has."""
    for wish in ({"entrypoint_num_cpus": 2.5}, {"entrypoint_memory": 3 << 30}, {"entrypoint_resources": {"NPU": 3}}):
        staged(session, node("only", custom={"NPU": 4}))
        first, second = _long(session, wish), _long(session, wish)
        needed(session.phase(first) == "running", f"a job that asks for {wish} does not run on an empty node that has it")
        for _ in session.ticks(10, 5):
            state = session.state(second)
            expect(session.phase_of(state) not in PLACED, f"a job that asks for {wish} is {state} on a node that gave it away", *session.exchanges[-2:])


@check("OYR-STM-013")
def what_an_ended_job_held_is_free(session: Session) -> None:
    """One that was stopped, one that succeeded, one that failed."""
    for shape in ("long", "quick", "fails"):
        staged(session, node("only"))
        first = given(session, shape, {"entrypoint_num_cpus": 3})
        session.until(first, *(("running",) if shape == "long" else ()))
        if shape == "long":
            said(session.cancel(first), "stopping a running job", True)
            session.until(first)
        second = _long(session, {"entrypoint_num_cpus": 3})
        expect(session.phase(second) in PLACED, f"a job is {session.state(second)} though what it needs is free again", session.exchanges[-1])


@check("OYR-STM-014")
def a_job_that_loses_its_node_has_failed(session: Session) -> None:
    """It does not run elsewhere, though there is room."""
    staged(session, node("one"), node("two"))
    job = in_state(session, "long", "running")
    answer = session.target.ask_control("POST", f"/nodes/{_of(session, job)}/fail", sandbox=session.name)
    needed(answer.is_success, f"the node cannot be taken down: {answer.status}")
    session.advance(5)
    expect(session.phase(job) == "failed", f"a job that lost its node is {session.state(job)}", session.exchanges[-1])


@check("OYR-PRI-004")
def of_equal_jobs_the_first_runs_first(session: Session) -> None:
    """Three of them wait for one place."""
    staged(session, node("only"))
    _long(session, {"entrypoint": "sleep 5", "entrypoint_num_cpus": 3})
    waiting = [session.submit("quick", {"entrypoint": "sleep 5", "entrypoint_num_cpus": 3}) for _ in range(3)]
    order: list[str] = []
    for _ in session.ticks(20, 1):
        order += [job.id for job in waiting if job.id not in order and session.phase(job) in PLACED]
    needed(order, "none of the jobs that wait runs")
    same([job.id for job in waiting][: len(order)], order, "the order in which equal jobs run", session.exchanges[-1])


@check("OYR-TIM-010")
def the_start_of_a_job_that_waited_is_when_it_was_placed(session: Session) -> None:
    """Eight seconds after it was submitted."""
    staged(session, node("only"))
    first = _long(session, {"entrypoint": "sleep 8", "entrypoint_num_cpus": 3})
    second = given(session, "long", {"entrypoint_num_cpus": 3})
    session.until(second, "running", within=17, step=0.5)
    end, start = told_instant(session, first, "end_time"), told_instant(session, second, "start_time")
    expect(abs(start - end) <= NEAR, f"a job that waited until {end:g} tells that it started at {start:g}", *session.exchanges[-2:])


@check("OYR-PRI-001")
def earlier_labels_are_preferred(session: Session) -> None:
    """Whichever stands first, and the second where the first has no room."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-b": "true"}))
    last = session.post(session.body("long", {"entrypoint_num_cpus": 0.5, "metadata": {"judge": session.unique("m")}}), headers={POOL: "zz-a,zz-b,zone-b"})
    accepted(last, "a submission of which a node carries the third label")
    for pools, wanted in (("zone-a,zone-b", "one"), ("zone-b, zone-a", "two")):
        job = _long(session, {"entrypoint_num_cpus": 3}, pools=pools)
        where = _of(session, job)
        expect(where.startswith(wanted), f"a job with the labels {pools!r} is on {where!r}", session.exchanges[-1])
        session.cancel(job)
    full = _long(session, {"entrypoint_num_cpus": 3}, pools="zone-a")
    needed(session.phase(full) == "running", "a job with a label does not run")
    where = _of(session, _long(session, {"entrypoint_num_cpus": 3}, pools="zone-a,zone-b"))
    expect(where.startswith("two"), f"a job whose first label has no room is on {where!r}", session.exchanges[-1])


@check("OYR-PRI-002")
def a_label_is_a_demand(session: Session) -> None:
    """A node without it is not taken though it is free; as a wish it may be."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-ab": "true"}))
    _long(session, {"entrypoint_num_cpus": 2}, pools="zone-a")
    spaced = session.post(session.body("long", {"entrypoint_num_cpus": 2, "metadata": {"judge": session.unique("m")}}), headers={POOL: " zone-a ,  zone-z "})
    accepted(spaced, "labels with white space around them")
    session.until(session.job_of(spaced), "running", within=PATIENCE)
    job = _long(session, {"entrypoint_num_cpus": 2}, pools="zone-a")
    expect(session.phase(job) not in PLACED, f"a job runs on {_of(session, job)!r}, which lacks its label", session.exchanges[-1])
    wish = _long(session, {"entrypoint_num_cpus": 2}, pools="zone-a,unUseAntiOtherLabels")
    expect(session.phase(wish) in PLACED, f"a job whose label is a wish is {session.state(wish)} though a node is free", session.exchanges[-1])


@check("OYR-PRI-003")
def labels_may_come_in_the_body(session: Session) -> None:
    """By themselves; the header counts more."""
    staged(session, node("one", labels={"zone-a": "true"}), node("two", labels={"zone-b": "true"}))
    for pools, wanted in (("", "two"), ("zone-a", "one")):
        job = _long(session, {"labels": "zone-b"}, pools=pools)
        where = _of(session, job)
        expect(where.startswith(wanted), f"a job with the member labels zone-b and the header {pools!r} is on {where!r}", session.exchanges[-1])


@check("OYR-LST-004")
def a_rich_job_is_listed_as_it_is_read(session: Session) -> None:
    """With metadata, variables and packages; while it runs and when it was stopped."""
    rich = {"metadata": {"team": "vision", "Größe": " 1 "}, "runtime_env": {"env_vars": {"A": "b"}, "pip": ["numpy==1.24"], "working_dir": "/opt/code"}}
    other = {"metadata": {"team": "speech"}, "runtime_env": {"env_vars": {"A": "c", "D": ""}, "pip": ["scipy"], "working_dir": "/opt/other"}}
    session.submit("quick", other)
    job = session.submit("long", rich)
    session.until(job, "running")
    for _ in range(2):
        read, listed = session.view(job), next((item for item in session.items() if get(item, "/submission_id") == job.id), None)
        same(read, listed, "the job in the list", *session.exchanges[-2:])
        session.cancel(job)
        session.until(job)
