from __future__ import annotations

import pytest

from mockserver.simulation.cluster.node import Node
from mockserver.simulation.errors import DuplicateNode, NotPossible, UnknownNode
from mockserver.simulation.request import Outcome
from mockserver.simulation.scenario.scenario import GIB, Distribution, NodeFailures
from tests.simulation import invariants
from tests.simulation.worlds import SMALL, after, ask, path, world


def test_the_jobs_of_a_lost_node_wait_again_and_lose_no_retry() -> None:
    here = world()
    job = here.submit(ask("a", gpu_model="A100"))
    after(here, 1)

    here.fail_node("gpu-0")
    after(here, 1)
    assert path(job)[-1] == (1, "PENDING")
    assert here.nodes()[2].condition == "down"

    here.restore_node("gpu-0")
    after(here, 100)
    assert path(job)[3:] == [(1, "PENDING"), (2, "ASSIGNED"), (2, "RUNNING"), (12, "COMPLETED")]
    assert job.failures == 0


def test_a_draining_node_keeps_its_jobs_and_takes_no_more() -> None:
    here = world()
    first = here.submit(ask("a", gpu_model="A100"))
    here.settle()

    here.drain_node("gpu-0")
    second = here.submit(ask("b", gpu_model="A100"))
    after(here, 10)

    assert (first.state, second.state) == ("COMPLETED", "PENDING")
    assert here.nodes()[2].free_cpu == 4


@pytest.mark.parametrize("queue", ["backfill", "conservative"])
@pytest.mark.parametrize("change", ["drain_node", "fail_node"])
def test_who_waits_for_a_node_that_is_closed_holds_nobody_up_from_that_instant(queue: str, change: str) -> None:
    here = world(queue=queue)
    here.submit(ask("a", gpu_model="A100", cpu=1, run=10))
    head = here.submit(ask("head", cpu=4, nodes=3, run=10))
    behind = here.submit(ask("behind", cpu=4, run=1000))
    here.settle()
    assert not head.holding
    assert not behind.holding

    getattr(here, change)("plain-0")
    here.settle()

    assert (bool(head.holding), behind.first_allocated()) == (False, 0)
    invariants.everything(here)


def test_a_new_node_is_used_at_once() -> None:
    here = world()
    job = here.submit(ask("a", gpu_model="H100", gpu=1))
    after(here, 5)

    here.add_node(Node("new-0", "new", cpu=2, memory=GIB, gpus=1, gpu_model="H100"))
    after(here, 0)

    assert path(job)[1] == (5, "ASSIGNED")
    assert here.nodes()[3].jobs == ("a",)
    invariants.everything(here)


def test_names_of_nodes_are_checked() -> None:
    here = world()

    with pytest.raises(UnknownNode, match="no node is called 'x'; the first of 3 are plain-0, plain-1, gpu-0"):
        here.fail_node("x")
    with pytest.raises(DuplicateNode):
        here.add_node(Node("gpu-0", "gpu", cpu=1, memory=1))


@pytest.mark.parametrize(
    ("event", "state"), [("succeeded", "COMPLETED"), ("failed", "FAILED"), ("displaced", "PENDING")]
)
def test_an_outcome_can_be_forced(event: str, state: str) -> None:
    here = world()
    job = here.submit(ask("a"))
    after(here, 1)

    here.force(job, event, Outcome(None, reason="because"))

    assert job.state == state
    invariants.everything(here)


def test_an_ended_job_cannot_be_forced() -> None:
    here = world()
    job = here.submit(ask("a"))
    after(here, 50)

    with pytest.raises(NotPossible, match="job a is COMPLETED: it cannot be failed from there"):
        here.force(job, "failed", Outcome(None))


def test_time_stops_where_a_client_wants_to_be_called() -> None:
    here = world()
    jobs = [here.submit(ask(str(seconds), command=f"sleep {seconds}", callback="http://x/")) for seconds in (3, 5)]

    assert not here.advance_to(20_000_000)
    assert here.take_announced() == [(3_000_000, jobs[0])]
    assert here.now == 3
    assert not here.advance_to(20_000_000)
    assert here.take_announced() == [(5_000_000, jobs[1])]
    assert here.advance_to(20_000_000)
    assert here.take_announced() == []


def test_a_world_goes_on_until_something_is_reached() -> None:
    here = world()
    job = here.submit(ask("a", command="sleep 7"))

    assert here.advance_until(lambda: job.is_terminal, 100_000_000)
    assert here.now == 7
    assert not here.advance_until(lambda: job.state == "FAILED", 100_000_000)
    assert here.now == 100


def test_nodes_fail_and_return_by_themselves_as_the_scenario_says() -> None:
    failures = NodeFailures(mean_time_between_s=Distribution(fixed=7), repair_s=Distribution(fixed=5))
    here = world(node_failures=failures, nodes=SMALL[1:])
    job = here.submit(ask("a", command="sleep 6"))
    late = here.submit(ask("b", command="sleep 10"))

    after(here, 18)

    assert path(job)[-1] == (6, "COMPLETED")
    assert [step for step in path(late) if step[1] == "PENDING"] == [(0, "PENDING"), (7, "PENDING")]
    assert path(late)[-1] == (12, "RUNNING")
    assert late.failures == 0


def test_a_preparation_can_fail_on_its_image() -> None:
    here = world(image_pull_failure_rate=1, startup=Distribution(fixed=2))

    job = here.submit(ask("a", retries=1))
    after(here, 100)

    assert path(job) == [(0, "PENDING"), (0, "ASSIGNED"), (2, "PENDING"), (2, "ASSIGNED"), (4, "FAILED")]
    assert job.outcome.reason == "image pull failed"
