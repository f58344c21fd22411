"""What jobs of Run:AI hold of the nodes, and give back."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.runai.steps import (
    RUNNING,
    TEAM_A,
    TRAIN,
    delete_jobs,
    expect_states,
    item,
    need_states,
    node_class,
    placement,
    staged_nodes,
    submit_named,
)
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, get, shown

ONE, HALF = {TEAM_A: 1}, {"gpu": 0.5}
PLAIN, ONE_CORE, CORES = node_class(kind="plain", gpus=1), node_class(cpu=1), node_class(cpu=4)
TWO_GIB = node_class(memory_gib=2)
MEMORY = {
    "fits": ("1Gi", "1024Mi", "1048576Ki", "1G", "1073M", "1073741k", "1073741824", "0.5Gi"),
    "waits": ("1.1Gi", "1025Mi", "1048577Ki", "1.1G", "1074M", "1073742k", "1073741825", "1T"),
}
"""What one gibibyte holds, and what not."""


@check("RAI-PRI-012", "six tenths and a half are more than a GPU", 1, None, ({"gpu": 0.6}, ""), (HALF, "RP"))
@check("RAI-PRI-012", "parts of a GPU make a whole", 1, ONE, (HALF, ""), (HALF, ""), ({"gpu": 0.25}, "RRP"), (0, "-RR"))
@check("RAI-PRI-013", "a type may have a dash", PLAIN, None, ({**TRAIN, "nodeType": "rtx-4090"}, "P"))
@check("RAI-PRI-014", "halves of cores fit together", ONE_CORE, None, ({"cpu": 0.5}, ""), ({"cpu": 0.5}, "RR"))
@check("RAI-PRI-014", "three quarters of cores do not", ONE_CORE, None, ({"cpu": 0.75}, ""), ({"cpu": 0.75}, "RP"))
@check(
    "RAI-PRI-014",
    "guaranteed cores are kept",
    CORES,
    None,
    ({"cpu": 3}, ""),
    ({"cpu": 1}, ""),
    ({"cpu": 0.5}, "RRP"),
    (1, "--R"),
)
@check(
    "RAI-PRI-015",
    "parts of units count",
    TWO_GIB,
    None,
    ({"cpu": 1, "memory": "1.5Gi"}, "r"),
    ({"cpu": 1, "memory": "0.75Gi"}, ""),
    ({"cpu": 1, "memory": "0.4Gi"}, "-PR"),
)
@check("RAI-PRI-016", "a GPU is given once", 4, None, ({"gpu": 3}, ""), (TRAIN, ""), (TRAIN, "RRP"))
@check("RAI-PRI-021", "who is not elastic waits", 2, None, ({"gpu": 4, "elastic": False}, ""), ({"gpu": 4}, "PP"))
def what_does_not_fit_together_waits(session: Session, *row: Any) -> None:
    """It runs when there is room."""
    placement(session, *row)


@check("RAI-PRI-013")
def a_job_runs_on_its_node_type(session: Session) -> None:
    """In the letters that name it; the second one of a type waits although a machine of another is idle."""
    staged_nodes(session, [node_class(kind="Alpha", gpus=1), node_class(kind="beta", gpus=1)])
    for kind in ("beta", "Alpha"):
        submit_named(session, f"on-{kind.lower()}", gpu=1, nodeType=kind)
        job = item(session, f"on-{kind.lower()}")
        needed(job is not MISSING, f"the job for {kind} is not listed")
        state, where = job.get("status"), job.get("nodes")
        needed(state == RUNNING or kind != "beta", "the job for the first type does not run")
        expect(state == RUNNING, f"a job for {kind}, of which a machine is idle, is {state}")
        is_there = str(where[0] if isinstance(where, list) else where).startswith(kind)
        expect(is_there, f"a job for {kind} is on {shown(where)}")
    delete_jobs(session, ("on-alpha", TEAM_A))
    submit_named(session, "another", gpu=1, nodeType="beta")
    expect_states(session, another="Pending")


@check("RAI-PRI-015")
def guaranteed_memory_is_kept(session: Session) -> None:
    """One gibibyte is there."""
    staged_nodes(session, [node_class(memory_gib=1)])
    for word, state in (("fits", "Running"), ("waits", "Pending")):
        for number, amount in enumerate(MEMORY[word]):
            name = f"{word}-{number}"
            job = submit_named(session, name, cpu=1, memory=amount)
            same(state, session.state(job), f"the state of a job with {amount} of 1Gi")
            delete_jobs(session, job)


@check("RAI-PRI-019")
def an_elastic_job_makes_do_with_less(session: Session) -> None:
    """Four GPUs are asked for; two are there, then one."""
    for gpus in (2, 1):
        staged_nodes(session, [node_class(gpus=gpus)])
        name = f"elastic-on-{gpus}"
        submit_named(session, name, gpu=4, elastic=True)
        expect_states(session, **{name: "Running"})
        same(gpus, get(item(session, name), "/currentAllocatedGPUs"), "currentAllocatedGPUs of an elastic job")


@check("RAI-PRI-020")
def an_elastic_job_grows(session: Session) -> None:
    """Two GPUs are free, later all four."""
    staged_nodes(session, [node_class(gpus=4)])
    other = submit_named(session, "other", gpu=2)
    submit_named(session, "elastic", gpu=4, elastic=True)
    need_states(session, other="Running", elastic="Running")
    delete_jobs(session, other)
    session.advance(60)
    same(4, get(item(session, "elastic"), "/currentAllocatedGPUs"), "currentAllocatedGPUs of an elastic job with room")
