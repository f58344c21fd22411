"""Projects' quotas of Run:AI, and who is preempted."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai.steps import (
    PENDING,
    RUNNING,
    SETTLED,
    TEAM_A,
    TEAM_B,
    TEAM_C,
    delete_jobs,
    expect_states,
    item,
    need_states,
    node_class,
    staged_nodes,
    submit_named,
)
from conformance.session.expect import expect, needed
from conformance.session.session import Session


def counted(session: Session, project: str, state: str = "Running") -> int:
    """How many jobs of a project are in a state."""
    return sum(1 for one in session.items() if one.get("project") == project and one.get("status") == state)


def _reclaimed(session: Session) -> None:
    """The vendor's walkthrough up to where team-b takes back what it deserves."""
    staged_nodes(session, [node_class(2, gpus=2)], {TEAM_A: 2, TEAM_B: 2})
    submit_named(session, "a2", gpu=2)
    submit_named(session, "a1", gpu=1)
    submit_named(session, "b1", TEAM_B, gpu=1)
    need_states(session, a2="Running", a1="Running", b1="Running")
    submit_named(session, "b2", TEAM_B, gpu=1)


@check("RAI-PRI-001")
def a_waiting_workbench_goes_before_waiting_training(session: Session) -> None:
    """The training job came first."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1})
    first = submit_named(session, "holder", gpu=1, interactive=True)
    submit_named(session, "train", gpu=1)
    submit_named(session, "bench", gpu=1, interactive=True)
    need_states(session, holder="Running", train="Pending", bench="Pending")
    delete_jobs(session, first)
    session.advance(SETTLED)
    expect_states(session, bench="Running", train="Pending")


@check("RAI-PRI-002")
def a_workbench_takes_the_place_of_its_projects_training(session: Session) -> None:
    """Within quota, on a full machine."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1})
    submit_named(session, "train", gpu=1)
    need_states(session, train="Running")
    submit_named(session, "bench", gpu=1, interactive=True)
    expect_states(session, bench="Running", train="Pending")


@check("RAI-PRI-003")
def a_workbench_stays_within_quota(session: Session) -> None:
    """One GPU is deserved, two are there."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1})
    submit_named(session, "one", gpu=1, interactive=True)
    need_states(session, one="Running")
    submit_named(session, "two", gpu=1, interactive=True)
    expect_states(session, one="Running", two="Pending")


@check("RAI-PRI-004")
def training_may_exceed_the_quota(session: Session) -> None:
    """One GPU is deserved, two are there."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1})
    submit_named(session, "one", gpu=1)
    submit_named(session, "two", gpu=1)
    expect_states(session, one="Running", two="Running")


@check("RAI-PRI-005")
def training_is_always_preemptible(session: Session) -> None:
    """Whatever it says of that: it may exceed its quota, and is taken back for one who deserves the GPU."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 0, TEAM_B: 1})
    submit_named(session, "guest", gpu=1, preemptible=False)
    expect_states(session, guest=RUNNING)
    submit_named(session, "owner", TEAM_B, gpu=1)
    expect_states(session, guest=PENDING, owner=RUNNING)


@check("RAI-PRI-005")
def a_project_takes_back_what_it_deserves(session: Session) -> None:
    """The younger job of the project above its quota goes back to waiting."""
    _reclaimed(session)
    expect_states(session, a2="Running", a1="Pending", b1="Running", b2="Running")


@check("RAI-PRI-006")
def what_was_taken_back_runs_again(session: Session) -> None:
    """As soon as its project gives something up."""
    _reclaimed(session)
    need_states(session, a1="Pending", b2="Running")
    delete_jobs(session, ("a2", TEAM_A))
    session.advance(SETTLED)
    expect_states(session, a1="Running", b1="Running", b2="Running")


@check("RAI-PRI-007")
def jobs_are_moved_together(session: Session) -> None:
    """One GPU is free on each of two machines, and a job wants two."""
    staged_nodes(session, [node_class(2, gpus=2)], {TEAM_A: 4})
    for name in ("one", "two", "three", "four"):
        submit_named(session, name, gpu=1)
    need_states(session, one="Running", two="Running", three="Running", four="Running")
    where = {name: str(item(session, name).get("nodes")) for name in ("one", "two", "three", "four")}
    other = next((name for name in ("two", "three", "four") if where[name] != where["one"]), None)
    needed(other is not None, "four jobs that fill two machines are said to be on one")
    delete_jobs(session, ("one", TEAM_A), (str(other), TEAM_A))
    submit_named(session, "big", gpu=2)
    stays = {name: "Running" for name in ("two", "three", "four") if name != other}
    expect_states(session, big="Running", **stays)


@check("RAI-PRI-008")
def a_workbench_that_may_be_taken_back_may_exceed_the_quota(session: Session) -> None:
    """One GPU is deserved, two are there."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1})
    submit_named(session, "one", gpu=1, interactive=True)
    submit_named(session, "two", gpu=1, interactive=True, preemptible=True)
    expect_states(session, one="Running", two="Running")


@check("RAI-PRI-009")
def a_workbench_that_is_taken_back_is_preempted(session: Session) -> None:
    """And stays so when there is room again."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    submit_named(session, "one", gpu=1, interactive=True)
    submit_named(session, "two", gpu=1, interactive=True, preemptible=True)
    need_states(session, one="Running", two="Running")
    taker = submit_named(session, "train", TEAM_B, gpu=1)
    expect_states(session, one="Running", two="Preempted", train="Running")
    delete_jobs(session, taker)
    session.advance(60)
    expect_states(session, two="Preempted")


@check("RAI-PRI-010")
def training_goes_before_a_workbench_does(session: Session) -> None:
    """The workbench is younger, its project above its quota."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    submit_named(session, "train", gpu=1)
    submit_named(session, "bench", gpu=1, interactive=True)
    need_states(session, train=RUNNING, bench=RUNNING)
    submit_named(session, "owner", TEAM_B, gpu=1)
    expect_states(session, bench=RUNNING, train=PENDING, owner=RUNNING)


@check("RAI-PRI-010")
def a_workbench_is_not_taken_back(session: Session) -> None:
    """Though another project has nothing of what it deserves."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 2, TEAM_B: 1})
    submit_named(session, "one", gpu=1, interactive=True)
    submit_named(session, "two", gpu=1, interactive=True)
    need_states(session, one="Running", two="Running")
    submit_named(session, "train", TEAM_B, gpu=1)
    session.advance(60)
    expect_states(session, one="Running", two="Running", train="Pending")


@check("RAI-PRI-011")
def idle_gpus_are_shared_by_quota(session: Session) -> None:
    """Three to one, eight GPUs, and the smaller project was there first with more than all of them."""
    staged_nodes(session, [node_class(gpus=8)], {TEAM_A: 3, TEAM_B: 1})
    for number in range(8):
        submit_named(session, f"b{number}", TEAM_B, gpu=1)
    for number in range(8):
        submit_named(session, f"a{number}", TEAM_A, gpu=1)
    shares = counted(session, TEAM_A), counted(session, TEAM_B)
    expect(
        shares == (6, 2),
        f"of eight GPUs the projects with quotas 3 and 1 have {shares[0]} and {shares[1]}, expected 6 and 2",
    )


@check("RAI-PRI-017")
def workbenches_go_in_turn(session: Session) -> None:
    """And so does training where there are quotas."""
    for interactive in (True, False):
        staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1})
        holder = submit_named(session, "zero", gpu=1, interactive=interactive)
        for name in ("zz-first", "mm-second", "aa-third"):
            submit_named(session, name, gpu=1, interactive=interactive)
        need_states(session, zero=RUNNING)
        delete_jobs(session, holder)
        session.advance(SETTLED)
        expect_states(session, **{"zz-first": RUNNING, "mm-second": PENDING, "aa-third": PENDING})


@check("RAI-PRI-017")
def the_first_submitted_runs_first(session: Session) -> None:
    """Of jobs that are alike."""
    staged_nodes(session, [node_class(gpus=1)])
    holder = submit_named(session, "zero", gpu=1)
    for name in ("zz-first", "mm-second", "aa-third"):
        submit_named(session, name, gpu=1)
    need_states(session, zero="Running")
    delete_jobs(session, holder)
    session.advance(SETTLED)
    expect_states(session, **{"zz-first": "Running", "mm-second": "Pending", "aa-third": "Pending"})


@check("RAI-PRI-018")
def an_unknown_project_is_refused(session: Session) -> None:
    """The world has a list of projects."""
    staged_nodes(session, [node_class(gpus=1)], {TEAM_A: 1})
    submit_named(session, "one", gpu=1)
    told = session.post({"job": {"name": "two", "project": "team-nobody", "image": "alpine"}})
    expect(told.response.status == 404, f"a job of an unknown project was answered {told.response.status}", told)


@check("RAI-PRI-022")
def what_has_ended_counts_no_more(session: Session) -> None:
    """A project that had more before is within its quota now; a guest without any goes, though older."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1, TEAM_B: 1, TEAM_C: 0})
    submit_named(session, "first", gpu=1, command="sleep 20")
    session.advance(20 + SETTLED)
    need_states(session, first="Succeeded")
    submit_named(session, "guest", TEAM_C, gpu=1)
    submit_named(session, "keeps", gpu=1)
    need_states(session, guest=RUNNING, keeps=RUNNING)
    submit_named(session, "owner", TEAM_B, gpu=1)
    expect_states(session, keeps=RUNNING, owner=RUNNING, guest=PENDING)


@check("RAI-PRI-022")
def what_was_taken_back_counts_no_more(session: Session) -> None:
    """Its project is within the quota since then, and keeps the rest."""
    staged_nodes(session, [node_class(gpus=2)], {TEAM_A: 1, TEAM_B: 1, TEAM_C: 1})
    for name, project in (("keeps", TEAM_A), ("guest", TEAM_A), ("owner", TEAM_B)):
        submit_named(session, name, project, gpu=1)
    need_states(session, owner=RUNNING)
    left = next((name for name in ("keeps", "guest") if item(session, name).get("status") == RUNNING), "")
    needed(left, "both jobs of the project were taken back")
    submit_named(session, "third", TEAM_C, gpu=1)
    expect_states(session, **{left: RUNNING, "third": PENDING, "owner": RUNNING})


@check("RAI-PRI-022")
def what_is_within_quota_is_not_taken_back(session: Session) -> None:
    """Though another project deserves a GPU, and a core is what it lacks.

    Parts of GPUs that were held before count no more.
    """
    staged_nodes(session, [node_class(cpu=2, gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    for number in range(2):
        delete_jobs(session, submit_named(session, f"part-{number}", gpu=0.6))
    submit_named(session, "keeps", gpu=1, cpu=2)
    need_states(session, keeps=RUNNING)
    submit_named(session, "wants", TEAM_B, gpu=1, cpu=1)
    session.advance(SETTLED)
    expect_states(session, keeps=RUNNING, wants=PENDING)


@check("RAI-PRI-023")
def training_waits_for_training(session: Session) -> None:
    """Both are within the quota, and a core is what the second lacks."""
    staged_nodes(session, [node_class(cpu=2, gpus=2)], {TEAM_A: 2})
    submit_named(session, "keeps", gpu=1, cpu=2)
    need_states(session, keeps=RUNNING)
    submit_named(session, "wants", gpu=1, cpu=1)
    expect_states(session, keeps=RUNNING, wants=PENDING)
