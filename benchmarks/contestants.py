"""The contestants of the scheduler's benchmark, each run in a process of its own: `python -m benchmarks.contestants
KIND NODES JOBS`.

All get the same jobs, drawn from one seed: 20 request shapes over cores, memory and GPUs, run times uniform from 50 to
150 s, Poisson arrivals that ask for 1.1 times what there is of the scarcest resource. `ours` also starts jobs up, fails
one run in twenty, retries, keeps three priorities, packs nodes and writes every job's history; `ours, bare` is first
come, first served with first fit, as SimPy is.
"""

from __future__ import annotations

import gc
import json
import random
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

NODE = (16, 64, 4)
LOAD = 1.1


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for: seconds of arrival and of running, (cores, GiB, GPUs), priority."""

    at: float
    run: float
    wanted: tuple[int, int, int]
    priority: int


def jobs(nodes: int, count: int) -> list[Job]:
    """The same jobs for everybody."""
    draw = random.Random(1)
    shapes = [
        (draw.choice([1, 2, 4, 8]), draw.choice([1, 2, 4, 8, 16]), draw.choice([0, 0, 0, 1, 2])) for _ in range(20)
    ]
    scarcest = max(sum(shape[index] for shape in shapes) / len(shapes) / whole for index, whole in enumerate(NODE))
    rate = nodes / (scarcest * 100) * LOAD
    at, made = 0.0, []
    for _ in range(count):
        at += draw.expovariate(rate)
        made.append(Job(at, draw.uniform(50, 150), draw.choice(shapes), draw.randrange(3)))
    return made


def world(nodes: int, *, is_bare: bool = False, run: Any = None) -> Any:
    """Our world with so many nodes alike."""
    import specs
    from mockserver.simulation.lifecycle import CompiledLifecycle
    from mockserver.simulation.scenario.distribution import Distribution
    from mockserver.simulation.scenario.scenario import Gpu, NodeClass, Scenario
    from mockserver.simulation.world import World

    cpu, memory, gpu = NODE
    scenario = Scenario(
        nodes=(NodeClass("n", cpu, memory, count=nodes, gpu=Gpu(gpu, "A")),),
        placement="first-fit" if is_bare else "bin-pack",
        startup=Distribution(fixed=0) if is_bare else Distribution(uniform=(1, 3)),
        run=run or Distribution(uniform=(50, 150)),
        failure_rate=0 if is_bare else 0.05,
        most_jobs=10**9,
    )
    lifecycle = specs.load("runai").lifecycle
    assert lifecycle is not None
    return World(scenario, {"runai": CompiledLifecycle(lifecycle)}, epoch_us=0)


def requests(made: list[Job], *, is_bare: bool) -> Iterator[tuple[int, Any]]:
    """(microsecond, our request) of each job. Bare jobs run as long as SimPy's; the others as drawn by the world."""
    from mockserver.simulation.request import JobRequest, ResourceRequest, Script

    known = {
        job.wanted: ResourceRequest(cpu=job.wanted[0], memory=job.wanted[1] << 30, gpu=job.wanted[2]) for job in made
    }
    for number, job in enumerate(made):
        facts: dict[str, Any] = (
            {"script": Script(run_seconds=job.run)} if is_bare else {"priority": job.priority, "retries": 1}
        )
        yield int(job.at * 1e6), JobRequest(api="runai", key=str(number), resources=known[job.wanted], **facts)


def ours(nodes: int, count: int, *, is_bare: bool = False) -> dict[str, float]:
    """Complete lifecycles per second of our engine."""
    return played(world(nodes, is_bare=is_bare), list(requests(jobs(nodes, count), is_bare=is_bare)))


def played(here: Any, asked: list[tuple[int, Any]]) -> dict[str, float]:
    """Complete lifecycles per second of one of our worlds of which this is asked at these microseconds."""
    scheduler, lifecycle = here.scheduler, here.lifecycles["runai"]
    _settle_memory()
    began = time.process_time()
    for at, request in asked:
        scheduler.advance(at)
        scheduler.submit(request, lifecycle)
    scheduler.advance(1 << 60)
    took = time.process_time() - began
    return {"jobs_per_s": len(asked) / took, "seconds": took, "transitions": scheduler.logged}


def simpy(nodes: int, count: int) -> dict[str, float]:
    """Jobs per second of SimPy as its documentation teaches it: a process per job, that waits for its node, runs and
    leaves.
    """
    import simpy as library

    made, env, bare = jobs(nodes, count), library.Environment(), _FirstCome(nodes)

    def live(job: Job) -> Iterator[Any]:
        granted = env.event()
        bare.queue.append((job.wanted, granted.succeed))
        bare.place()
        node = yield granted
        yield env.timeout(job.run)
        bare.leave(job.wanted, node)

    def arrive() -> Iterator[Any]:
        for job in made:
            if job.at > env.now:
                yield env.timeout(job.at - env.now)
            env.process(live(job))

    env.process(arrive())
    return _timed(env, bare, count)


def simpy_callbacks(nodes: int, count: int) -> dict[str, float]:
    """The same by hand: no processes but one, a callback on one event per job."""
    import simpy as library

    made, env, bare = jobs(nodes, count), library.Environment(), _FirstCome(nodes)

    def begin(job: Job, node: list[int]) -> None:
        env.timeout(job.run).callbacks.append(lambda _: bare.leave(job.wanted, node))

    def arrive() -> Iterator[Any]:
        for job in made:
            if job.at > env.now:
                yield env.timeout(job.at - env.now)
            bare.queue.append((job.wanted, lambda node, job=job: begin(job, node)))
            bare.place()

    env.process(arrive())
    return _timed(env, bare, count)


class _FirstCome:
    """Nodes and a queue: first come, first served, the first node that fits, and nobody overtakes the head."""

    def __init__(self, nodes: int) -> None:
        self.free = [list(NODE) for _ in range(nodes)]
        self.queue: deque[tuple[tuple[int, int, int], Any]] = deque()
        self.ended = 0

    def place(self) -> None:
        """Serve the queue's head as long as a node fits."""
        while self.queue:
            cpu, memory, gpu = self.queue[0][0]
            for node in self.free:
                if node[0] >= cpu and node[1] >= memory and node[2] >= gpu:
                    break
            else:
                return
            node[0] -= cpu
            node[1] -= memory
            node[2] -= gpu
            self.queue.popleft()[1](node)

    def leave(self, wanted: tuple[int, int, int], node: list[int]) -> None:
        """Give back what a job held, and serve those who wait."""
        for index, amount in enumerate(wanted):
            node[index] += amount
        self.ended += 1
        self.place()


def _timed(env: Any, bare: _FirstCome, count: int) -> dict[str, float]:
    _settle_memory()
    began = time.process_time()
    env.run()
    took = time.process_time() - began
    if bare.ended != count:
        raise RuntimeError(f"only {bare.ended} of {count} jobs have ended")
    return {"jobs_per_s": count / took, "seconds": took}


def memory(nodes: int, count: int) -> dict[str, float]:
    """Bytes per live job, the engine alone: with as many running as the nodes hold and the others waiting; with all
    running; with all waiting.
    """
    mixed, share, request = _bytes_per_job(nodes, count)
    running, _, _ = _bytes_per_job(nodes, max(1, round(count * share / 3)))
    waiting, _, _ = _bytes_per_job(1, count)
    return {
        "bytes_per_job": mixed,
        "share_running": share,
        "all_running": running,
        "all_waiting": waiting,
        "request": request,
    }


def _bytes_per_job(nodes: int, count: int) -> tuple[float, float, float]:
    """(bytes per job, share running, bytes of a request); the first thousand jobs bring the world's own structures into
    being.
    """
    from mockserver.simulation.scenario.distribution import Distribution

    made = jobs(nodes, count + 1000)
    here = world(nodes, run=Distribution(uniform=(5_000, 15_000)))
    scheduler, lifecycle = here.scheduler, here.lifecycles["runai"]
    kept: list[Any] = []
    tracemalloc.start()
    asked = [request for _, request in requests(made, is_bare=False)]
    sizes = [tracemalloc.get_traced_memory()[0] / len(asked)]
    for batch in (asked[:1000], asked[1000:]):
        kept += [scheduler.submit(request, lifecycle) for request in batch]
        scheduler.advance(scheduler.clock.now + 10_000_000)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    if any(job.is_over for job in kept):
        raise RuntimeError("some jobs are over: their run time is too short for this")
    share = sum(job.phase == "running" for job in kept[1000:]) / count
    return (sizes[2] - sizes[1] - 8 * count) / count, share, sizes[0]


def _settle_memory() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


def main() -> None:
    """Run one contestant and print its figures as JSON."""
    from benchmarks import policies

    kind, nodes, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    contestants = {
        "ours": ours,
        "ours, bare": partial(ours, is_bare=True),
        "simpy": simpy,
        "simpy, callbacks": simpy_callbacks,
        "memory": memory,
        **policies.CONTESTANTS,
    }
    print(json.dumps(contestants[kind](nodes, count)))


if __name__ == "__main__":
    main()
