"""Elastic jobs: they take what there is, and grow where nobody waits."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.simulation.job import Job, JobRequest, ResourceRequest
from mockserver.simulation.scenario import Gpu, NodeClass, Project
from tests.simulation import invariants
from tests.simulation.worlds import after, world

elastic = st.tuples(st.sampled_from([1, 2, 4]), st.booleans(), st.sampled_from(["sleep 3", "sleep 10", "sleep 40"]), st.integers(0, 6))


@settings(max_examples=80, deadline=None)
@given(st.lists(elastic, max_size=10), st.booleans())
def test_elastic_jobs_evict_nobody_and_use_what_nobody_waits_for(asked: list[tuple[int, bool, str, int]], with_projects: bool) -> None:
    quotas = (Project("a", 2), Project("b", 2)) if with_projects else ()
    here = world(nodes=(NodeClass("g", 16, 64, count=2, gpu=Gpu(4, "A")),), projects=quotas)
    jobs: list[Job] = []
    for number, (gpu, is_soft, command, pause) in enumerate(asked):
        less = tuple(ResourceRequest(gpu=gpu // 2**step) for step in (1, 2) if gpu >= 2**step) if is_soft else ()
        request = JobRequest("runai", f"j{number}", ResourceRequest(gpu=gpu), project="ab"[number % 2], preemptible=True, command=command, elastic=less)
        jobs.append(here.submit(request))
        after(here, pause)
        invariants.everything(here)
        waiting = [job for job in jobs if job.phase == "queued"]
        assert not any(invariants.fits_now(here, job, node) for job in waiting for node in range(2))
        for job in jobs:
            held = sum(len(devices) for _, devices in job.holding)
            if job.holding and 0 < held < job.request.resources.gpu:
                assert job.request.elastic
                free = here.scheduler.cluster.devices[job.holding[0][0]].count(1000)
                bigger = [one.gpu for one in (job.request.resources, *job.request.elastic) if one.gpu > held]
                assert waiting or min(bigger) > held + free

    after(here, 10_000)

    assert {job.state for job in jobs} <= {"Succeeded"}
