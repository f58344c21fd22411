"""Quotas: the published walkthrough first, then what must hold whatever happens."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mockserver.simulation.cluster.node import Node
from mockserver.simulation.job import Job
from mockserver.simulation.placement.fair_shares import Project, fair_shares
from mockserver.simulation.placement.fairshare import FairShare
from mockserver.simulation.placement.victims import gpus
from mockserver.simulation.scenario.scenario import Distribution, Gpu, NodeClass, Scenario
from mockserver.simulation.scenario.scenario import Project as Quota
from mockserver.simulation.world import World
from tests.simulation import invariants
from tests.simulation.worlds import LIFECYCLES, after, ask

FOUR_GPUS = (NodeClass("n", 16, 64, count=2, gpu=Gpu(2, "V100")),)


def two_teams(**deserved: float) -> World:
    quotas = tuple(
        Quota(name.replace("_", "-"), amount) for name, amount in (deserved or {"team_a": 2, "team_b": 2}).items()
    )
    scenario = Scenario(nodes=FOUR_GPUS, projects=quotas, startup=Distribution(fixed=0), run=Distribution(fixed=10_000))
    return World(scenario, LIFECYCLES, epoch_us=0, log=None)


def train(here: World, key: str, project: str, gpu: float, **facts: object) -> Job:
    job = here.submit(ask(key, api="runai", project=project, gpu=gpu, preemptible=True, **facts))
    here.settle()
    return job


def build(here: World, key: str, project: str, gpu: float) -> Job:
    job = here.submit(ask(key, api="runai", project=project, gpu=gpu, priority=1, endless=True))
    here.settle()
    return job


def states(*jobs: Job) -> list[str]:
    return [job.state for job in jobs]


def test_the_walkthrough_of_over_quota_reclaim_and_consolidation() -> None:
    here = two_teams()
    a2, a1, b1 = train(here, "a2", "team-a", 2), train(here, "a1", "team-a", 1), train(here, "b1", "team-b", 1)
    assert states(a2, a1, b1) == ["Running"] * 3

    b2 = train(here, "b2", "team-b", 1)
    assert states(a2, a1, b1, b2) == ["Running", "Pending", "Running", "Running"]

    here.delete(a2)
    here.settle()
    assert states(a1, b1, b2) == ["Running"] * 3

    shared = [job for job in (a1, b1, b2) if job.holding[0][0] == b1.holding[0][0]]
    assert len(shared) == 2
    here.delete(next(job for job in shared if job.request.project == "team-b"))
    here.settle()
    before = {job: len(job.attempts()) for job in (a1, b1, b2)}
    big = train(here, "big", "team-a", 2)
    assert big.state == "Running"
    moved = [job for job, attempts in before.items() if len(job.attempts()) > attempts]
    assert len(moved) == 1
    assert moved[0].state == "Running"


def test_idle_gpus_are_shared_in_proportion_to_quota() -> None:
    here = two_teams(team_a=1.5, team_b=0.5)
    jobs = [train(here, f"{team}{number}", team, 1) for number in range(4) for team in ("team-b", "team-a")]

    running = Counter(job.request.project for job in jobs if job.state == "Running")

    assert running == {"team-a": 3, "team-b": 1}


def test_the_proportion_holds_whoever_came_first() -> None:
    here = two_teams(team_a=1.5, team_b=0.5)
    early = [train(here, f"b{number}", "team-b", 1) for number in range(4)]
    assert states(*early) == ["Running"] * 4

    late = [train(here, f"a{number}", "team-a", 1) for number in range(4)]

    assert Counter(job.state for job in late) == {"Running": 3, "Pending": 1}
    assert [job.state for job in early].count("Running") == 1


def test_building_stays_inside_quota_and_takes_back_its_own_training() -> None:
    here = two_teams()
    own = [train(here, f"t{number}", "team-a", 1) for number in range(4)]

    first, second, third = (build(here, f"i{number}", "team-a", 1) for number in range(3))

    assert states(first, second, third) == ["Running", "Running", "Pending"]
    assert [job.state for job in own].count("Running") == 2
    assert here.why_waiting(third).endswith("quota of team-a used up")


def test_building_is_never_evicted() -> None:
    here = two_teams()
    mine = [build(here, f"i{number}", "team-a", 1) for number in range(2)]
    theirs = [train(here, f"b{number}", "team-b", 1) for number in range(4)]

    assert states(*mine) == ["Running"] * 2
    assert [job.state for job in theirs].count("Running") == 2


def test_preemptible_building_may_exceed_quota_and_ends_when_evicted() -> None:
    here = two_teams()
    loose = here.submit(
        ask(
            "loose", api="runai", project="team-a", gpu=3, priority=1, endless=True, preemptible=True, restartable=False
        )
    )
    small = [
        here.submit(
            ask(f"s{number}", api="runai", project="team-a", gpu=1, endless=True, preemptible=True, restartable=False)
        )
        for number in range(3)
    ]
    here.settle()
    assert [job.state for job in small] == ["Running"] * 3
    assert loose.state == "Pending"

    for number in range(2):
        train(here, f"b{number}", "team-b", 1)

    assert sorted(job.state for job in small) == ["Preempted", "Running", "Running"]


def test_a_lost_node_counts_for_nobody_s_share_until_it_is_back() -> None:
    here = two_teams()
    jobs = [train(here, f"{team}{number}", team, 1) for number in range(2) for team in ("team-a", "team-b")]
    late = train(here, "late", "team-a", 1)
    assert states(*jobs, late) == ["Running"] * 4 + ["Pending"]

    here.fail_node("n-1")
    here.settle()
    assert Counter(job.request.project for job in jobs if job.holding) == {"team-a": 1, "team-b": 1}
    invariants.everything(here)
    here.restore_node("n-1")
    here.settle()

    assert states(*jobs, late) == ["Running"] * 4 + ["Pending"]
    here.add_node(Node("n-2", "n", cpu=16, memory=1 << 36, gpus=1))
    here.settle()
    assert late.state == "Running"


def test_a_fraction_counts_as_its_part() -> None:
    here = two_teams()

    halves = [train(here, f"h{number}", "team-a", 0.5) for number in range(4)]

    assert {job.holding[0] for job in halves} == {(0, (0,)), (0, (1,))}
    assert isinstance(here.scheduler.placement, FairShare)
    assert here.scheduler.placement.quotas.allocated["team-a"] == 2000


wanted = st.dictionaries(st.sampled_from(["a", "b", "c", "other"]), st.integers(0, 9), max_size=4)


@given(wanted, st.integers(0, 20), st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)))
def test_shares_are_a_water_filling(demand: dict[str, int], total: int, deserved: tuple[int, int, int]) -> None:
    projects = {name: Project(name, quota, float(quota)) for name, quota in zip("abc", deserved, strict=True)}

    shares = fair_shares(projects, demand, total)

    for name, project in projects.items():
        assert min(project.deserved, demand.get(name, 0)) <= shares[name] + 1e-6
        assert shares[name] <= demand.get(name, 0) + 1e-6
    guaranteed = sum(min(project.deserved, demand.get(name, 0)) for name, project in projects.items()) + demand.get(
        "other", 0
    )
    assert sum(shares.values()) + demand.get("other", 0) <= max(total, guaranteed) + 1e-6
    if guaranteed < total:
        unmet = [name for name in projects if shares[name] < demand.get(name, 0) - 1e-6 and projects[name].weight]
        assert not unmet or sum(shares.values()) + demand.get("other", 0) >= total - 1e-6


DESERVED = {"team-a": 2, "team-b": 1, "team-c": 0}
steps = st.lists(
    st.tuples(
        st.sampled_from(["train", "build", "delete", "wait"]),
        st.sampled_from(["team-a", "team-b", "team-c"]),
        st.sampled_from([0.5, 1, 1, 2]),
    ),
    max_size=25,
)


WHOM_TO_TAKE_FROM = [("train", team, 1.0) for team in ("team-a", "team-a", "team-c", "team-c", "team-b")]
"""Room for the last is to be taken from team-c, which deserves nothing, never from team-a, which has what it deserves.
"""


@settings(max_examples=150, deadline=None)
@given(steps)
@example(WHOM_TO_TAKE_FROM)
def test_quotas_hold_whatever_happens(story: list[tuple[str, str, float]]) -> None:
    here = two_teams(team_a=2, team_b=1, team_c=0)
    jobs: list[Job] = []
    for number, (what, team, gpu) in enumerate(story):
        if what == "delete" and jobs:
            here.delete(jobs.pop(number % len(jobs)))
        elif what == "wait":
            after(here, 1)
        elif what in ("train", "build"):
            before = {job: bool(job.holding) for job in jobs}
            allocated = dict(here.scheduler.placement.quotas.allocated)
            jobs.append(
                train(here, f"j{number}", team, gpu) if what == "train" else build(here, f"j{number}", team, gpu)
            )
            evicted = [job for job, held in before.items() if held and not job.holding]
            for job in evicted:
                assert job.request.preemptible
                project = job.request.project
                assert project == jobs[-1].request.project or allocated[project] > 1000 * DESERVED[project], (
                    "inside its quota, and yet evicted by another project"
                )
            assert not evicted or any(job.holding and not before.get(job, False) for job in jobs), (
                "somebody was evicted for nothing"
            )
        here.settle()
        invariants.everything(here)
        for name, quota in DESERVED.items():
            firm = sum(
                gpus(job) for job in jobs if job.holding and job.request.project == name and not job.request.preemptible
            )
            assert firm <= 1000 * quota
        free = [job for job in jobs if job.phase == "queued" and job.request.preemptible]
        assert not any(invariants.fits_now(here, job, node) for job in free for node in range(2)), (
            "idle room beside waiting training"
        )
