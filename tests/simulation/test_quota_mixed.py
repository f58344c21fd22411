"""The guarantee of deserved quota in worlds of everything: interactive work, elastic jobs, gangs, parts of GPUs,
weights, hard limits, cores that run short.

The definition is the narrowest there is: no job waits inside its project's quota while evicting work of others that is
wholly above theirs would place it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from random import Random

import pytest

from mockserver.simulation.job import Job
from mockserver.simulation.placement.victims import gpus, is_evictable
from mockserver.simulation.world import World
from tests.simulation import invariants
from tests.simulation.test_quota_guarantee import cluster, soft, train

MOST_VICTIMS = 3


class Standing:
    """What projects deserve and may have at most, in thousandths of GPUs, beside what they hold."""

    def __init__(self, here: World, deserved: dict[str, float], most: dict[str, float]) -> None:
        self.jobs = [job for job in here.jobs("runai").values() if job.holding or job.phase == "queued"]
        self.deserved = {name: 1000 * amount for name, amount in deserved.items()}
        self.most = {name: 1000 * amount for name, amount in most.items()}
        held = [job for job in self.jobs if job.holding]
        self.used = Counter(dict.fromkeys(deserved, 0))
        self.firm = Counter(self.used)
        for job in held:
            self.used[job.request.project] += gpus(job)
            self.firm[job.request.project] += 0 if job.request.preemptible else gpus(job)

    def guaranteed(self) -> Iterator[Job]:
        """Those that wait although they fit inside what their project deserves."""
        for job in self.jobs:
            name, wanted = job.request.project, gpus(job)
            total = self.used[name] + wanted
            firm = 0 if job.request.preemptible else self.firm[name] + wanted
            fits = total <= min(self.deserved[name], self.most.get(name, total)) and firm <= self.deserved[name]
            if fits and job.phase == "queued" and wanted and job.shape.can_ever_run:
                yield job

    def spare(self, job: Job) -> Iterator[tuple[Job, ...]]:
        """Work of others that is wholly above what these deserve."""
        others = [
            one
            for one in self.jobs
            if one.holding and one.request.project != job.request.project and is_evictable(one) and gpus(one)
        ]
        for count in range(MOST_VICTIMS + 1):
            for some in combinations(others, count):
                lost = Counter[str]()
                for victim in some:
                    lost[victim.request.project] += gpus(victim)
                if all(self.used[name] - amount >= self.deserved[name] for name, amount in lost.items()):
                    yield some


def places(here: World, job: Job, gone: tuple[Job, ...]) -> bool:
    """Whether `job` would find its nodes if these were gone."""
    nodes = here.scheduler.cluster
    held = [(victim.shape, hold) for victim in gone for hold in victim.holding]
    for shape, hold in held:
        nodes.give_back(shape, hold)
    found = nodes.feasible(job.shape, -1).bit_count() >= job.shape.count
    for shape, hold in reversed(held):
        nodes.take_again(shape, hold)
    return found


def random_world(draw: Random) -> tuple[World, dict[str, float], dict[str, float]]:
    """Quotas that the cluster can keep; sometimes weights, sometimes a hard limit, sometimes few cores."""
    nodes, gpu = draw.randint(1, 4), draw.choice([2, 4, 8])
    names = [f"p{number}" for number in range(draw.randint(2, 4))]
    cuts = sorted(draw.randint(0, nodes * gpu) for _ in names)
    deserved = {name: float(high - low) for name, low, high in zip(names, [0, *cuts], cuts, strict=False)}
    weights = {f"weight_{name}": draw.choice([0, 1, 2, 5]) for name in names} if draw.random() < 0.4 else {}
    most = {name: deserved[name] + draw.randint(0, 2) for name in names if draw.random() < 0.15}
    limits = {f"most_{name}": amount for name, amount in most.items()}
    return cluster(nodes, gpu, deserved, cpu=draw.choice([16, 64, 64]), **weights, **limits), deserved, most


def submit(here: World, draw: Random, key: str, project: str, kinds: str) -> None:
    """One job of a kind that this world has."""
    gpu, facts = draw.choice([1, 2, 4, 8]), {"cpu": draw.choice([0, 0, 2, 8])}
    kind = draw.choice(["plain", *kinds.split()])
    if kind == "interactive":
        facts |= {"priority": 1, "restartable": False, "preemptible": draw.random() < 0.5}
    if kind == "elastic":
        soft(here, key, project, max(2, gpu))
    elif kind == "gangs":
        train(here, key, project, draw.choice([1, 2, 4]), nodes=2, **facts)
    elif kind == "parts":
        train(here, key, project, draw.choice([0.25, 0.5, 0.5]), **facts)
    else:
        train(here, key, project, gpu, **facts)


@pytest.mark.parametrize("kinds", ["interactive", "elastic", "gangs", "parts", "interactive elastic gangs parts"])
def test_no_job_inside_a_quota_waits_for_what_others_have_above_theirs(kinds: str) -> None:
    for seed in range(60):
        draw = Random(seed)
        here, deserved, most = random_world(draw)
        for number in range(30):
            alive = list(here.jobs("runai").values())
            if alive and draw.random() < 0.3:
                here.delete(draw.choice(alive))
            submit(here, draw, f"j{number}", draw.choice(list(deserved)), kinds)
            invariants.everything(here)
            standing = Standing(here, deserved, most)
            for job in standing.guaranteed():
                denied = next((some for some in standing.spare(job) if places(here, job, some)), None)
                assert denied is None, f"seed {seed}, step {number}: {job} waits though {denied} could go"
