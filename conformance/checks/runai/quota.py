"""Projects' quotas of Run:AI, and who is preempted."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.families.capacity import Step
from conformance.checks.runai.steps import (
    BENCH,
    PENDING,
    RUNNING,
    SETTLED,
    SPOT,
    TEAM_A,
    TEAM_B,
    TEAM_C,
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
from conformance.session.expect import needed, refused, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import get


def counted(session: Session, project: str, state: str = "Running") -> int:
    """How many jobs of a project are in a state."""
    return sum(1 for one in session.items() if one.get("project") == project and one.get("status") == state)


def of_team(project: str, **members: Any) -> dict[str, Any]:
    """A training job of one GPU in a project."""
    return {**TRAIN, "project": project, **members}


def in_turn(kind: dict[str, Any]) -> tuple[Step, ...]:
    """One job has the GPU and three wait, whose names are in no order; it leaves."""
    waiting = [({**kind, "name": name}, "") for name in ("zz-first", "mm-second", "aa-third")]
    return (kind, ""), *waiting, (0.0, "r"), (0, "-RPP")


OF_B, OF_C = of_team(TEAM_B), of_team(TEAM_C)
TWO_PAIRS, TWO_CORES = node_class(2, gpus=2), node_class(cpu=2, gpus=2)
ALL_CORES, ONE_CORE = {**TRAIN, "cpu": 2}, {**TRAIN, "cpu": 1}
A1, A2, ONLY_B = {TEAM_A: 1}, {TEAM_A: 2, TEAM_B: 1}, {TEAM_A: 0, TEAM_B: 1}
BOTH, EACH = {TEAM_A: 1, TEAM_B: 1}, {TEAM_A: 2, TEAM_B: 2}
RECLAIMED: tuple[Step, ...] = (({"gpu": 2}, ""), (TRAIN, ""), (OF_B, "rrr"))
"""The vendor's walkthrough up to where team-b takes back what it deserves: its next job does."""
WITH_A_GUEST: tuple[Step, ...] = (
    *((of_team(TEAM_A, command="sleep 20"), ""), (25.0, "s")),
    *((OF_C, ""), (TRAIN, "-rr"), (OF_B, "-PRR")),
)
"""Its first job has ended when the guest, of a project without quota, comes; then another project wants its share."""
PART = {"gpu": 0.6}
SHORT_OF_A_CORE: tuple[Step, ...] = (
    *((PART, ""), (0, ""), (PART, ""), (1, "")),
    *((ALL_CORES, "--r"), (of_team(TEAM_B, cpu=1), ""), (SETTLED, "--RP")),
)
"""Parts of a GPU that were held before count no more; the other project deserves a GPU, and a core is what it lacks."""


@check(
    "RAI-PRI-001", "a workbench goes before training", 1, A1, (BENCH, "r"), (TRAIN, "rp"), (BENCH, "rpp"), (0, "-PR")
)
@check("RAI-PRI-002", "a workbench takes the place of training", 1, A1, (TRAIN, "r"), (BENCH, "PR"))
@check("RAI-PRI-003", "a workbench stays within quota", 2, A1, (BENCH, "r"), (BENCH, "RP"))
@check("RAI-PRI-004", "training may exceed the quota", 2, A1, (TRAIN, ""), (TRAIN, "RR"))
@check(
    "RAI-PRI-005", "training is always preemptible", 1, ONLY_B, (of_team(TEAM_A, preemptible=False), "R"), (OF_B, "PR")
)
@check("RAI-PRI-005", "a project takes back what it deserves", TWO_PAIRS, EACH, *RECLAIMED, (OF_B, "RPRR"))
@check("RAI-PRI-006", "what was taken back runs again", TWO_PAIRS, EACH, *RECLAIMED, (OF_B, "-p-r"), (0, "-RRR"))
@check("RAI-PRI-008", "a preemptible workbench may exceed the quota", 2, A1, (BENCH, ""), (SPOT, "RR"))
@check(
    "RAI-PRI-009",
    "a workbench stays preempted",
    2,
    BOTH,
    (BENCH, ""),
    (SPOT, "rr"),
    (OF_B, "RXR"),
    (2, ""),
    (60.0, "-X"),
)
@check("RAI-PRI-010", "training goes before a workbench does", 2, BOTH, (TRAIN, ""), (BENCH, "rr"), (OF_B, "PRR"))
@check("RAI-PRI-010", "a workbench is not taken back", 2, A2, (BENCH, ""), (BENCH, "rr"), (OF_B, ""), (60.0, "RRP"))
@check("RAI-PRI-017", "workbenches go in turn", 1, A1, *in_turn(BENCH))
@check("RAI-PRI-017", "training goes in turn where there are quotas", 1, A1, *in_turn(TRAIN))
@check("RAI-PRI-017", "the first submitted runs first", 1, None, *in_turn(TRAIN))
@check("RAI-PRI-022", "what has ended counts no more, and a guest goes", 2, {**BOTH, TEAM_C: 0}, *WITH_A_GUEST)
@check("RAI-PRI-022", "what is within quota is not taken back for a core", TWO_CORES, BOTH, *SHORT_OF_A_CORE)
@check("RAI-PRI-023", "training waits for training", TWO_CORES, {TEAM_A: 2}, (ALL_CORES, "r"), (ONE_CORE, "RP"))
def projects_share_by_quota(session: Session, *row: Any) -> None:
    """Who runs, who waits, who is taken back."""
    placement(session, *row)


@check("RAI-PRI-007")
def jobs_are_moved_together(session: Session) -> None:
    """One GPU is free on each of two machines, and a job wants two."""
    staged_nodes(session, [node_class(2, gpus=2)], {TEAM_A: 4})
    for name in ("one", "two", "three", "four"):
        submit_named(session, name, gpu=1)
    need_states(session, one="Running", two="Running", three="Running", four="Running")
    where = {name: str(get(item(session, name), "/nodes")) for name in ("one", "two", "three", "four")}
    other = next((name for name in ("two", "three", "four") if where[name] != where["one"]), None)
    needed(other is not None, "four jobs that fill two machines are said to be on one")
    delete_jobs(session, ("one", TEAM_A), (str(other), TEAM_A))
    submit_named(session, "big", gpu=2)
    stays = {name: "Running" for name in ("two", "three", "four") if name != other}
    expect_states(session, big="Running", **stays)


@check("RAI-PRI-011")
def idle_gpus_are_shared_by_quota(session: Session) -> None:
    """Three to one, eight GPUs, and the smaller project was there first with more than all of them."""
    staged_nodes(session, [node_class(gpus=8)], {TEAM_A: 3, TEAM_B: 1})
    for project in (TEAM_B, TEAM_A):
        for number in range(8):
            submit_named(session, f"{project}-{number}", project, gpu=1)
    shares = counted(session, TEAM_A), counted(session, TEAM_B)
    same([6, 2], list(shares), "how many of eight GPUs the projects with quotas 3 and 1 have")


@check("RAI-PRI-018")
def an_unknown_project_is_refused(session: Session) -> None:
    """The world has a list of projects."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1})
    submit_named(session, "one", gpu=1)
    stranger = {"job": {"name": "two", "project": "team-nobody", "image": "alpine"}}
    refused(session.post(stranger), "a job of an unknown project", (404,))


@check("RAI-PRI-022")
def what_was_taken_back_counts_no_more(session: Session) -> None:
    """Its project is within the quota since then, and keeps the rest."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1, TEAM_B: 1, TEAM_C: 1})
    for name, project in (("keeps", TEAM_A), ("guest", TEAM_A), ("owner", TEAM_B)):
        submit_named(session, name, project, gpu=1)
    need_states(session, owner=RUNNING)
    left = next((name for name in ("keeps", "guest") if get(item(session, name), "/status") == RUNNING), "")
    needed(left, "both jobs of the project were taken back")
    submit_named(session, "third", TEAM_C, gpu=1)
    expect_states(session, **{left: RUNNING, "third": PENDING, "owner": RUNNING})
