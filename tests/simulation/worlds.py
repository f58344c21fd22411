"""Small worlds and the strategies that fill them; the one place where simulation tests make either."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import specs
from mockserver.simulation.clock import MICRO
from mockserver.simulation.job import Job
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.request import Backoff, JobRequest, Limits, ResourceRequest, Team
from mockserver.simulation.scenario.scenario import GIB, Distribution, Gpu, NodeClass, Scenario
from mockserver.simulation.world import World

LIFECYCLES = {
    name: CompiledLifecycle(lifecycle)
    for name in specs.names()
    if (lifecycle := specs.load(name).lifecycle) is not None
}

SMALL = (
    NodeClass("plain", 4, 8, count=2, storage_gib=10, labels={"disk": "ssd"}),
    NodeClass(
        "gpu",
        4,
        16,
        gpu=Gpu(2, "A100", "11111111-1111-4111-8111-111111111111", 40),
        labels={"fast": "yes"},
        custom={"NPU": 2},
    ),
)


def world(**changes: Any) -> World:
    """A world with three small nodes, runs of 10 s, no start-up delay; `changes` go to its scenario."""
    facts: dict[str, Any] = {"nodes": SMALL, "startup": Distribution(fixed=0), "run": Distribution(fixed=10)} | changes
    return World(Scenario(**facts), LIFECYCLES, epoch_us=0, log=None)


def ask(key: str, *, api: str = "xio", cpu: float = 1, **facts: Any) -> JobRequest:
    """A request for a job of `api`; what is not a field of JobRequest goes to its ResourceRequest or Limits."""
    limits = {name: facts.pop(name) for name in ("assign", "start", "run", "total") if name in facts}
    wants = {
        name: facts.pop(name)
        for name in ("memory", "gpu", "gpu_model", "gpu_registry", "vram", "custom", "labels")
        if name in facts
    }
    return JobRequest(api=api, key=key, resources=ResourceRequest(cpu=cpu, **wants), limits=Limits(**limits), **facts)


def after(here: World, seconds: float) -> World:
    """The same world, so many seconds later."""
    here.advance_to(here.now_us + round(seconds * MICRO))
    return here


def path(job: Job) -> list[tuple[float, str]]:
    """(second, state) of each state the job has entered."""
    return [(instant / MICRO, stage.name) for instant, stage, _, _ in job.steps()]


def timeline(here: World) -> list[tuple[int, str, str, str]]:
    """The whole event log in comparable form."""
    return [(instant, job.key, stage.name, event) for instant, job, stage, event in here.scheduler.log]


def placed(here: World) -> list[tuple[str, object, object]]:
    """What everybody holds where."""
    return [(job.key, job.holding, job.shape.request) for job in here.everybody()]


resources = st.builds(
    ResourceRequest,
    cpu=st.sampled_from([0, 0.5, 1, 2, 4, 5]),
    memory=st.sampled_from([0, GIB, 8 * GIB]),
    gpu=st.sampled_from([0, 0, 0.25, 0.5, 1, 2]),
    storage=st.sampled_from([0, 0, GIB]),
    gpu_model=st.sampled_from([None, None, "A100", "H100"]),
    custom=st.sampled_from([(), (), (("NPU", 1.0),), (("TPU", 1.0),)]),
    labels=st.sampled_from([(), (), ("fast",), ("disk",)]),
)

spans = st.sampled_from([0, 1, 2, 5, 10])
limits = st.builds(
    Limits, assign=st.none() | spans, start=st.none() | spans, run=st.none() | spans, total=st.none() | spans
)
requests = st.builds(
    lambda **facts: JobRequest(**facts),  # hypothesis cannot read a struct's hints
    api=st.sampled_from(sorted(LIFECYCLES)),
    key=st.just(""),
    resources=resources,
    priority=st.integers(0, 2),
    limits=limits,
    retries=st.integers(0, 2),
    backoff=st.sampled_from([Backoff(), Backoff(1, 3)]),
    command=st.sampled_from(["", "sleep 0", "sleep 1", "sleep 5", "sleep 10", "exit 1", "sleep 2; exit 3"]),
    not_before=st.sampled_from([0, 0, 3, 20]),
    ttl=st.none() | spans,
    elastic=st.sampled_from(
        [(), (), (ResourceRequest(cpu=2, gpu=1), ResourceRequest(cpu=1)), (ResourceRequest(cpu=0.5),)]
    ),
    team=st.none()
    | st.builds(
        Team, size=st.integers(1, 4), parallel=st.integers(1, 3), tolerate=st.integers(0, 2), run=st.none() | spans
    ),
)
scenarios = st.builds(
    Scenario,
    nodes=st.sampled_from([SMALL, SMALL[:1], SMALL[1:]]),
    placement=st.sampled_from(["bin-pack", "first-fit", "spread"]),
    startup=st.sampled_from([Distribution(fixed=0), Distribution(fixed=2), Distribution(uniform=(0, 3))]),
    run=st.sampled_from([Distribution(fixed=5), Distribution(uniform=(0, 9)), Distribution(log_normal=(1, 1))]),
    failure_rate=st.sampled_from([0, 0.5]),
    seed=st.integers(0, 3),
)
