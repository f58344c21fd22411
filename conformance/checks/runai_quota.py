"""Checks of how Run:AI gives out its machines: order, quotas, what is taken back, parts of GPUs, guaranteed cores and memory."""

from __future__ import annotations

from conformance.checks import check
from conformance.checks.runai_cluster import SETTLED, ask, counted, forget, given, item, machines, stand, world
from conformance.session.expect import expect, needed, same
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING

TEAM_A, TEAM_B = "team-a", "team-b"


@check("RAI-PRI-001")
def a_waiting_workbench_goes_before_waiting_training(session: Session) -> None:
    """The training job came first."""
    world(session, [machines(gpus=1)], {TEAM_A: 1})
    first = ask(session, "holder", gpu=1, interactive=True)
    ask(session, "train", gpu=1)
    ask(session, "bench", gpu=1, interactive=True)
    given(session, holder="Running", train="Pending", bench="Pending")
    forget(session, first)
    session.advance(SETTLED)
    stand(session, bench="Running", train="Pending")


@check("RAI-PRI-002")
def a_workbench_takes_the_place_of_its_projects_training(session: Session) -> None:
    """Within quota, on a full machine."""
    world(session, [machines(gpus=1)], {TEAM_A: 1})
    ask(session, "train", gpu=1)
    given(session, train="Running")
    ask(session, "bench", gpu=1, interactive=True)
    stand(session, bench="Running", train="Pending")


@check("RAI-PRI-003")
def a_workbench_stays_within_quota(session: Session) -> None:
    """One GPU is deserved, two are there."""
    world(session, [machines(gpus=2)], {TEAM_A: 1})
    ask(session, "one", gpu=1, interactive=True)
    given(session, one="Running")
    ask(session, "two", gpu=1, interactive=True)
    stand(session, one="Running", two="Pending")


@check("RAI-PRI-004")
def training_may_exceed_the_quota(session: Session) -> None:
    """One GPU is deserved, two are there."""
    world(session, [machines(gpus=2)], {TEAM_A: 1})
    ask(session, "one", gpu=1)
    ask(session, "two", gpu=1)
    stand(session, one="Running", two="Running")


def _reclaimed(session: Session) -> None:
    """The vendor's walkthrough up to where team-b takes back what it deserves."""
    world(session, [machines(2, gpus=2)], {TEAM_A: 2, TEAM_B: 2})
    ask(session, "a2", gpu=2)
    ask(session, "a1", gpu=1)
    ask(session, "b1", TEAM_B, gpu=1)
    given(session, a2="Running", a1="Running", b1="Running")
    ask(session, "b2", TEAM_B, gpu=1)


@check("RAI-PRI-005")
def a_project_takes_back_what_it_deserves(session: Session) -> None:
    """The younger job of the project above its quota goes back to waiting."""
    _reclaimed(session)
    stand(session, a2="Running", a1="Pending", b1="Running", b2="Running")


@check("RAI-PRI-006")
def what_was_taken_back_runs_again(session: Session) -> None:
    """As soon as its project gives something up."""
    _reclaimed(session)
    given(session, a1="Pending", b2="Running")
    forget(session, ("a2", TEAM_A))
    session.advance(SETTLED)
    stand(session, a1="Running", b1="Running", b2="Running")


@check("RAI-PRI-007")
def jobs_are_moved_together(session: Session) -> None:
    """One GPU is free on each of two machines, and a job wants two."""
    world(session, [machines(2, gpus=2)], {TEAM_A: 4})
    for name in ("one", "two", "three", "four"):
        ask(session, name, gpu=1)
    given(session, one="Running", two="Running", three="Running", four="Running")
    where = {name: str(item(session, name).get("nodes")) for name in ("one", "two", "three", "four")}
    other = next((name for name in ("two", "three", "four") if where[name] != where["one"]), None)
    needed(other is not None, "four jobs that fill two machines are said to be on one")
    forget(session, ("one", TEAM_A), (str(other), TEAM_A))
    ask(session, "big", gpu=2)
    stays = {name: "Running" for name in ("two", "three", "four") if name != other}
    stand(session, big="Running", **stays)


@check("RAI-PRI-008")
def a_workbench_that_may_be_taken_back_may_exceed_the_quota(session: Session) -> None:
    """One GPU is deserved, two are there."""
    world(session, [machines(gpus=2)], {TEAM_A: 1})
    ask(session, "one", gpu=1, interactive=True)
    ask(session, "two", gpu=1, interactive=True, preemptible=True)
    stand(session, one="Running", two="Running")


@check("RAI-PRI-009")
def a_workbench_that_is_taken_back_is_preempted(session: Session) -> None:
    """And stays so when there is room again."""
    world(session, [machines(gpus=2)], {TEAM_A: 1, TEAM_B: 1})
    ask(session, "one", gpu=1, interactive=True)
    ask(session, "two", gpu=1, interactive=True, preemptible=True)
    given(session, one="Running", two="Running")
    taker = ask(session, "train", TEAM_B, gpu=1)
    stand(session, one="Running", two="Preempted", train="Running")
    forget(session, taker)
    session.advance(60)
    stand(session, two="Preempted")


@check("RAI-PRI-010")
def a_workbench_is_not_taken_back(session: Session) -> None:
    """Though another project has nothing of what it deserves."""
    world(session, [machines(gpus=2)], {TEAM_A: 2, TEAM_B: 1})
    ask(session, "one", gpu=1, interactive=True)
    ask(session, "two", gpu=1, interactive=True)
    given(session, one="Running", two="Running")
    ask(session, "train", TEAM_B, gpu=1)
    session.advance(60)
    stand(session, one="Running", two="Running", train="Pending")


@check("RAI-PRI-011")
def idle_gpus_are_shared_by_quota(session: Session) -> None:
    """Three to one, eight GPUs, and the smaller project was there first with more than all of them."""
    world(session, [machines(gpus=8)], {TEAM_A: 3, TEAM_B: 1})
    for number in range(8):
        ask(session, f"b{number}", TEAM_B, gpu=1)
    for number in range(8):
        ask(session, f"a{number}", TEAM_A, gpu=1)
    shares = counted(session, TEAM_A), counted(session, TEAM_B)
    expect(shares == (6, 2), f"of eight GPUs the projects with quotas 3 and 1 have {shares[0]} and {shares[1]}, expected 6 and 2", session.exchanges[-1])


@check("RAI-PRI-012")
def parts_of_a_gpu_make_a_whole(session: Session) -> None:
    """Two halves fit, a further quarter does not; it does when a half has gone."""
    world(session, [machines(gpus=1)], {TEAM_A: 1})
    half = ask(session, "one", gpu=0.5)
    ask(session, "two", gpu=0.5)
    ask(session, "quarter", gpu=0.25)
    stand(session, one="Running", two="Running", quarter="Pending")
    forget(session, half)
    session.advance(SETTLED)
    stand(session, two="Running", quarter="Running")


@check("RAI-PRI-013")
def a_job_runs_on_its_node_type(session: Session) -> None:
    """In the letters that name it; the second one of a type waits although a machine of another is idle."""
    world(session, [machines(kind="Alpha", gpus=1), machines(kind="beta", gpus=1)])
    for kind in ("beta", "Alpha"):
        ask(session, f"on-{kind.lower()}", gpu=1, nodeType=kind)
        told = item(session, f"on-{kind.lower()}")
        needed(told is not MISSING, f"the job for {kind} is not listed")
        needed(told.get("status") == "Running" or kind != "beta", "the job for the first type does not run")
        expect(told.get("status") == "Running", f"a job for {kind}, of which a machine is idle, is {told.get('status')}", session.exchanges[-1])
        where = told.get("nodes")
        expect(str(where[0] if isinstance(where, list) else where).startswith(kind), f"a job for {kind} is on {where!r}", session.exchanges[-1])
    forget(session, ("on-alpha", TEAM_A))
    ask(session, "another", gpu=1, nodeType="beta")
    stand(session, another="Pending")


@check("RAI-PRI-014")
def guaranteed_cores_are_kept(session: Session) -> None:
    """Four cores: three and one fit, half a one more does not."""
    world(session, [machines(cpu=4)])
    ask(session, "three", cpu=3)
    last = ask(session, "one", cpu=1)
    ask(session, "half", cpu=0.5)
    stand(session, three="Running", one="Running", half="Pending")
    forget(session, last)
    session.advance(SETTLED)
    stand(session, half="Running")


MEMORY = {
    "fits": ("1Gi", "1024Mi", "1048576Ki", "1G", "1073M", "1073741k", "1073741824", "0.5Gi"),
    "waits": ("1.1Gi", "1025Mi", "1048577Ki", "1.1G", "1074M", "1073742k", "1073741825", "1T"),
}
"""What one gibibyte holds, and what not."""


@check("RAI-PRI-015")
def guaranteed_memory_is_kept(session: Session) -> None:
    """One gibibyte is there."""
    world(session, [machines(memory_gib=1)])
    for word, state in (("fits", "Running"), ("waits", "Pending")):
        for number, amount in enumerate(MEMORY[word]):
            name = f"{word}-{number}"
            job = ask(session, name, cpu=1, memory=amount)
            told = session.state(job)
            expect(told == state, f"a job with {amount} of 1Gi is {told or 'not listed'}, expected {state}", job.created, session.exchanges[-1])
            forget(session, job)


@check("RAI-PRI-016")
def a_gpu_is_given_once(session: Session) -> None:
    """Four GPUs: three and one fit, one more does not."""
    world(session, [machines(gpus=4)])
    ask(session, "three", gpu=3)
    ask(session, "one", gpu=1)
    ask(session, "more", gpu=1)
    stand(session, three="Running", one="Running", more="Pending")


@check("RAI-PRI-017")
def the_first_submitted_runs_first(session: Session) -> None:
    """Of jobs that are alike."""
    world(session, [machines(gpus=1)])
    holder = ask(session, "zero", gpu=1)
    for name in ("zz-first", "mm-second", "aa-third"):
        ask(session, name, gpu=1)
    given(session, zero="Running")
    forget(session, holder)
    session.advance(SETTLED)
    stand(session, **{"zz-first": "Running", "mm-second": "Pending", "aa-third": "Pending"})


@check("RAI-PRI-018")
def an_unknown_project_is_refused(session: Session) -> None:
    """The world has a list of projects."""
    world(session, [machines(gpus=1)], {TEAM_A: 1})
    ask(session, "one", gpu=1)
    told = session.post({"job": {"name": "two", "project": "team-nobody", "image": "alpine"}})
    expect(told.response.status == 404, f"a job of an unknown project was answered {told.response.status}", told)


@check("RAI-PRI-019")
def an_elastic_job_makes_do_with_less(session: Session) -> None:
    """Four GPUs are asked for; two are there, then one."""
    for gpus in (2, 1):
        world(session, [machines(gpus=gpus)])
        name = f"elastic-on-{gpus}"
        ask(session, name, gpu=4, elastic=True)
        stand(session, **{name: "Running"})
        same(gpus, item(session, name).get("currentAllocatedGPUs"), "currentAllocatedGPUs of an elastic job", session.exchanges[-1])


@check("RAI-PRI-020")
def an_elastic_job_grows(session: Session) -> None:
    """Two GPUs are free, later all four."""
    world(session, [machines(gpus=4)])
    other = ask(session, "other", gpu=2)
    ask(session, "elastic", gpu=4, elastic=True)
    given(session, other="Running", elastic="Running")
    forget(session, other)
    session.advance(60)
    same(4, item(session, "elastic").get("currentAllocatedGPUs"), "currentAllocatedGPUs of an elastic job with room", session.exchanges[-1])


@check("RAI-PRI-021")
def a_job_that_is_not_elastic_waits(session: Session) -> None:
    """Four GPUs are asked for, two are there."""
    world(session, [machines(gpus=2)])
    ask(session, "stiff", gpu=4, elastic=False)
    ask(session, "usual", gpu=4)
    stand(session, stiff="Pending", usual="Pending")


@check("RAI-DEF-005")
def a_gpu_comes_with_a_core(session: Session) -> None:
    """Two cores, eight GPUs: two jobs of one GPU fit."""
    world(session, [machines(cpu=2, gpus=8)])
    for name in ("one", "two", "three"):
        ask(session, name, gpu=1)
    stand(session, one="Running", two="Running", three="Pending")


@check("RAI-DEF-006")
def a_gpu_comes_with_memory(session: Session) -> None:
    """256 MiB, eight GPUs: two jobs of one GPU fit."""
    world(session, [machines(memory_gib=0.25, gpus=8)])
    for name in ("one", "two", "three"):
        ask(session, name, gpu=1)
    stand(session, one="Running", two="Running", three="Pending")
