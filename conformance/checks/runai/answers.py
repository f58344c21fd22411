"""What Run:AI's answers say of a job."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai.steps import expect_gpus, listed_job, node_class, staged_nodes, submit_named
from conformance.session.expect import same
from conformance.session.session import Session


@check("RAI-RSP-003")
@check("RAI-RSP-004")
@check("RAI-RSP-005")
@check("RAI-RSP-006")
def jobs_with_gpus_are_watched(session: Session) -> None:
    """From waiting to their ends; the oracles look at what they occupy."""
    shapes = list(session.shapes("quick", "fails", "waits", "retried"))
    jobs = {shape: session.submit(shape, {"job": {"gpu": 1}}) for shape in shapes}
    for shape, job in jobs.items():
        if shape != "waits":
            session.until(job, step=0.5)


@check("RAI-RSP-007")
def a_running_job_occupies_what_it_asked_for(session: Session) -> None:
    """One GPU, two, half a one, a quarter."""
    for gpus in (1, 2, 0.5, 0.25):
        expect_gpus(session, session.submit("long", {"job": {"gpu": gpus}}), gpus)


@check("RAI-RSP-008")
def a_job_that_is_made_ready_occupies_its_gpus(session: Session) -> None:
    """From the first look at it to its running."""
    job = session.submit("long", {"job": {"gpu": 1}})
    for state in session.watch(job, within=60, step=0.25):
        if state == "ContainerCreating":
            same(
                1,
                listed_job(session, job).get("currentAllocatedGPUs"),
                "currentAllocatedGPUs of a job in ContainerCreating",
            )
        if state == "Running":
            break


@check("RAI-RSP-011")
def a_job_of_several_runs_occupies_for_all(session: Session) -> None:
    """Two at once, of one GPU each."""
    job = session.submit("long", {"job": {"gpu": 1, "completions": 2, "parallelism": 2}}, until="running")
    session.advance(10)
    same(2, listed_job(session, job).get("currentAllocatedGPUs"), "currentAllocatedGPUs of a job with two runs")


@check("RAI-RSP-011")
def a_job_of_several_runs_tells_all_of_its_nodes(session: Session) -> None:
    """Two runs, each of which has a machine to itself."""
    staged_nodes(session, [node_class(2, gpus=1)])
    job = submit_named(session, "team", gpu=1, completions=2, parallelism=2)
    nodes = listed_job(session, job).get("nodes")
    if isinstance(nodes, list):
        same(2, len(set(nodes)), "the number of nodes of a job with two runs on two machines")
