"""A job's history in words, whatever way the list behind it is laid out."""

from __future__ import annotations

from mockserver.simulation.request import Outcome
from tests.simulation.worlds import after, ask, path, world


def test_a_job_says_what_happened_last_and_when() -> None:
    here = world()
    job = here.submit(ask("a", cpu=4, command="sleep 10"))
    assert (job.last_event, job.last_detail, job.since, job.previous_stage, job.step_count) == (
        "submitted",
        None,
        0,
        None,
        1,
    )

    after(here, 12)

    assert job.last_event == "succeeded"
    assert job.last_detail == Outcome(None)
    assert job.since == job.ended == 10_000_000
    assert job.previous_stage is not None
    assert job.previous_stage.phase == "running"
    assert job.step_count == len(path(job))


def test_a_job_says_when_it_left_a_state_and_which_it_entered_since() -> None:
    here = world()
    job = here.submit(ask("a", cpu=4, command="sleep 10"))
    first = job.state
    assert job.left(first) is None
    after(here, 3)
    seen = job.step_count

    after(here, 20)

    assert job.left(first) == 0
    assert job.left("RUNNING") == 10_000_000
    assert job.left(job.state) is None
    assert job.left("no such state") is None
    assert [stage.name for stage in job.stages_after(seen)] == [job.state]


def test_a_job_says_which_nodes_each_attempt_was_given() -> None:
    here = world()
    job = here.submit(ask("a", cpu=4, retries=1, command="sleep 10"))
    assert job.first_allocated() is None
    assert job.last_entered("running") is None
    assert job.nodes_of(1) == job.nodes_of(-1) == ()
    after(here, 5)
    here.fail_node("plain-0")
    after(here, 1)

    assert [nodes for _, nodes in job.allocations()] == [("plain-0",), ("plain-1",)]
    assert job.first_allocated() == 0
    assert job.last_entered("running") == 5_000_000
    assert (job.nodes_of(1), job.nodes_of(2), job.nodes_of(-1), job.nodes_of(3)) == (
        ("plain-0",),
        ("plain-1",),
        ("plain-1",),
        (),
    )
