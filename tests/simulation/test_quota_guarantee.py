"""What a project deserves is a guarantee: small worlds worked out by hand, and random ones in which nobody is denied
it.
"""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from mockserver.simulation.job import Job
from mockserver.simulation.placement.prospects import Prospects
from mockserver.simulation.placement.quotas import Quotas
from mockserver.simulation.placement.victims import gpus, is_evictable
from mockserver.simulation.request import ResourceRequest
from mockserver.simulation.scenario.distribution import Distribution
from mockserver.simulation.scenario.scenario import Gpu, NodeClass, Project, Scenario
from mockserver.simulation.world import World
from tests.simulation import invariants
from tests.simulation.worlds import LIFECYCLES, ask


def cluster(nodes: int, gpu: int, deserved: dict[str, float], *, cpu: float = 64, **facts: float) -> World:
    """Nodes alike under quotas; runs never end by themselves. `weight_a` and `most_a` are facts of project a."""
    projects = tuple(
        Project(name, amount, facts.get(f"weight_{name}"), facts.get(f"most_{name}"))
        for name, amount in deserved.items()
    )
    kind = NodeClass("n", cpu, 64, count=nodes, gpu=Gpu(gpu, "V100"))
    return World(
        Scenario(nodes=(kind,), projects=projects, startup=Distribution(fixed=0), run=Distribution(fixed=1e6)),
        LIFECYCLES,
        epoch_us=0,
        log=None,
    )


def train(here: World, key: str, project: str, gpu: float, **facts: object) -> Job:
    job = here.submit(ask(key, api="runai", project=project, gpu=gpu, **{"cpu": 0, "preemptible": True, **facts}))
    here.settle()
    return job


def soft(here: World, key: str, project: str, gpu: int) -> Job:
    less = tuple(ResourceRequest(gpu=gpu // 2**step) for step in range(1, gpu.bit_length()))
    return train(here, key, project, gpu, elastic=less)


def running(*jobs: Job) -> list[bool]:
    return [bool(job.holding) for job in jobs]


def held(*jobs: Job) -> list[int]:
    return [gpus(job) // 1000 if job.holding else 0 for job in jobs]


def test_a_job_inside_its_quota_takes_from_whoever_is_above_theirs_whatever_the_fair_shares_say() -> None:
    here = cluster(2, 3, {"a": 2, "b": 2})
    first, second = train(here, "a1", "a", 2), train(here, "a2", "a", 2)

    mine = train(here, "b1", "b", 2)

    assert running(first, second, mine) == [True, False, True]


def test_the_plan_of_every_node_is_looked_at_not_the_one_the_youngest_suggest() -> None:
    here = cluster(2, 2, {"p0": 0, "p1": 3, "p2": 1})
    train(here, "a", "p1", 1)
    dummy = train(here, "dummy", "p0", 1)
    c, d = train(here, "c", "p2", 1), train(here, "d", "p0", 1)
    here.delete(dummy)
    here.settle()
    e = train(here, "e", "p2", 1)

    wanted = train(here, "want2", "p1", 2)

    assert wanted.holding
    assert running(c, d, e) == [False, False, True]


def test_interactive_work_that_can_be_evicted_takes_the_place_of_training_before_the_quota_is_asked() -> None:
    here = cluster(1, 1, {"a": 1})
    training = train(here, "t1", "a", 1)

    interactive = train(here, "i1", "a", 1, priority=1, restartable=False)

    assert running(training, interactive) == [False, True]


def test_fair_shares_are_whole_gpus_and_what_is_left_goes_to_the_largest_fraction() -> None:
    here = cluster(1, 8, {"a": 4, "b": 2})
    theirs = [train(here, f"a{number}", "a", size) for number, size in enumerate((5, 1, 1))]

    mine = train(here, "b1", "b", 3)

    assert mine.holding
    assert running(*theirs) == [True, False, False]


def test_without_weights_what_is_idle_is_shared_by_quota_and_with_weights_by_these_alone() -> None:
    here = cluster(1, 4, {"a": 0, "b": 0}, weight_a=3, weight_b=1)
    early = [train(here, f"b{number}", "b", 1) for number in range(4)]

    late = [train(here, f"a{number}", "a", 1) for number in range(4)]

    assert (sum(running(*late)), sum(running(*early))) == (3, 1)


def test_nobody_exceeds_the_most_it_may_have_though_gpus_are_idle() -> None:
    here = cluster(1, 4, {"a": 1}, most_a=2)

    jobs = [train(here, f"a{number}", "a", 1) for number in range(3)]

    assert running(*jobs) == [True, True, False]
    assert here.why_waiting(jobs[2]).endswith("quota of a used up")


def test_a_job_without_gpus_takes_nobody_s_gpu_away() -> None:
    here = cluster(1, 1, {"a": 0, "b": 1}, cpu=2)
    theirs = train(here, "g", "a", 1, cpu=2)

    mine = train(here, "c", "b", 0, cpu=2)

    assert running(theirs, mine) == [True, False]


def test_an_elastic_job_takes_its_full_size_inside_its_quota_by_reclaim_before_it_halves() -> None:
    here = cluster(1, 4, {"a": 2, "b": 2})
    theirs = [train(here, f"a{number}", "a", 1) for number in range(4)]

    mine = soft(here, "e", "b", 2)

    assert held(mine) == [2]
    assert sum(running(*theirs)) == 2


def test_an_elastic_job_takes_its_full_size_by_consolidation_before_it_halves() -> None:
    here = cluster(2, 2, {"a": 4})
    jobs = [train(here, f"t{number}", "a", 1) for number in range(3)]
    here.delete(jobs[1])
    here.settle()

    mine = soft(here, "e", "a", 2)

    assert held(mine) == [2]
    assert running(jobs[0], jobs[2]) == [True, True]


def test_a_part_of_a_gpu_goes_where_a_device_is_in_part_use() -> None:
    here = cluster(2, 2, {"a": 4})
    big, first = train(here, "big", "a", 2), train(here, "f1", "a", 0.5)
    here.delete(big)
    here.settle()

    second = train(here, "f2", "a", 0.5)

    assert second.holding == first.holding


def test_parts_of_gpus_are_moved_together_within_a_node() -> None:
    here = cluster(1, 2, {"a": 2})
    parts = [train(here, f"f{number}", "a", 0.5) for number in range(3)]
    here.delete(parts[1])
    here.settle()

    whole = train(here, "w", "a", 1)

    assert running(parts[0], parts[2], whole) == [True, True, True]


def test_a_gang_is_helped_by_consolidation() -> None:
    here = cluster(4, 2, {"a": 8})
    jobs = [train(here, f"t{number}", "a", 1) for number in range(8)]
    for job in jobs[1::2]:
        here.delete(job)
    here.settle()

    gang = train(here, "gang", "a", 2, nodes=2)

    assert len(gang.holding) == 2
    assert running(*jobs[::2]) == [True] * 4


# Random worlds


def denied(here: World, deserved: dict[str, float]) -> str:
    """A job that waits although it fits inside its project's quota and evicting work above the quotas of others would
    place it.
    """
    jobs = [job for job in here.jobs("runai").values() if job.holding or job.phase == "queued"]
    holds = {name: sum(gpus(job) for job in jobs if job.holding and job.request.project == name) for name in deserved}
    for job in (one for one in jobs if one.phase == "queued"):
        name = job.request.project
        if holds[name] + gpus(job) > 1000 * deserved[name]:
            continue
        for node in range(len(here.scheduler.cluster.nodes)):
            there = [
                other
                for other in jobs
                if other.holding
                and other.holding[0][0] == node
                and other.request.project != name
                and is_evictable(other)
            ]
            for count in range(len(there) + 1):
                for some in combinations(there, count):
                    if over_quota(some, holds, deserved) and would_fit(here, job, node, some):
                        return f"{job} of {name} waits although {some} could go from node {node}"
    return ""


def over_quota(victims: tuple[Job, ...], holds: dict[str, int], deserved: dict[str, float]) -> bool:
    """Whether each project is above its quota until the last of these, the largest, goes."""
    for name in {job.request.project for job in victims}:
        sizes = sorted(gpus(job) for job in victims if job.request.project == name)
        if holds[name] - sum(sizes[:-1]) <= 1000 * deserved[name]:
            return False
    return True


def would_fit(here: World, job: Job, node: int, gone: tuple[Job, ...]) -> bool:
    cluster = here.scheduler.cluster
    for other in gone:
        cluster.give_back(other.shape, other.holding[0])
    try:
        return bool(cluster.feasible(job.shape, 1 << node))
    finally:
        for other in reversed(gone):
            cluster.take_again(other.shape, other.holding[0])


def random_world(seed: int, sizes: tuple[float, ...]) -> tuple[World, dict[str, float], Random]:
    draw = Random(seed)
    nodes, gpu = draw.randint(2, 4), draw.choice([2, 4] if max(sizes) <= 4 else [8])
    names = [f"p{number}" for number in range(draw.randint(2, 3))]
    cuts = sorted(draw.randint(0, nodes * gpu) for _ in names[1:])
    deserved = {
        name: float(high - low) for name, low, high in zip(names, [0, *cuts], [*cuts, nodes * gpu], strict=True)
    }
    return cluster(nodes, gpu, deserved), deserved, draw


KINDS = {
    "whole": (1,),
    "to two": (1, 2),
    "to four": (1, 2, 3, 4),
    "to eight": (1, 2, 4, 8),
    "parts": (0.25, 0.5, 0.5, 1, 2),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_world_settles_with_a_project_denied_what_it_deserves(kind: str) -> None:
    nobody_is_denied(kind, 300)


def nobody_is_denied(kind: str, worlds: int) -> None:
    for seed in range(worlds):
        here, deserved, draw = random_world(seed, KINDS[kind])
        for number in range(40):
            alive = list(here.jobs("runai").values())
            if alive and draw.random() < 0.25:
                here.delete(draw.choice(alive))
            train(here, f"j{number}", draw.choice(list(deserved)), draw.choice(KINDS[kind]))
            assert not denied(here, deserved), f"seed {seed}, step {number}: {denied(here, deserved)}"
        invariants.everything(here)


# What is not tried again


def every_transition(seed: int) -> list[tuple[str, int, str, str]]:
    """All that happens in a random world in which more is asked for than there is, things end, nodes come and go."""
    here, deserved, draw = random_world(seed, (0.5, 1, 2, 4))
    for number in range(60):
        alive = list(here.jobs("runai").values())
        chance = draw.random()
        if chance < 0.25:
            here.delete(draw.choice(alive)) if alive else None
        elif chance < 0.35:
            draw.choice([here.drain_node, here.restore_node, here.fail_node])(draw.choice(here.nodes()).node.name)
        facts = {"priority": draw.choice([0, 50, 100]), "preemptible": draw.random() < 0.7}
        train(here, f"j{number}", draw.choice([*deserved, "other"]), draw.choice([0.5, 1, 1, 2, 4]), **facts)
    return [
        (job.key, instant, stage.name, event)
        for job in here.jobs("runai").values()
        for instant, stage, event, _ in job.steps()
    ]


def test_what_is_not_tried_again_would_have_been_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [every_transition(seed) for seed in range(40)]

    fresh = iter(range(1, 10**9))
    monkeypatch.setattr(Prospects, "stamp", lambda self, project: next(fresh))
    monkeypatch.setattr(Prospects, "failed", lambda self, what: False)
    monkeypatch.setattr(Quotas, "_matters", lambda self, name, amount: True)

    assert [every_transition(seed) for seed in range(40)] == quick


def test_whoever_leaves_a_node_helps_those_who_can_clear_the_rest_of_it_though_others_still_wait_in_vain() -> None:
    here = cluster(2, 2, {"a": 2, "b": 2, "c": 2})
    neighbour = train(here, "c1", "c", 1, preemptible=False)
    low = train(here, "b1", "b", 1)
    train(here, "c2", "c", 1, preemptible=False)
    train(here, "a1", "a", 1)
    in_vain, helped = (train(here, name, name[0], 2, priority=100) for name in ("a2", "b2"))
    assert running(in_vain, helped) == [False, False]

    here.delete(neighbour)
    here.settle()

    assert running(in_vain, helped, low) == [False, True, False]


def test_a_share_grows_as_soon_as_another_project_wants_less() -> None:
    here = cluster(1, 4, {"a": 1, "b": 1, "c": 2})
    [train(here, f"a{number}", "a", 1) for number in range(3)]
    train(here, "b1", "b", 1)
    never = train(here, "c1", "c", 2, cpu=65)
    mine = train(here, "b2", "b", 1)
    assert not mine.holding

    here.delete(never)
    here.settle()

    assert mine.holding
