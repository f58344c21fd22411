"""What jobs of Run:AI hold of the nodes, and give back."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai.steps import (
    PENDING,
    RUNNING,
    SETTLED,
    TEAM_A,
    delete_jobs,
    expect_states,
    item,
    need_states,
    node_class,
    staged_nodes,
    submit_named,
)
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING

MEMORY = {
    "fits": ("1Gi", "1024Mi", "1048576Ki", "1G", "1073M", "1073741k", "1073741824", "0.5Gi"),
    "waits": ("1.1Gi", "1025Mi", "1048577Ki", "1.1G", "1074M", "1073742k", "1073741825", "1T"),
}
"""What one gibibyte holds, and what not."""


@check("RAI-PRI-012")
def little_more_than_a_whole_is_too_much(session: Session) -> None:
    """Six tenths and a half."""
    staged_nodes(session, [node_class(gpus=1)])
    submit_named(session, "more", gpu=0.6)
    submit_named(session, "half", gpu=0.5)
    expect_states(session, more=RUNNING, half=PENDING)


@check("RAI-PRI-012")
def parts_of_a_gpu_make_a_whole(session: Session) -> None:
    """Two halves fit, a further quarter does not; it does when a half has gone."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1})
    half = submit_named(session, "one", gpu=0.5)
    submit_named(session, "two", gpu=0.5)
    submit_named(session, "quarter", gpu=0.25)
    expect_states(session, one="Running", two="Running", quarter="Pending")
    delete_jobs(session, half)
    session.advance(SETTLED)
    expect_states(session, two="Running", quarter="Running")


@check("RAI-PRI-013")
def a_type_may_have_a_dash(session: Session) -> None:
    """A machine of another type is idle."""
    staged_nodes(session, [node_class(kind="plain", gpus=1)])
    submit_named(session, "wants", gpu=1, nodeType="rtx-4090")
    expect_states(session, wants=PENDING)


@check("RAI-PRI-013")
def a_job_runs_on_its_node_type(session: Session) -> None:
    """In the letters that name it; the second one of a type waits although a machine of another is idle."""
    staged_nodes(session, [node_class(kind="Alpha", gpus=1), node_class(kind="beta", gpus=1)])
    for kind in ("beta", "Alpha"):
        submit_named(session, f"on-{kind.lower()}", gpu=1, nodeType=kind)
        told = item(session, f"on-{kind.lower()}")
        needed(told is not MISSING, f"the job for {kind} is not listed")
        needed(told.get("status") == "Running" or kind != "beta", "the job for the first type does not run")
        expect(
            told.get("status") == "Running", f"a job for {kind}, of which a machine is idle, is {told.get('status')}"
        )
        where = told.get("nodes")
        expect(
            str(where[0] if isinstance(where, list) else where).startswith(kind), f"a job for {kind} is on {where!r}"
        )
    delete_jobs(session, ("on-alpha", TEAM_A))
    submit_named(session, "another", gpu=1, nodeType="beta")
    expect_states(session, another="Pending")


@check("RAI-PRI-014")
def parts_of_cores_count(session: Session) -> None:
    """Halves fit together, three quarters do not."""
    staged_nodes(session, [node_class(cpu=1)])
    submit_named(session, "half", cpu=0.5)
    submit_named(session, "other-half", cpu=0.5)
    expect_states(session, **{"half": RUNNING, "other-half": RUNNING})
    staged_nodes(session, [node_class(cpu=1)])
    submit_named(session, "most", cpu=0.75)
    submit_named(session, "more", cpu=0.75)
    expect_states(session, most=RUNNING, more=PENDING)


@check("RAI-PRI-014")
def guaranteed_cores_are_kept(session: Session) -> None:
    """Four cores: three and one fit, half a one more does not."""
    staged_nodes(session, [node_class(cpu=4)])
    submit_named(session, "three", cpu=3)
    last = submit_named(session, "one", cpu=1)
    submit_named(session, "half", cpu=0.5)
    expect_states(session, three="Running", one="Running", half="Pending")
    delete_jobs(session, last)
    session.advance(SETTLED)
    expect_states(session, half="Running")


@check("RAI-PRI-015")
def parts_of_units_count(session: Session) -> None:
    """One and a half of something is more than one."""
    staged_nodes(session, [node_class(memory_gib=2)])
    submit_named(session, "first", cpu=1, memory="1.5Gi")
    need_states(session, first=RUNNING)
    submit_named(session, "second", cpu=1, memory="0.75Gi")
    submit_named(session, "third", cpu=1, memory="0.4Gi")
    expect_states(session, second=PENDING, third=RUNNING)


@check("RAI-PRI-015")
def guaranteed_memory_is_kept(session: Session) -> None:
    """One gibibyte is there."""
    staged_nodes(session, [node_class(memory_gib=1)])
    for word, state in (("fits", "Running"), ("waits", "Pending")):
        for number, amount in enumerate(MEMORY[word]):
            name = f"{word}-{number}"
            job = submit_named(session, name, cpu=1, memory=amount)
            told = session.state(job)
            expect(
                told == state, f"a job with {amount} of 1Gi is {told or 'not listed'}, expected {state}", job.created
            )
            delete_jobs(session, job)


@check("RAI-PRI-016")
def a_gpu_is_given_once(session: Session) -> None:
    """Four GPUs: three and one fit, one more does not."""
    staged_nodes(session, [node_class(gpus=4)])
    submit_named(session, "three", gpu=3)
    submit_named(session, "one", gpu=1)
    submit_named(session, "more", gpu=1)
    expect_states(session, three="Running", one="Running", more="Pending")


@check("RAI-PRI-019")
def an_elastic_job_makes_do_with_less(session: Session) -> None:
    """Four GPUs are asked for; two are there, then one."""
    for gpus in (2, 1):
        staged_nodes(session, [node_class(gpus=gpus)])
        name = f"elastic-on-{gpus}"
        submit_named(session, name, gpu=4, elastic=True)
        expect_states(session, **{name: "Running"})
        same(gpus, item(session, name).get("currentAllocatedGPUs"), "currentAllocatedGPUs of an elastic job")


@check("RAI-PRI-020")
def an_elastic_job_grows(session: Session) -> None:
    """Two GPUs are free, later all four."""
    staged_nodes(session, [node_class(gpus=4)])
    other = submit_named(session, "other", gpu=2)
    submit_named(session, "elastic", gpu=4, elastic=True)
    need_states(session, other="Running", elastic="Running")
    delete_jobs(session, other)
    session.advance(60)
    same(4, item(session, "elastic").get("currentAllocatedGPUs"), "currentAllocatedGPUs of an elastic job with room")


@check("RAI-PRI-021")
def a_job_that_is_not_elastic_waits(session: Session) -> None:
    """Four GPUs are asked for, two are there."""
    staged_nodes(session, [node_class(gpus=2)])
    submit_named(session, "stiff", gpu=4, elastic=False)
    submit_named(session, "usual", gpu=4)
    expect_states(session, stiff="Pending", usual="Pending")
