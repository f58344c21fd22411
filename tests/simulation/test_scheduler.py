from __future__ import annotations

import pytest

from mockserver.simulation.errors import (
    DuplicateJob,
    NotCancellable,
    NotReleasable,
    UnknownJob,
    UnknownParent,
    Unplaceable,
    WorldFull,
)
from mockserver.simulation.request import Backoff, ResourceRequest
from mockserver.simulation.scenario.scenario import Distribution
from mockserver.simulation.snapshot import freeze, thaw
from mockserver.simulation.world import World
from tests.simulation.worlds import LIFECYCLES, after, ask, path, world


def test_a_job_waits_because_capacity_is_taken_and_runs_when_it_is_freed() -> None:
    here = world()
    first = [here.submit(ask(f"first{number}", cpu=4)) for number in range(3)]
    last = here.submit(ask("last", cpu=4))

    after(here, 9.999999)
    assert [job.state for job in [*first, last]] == ["RUNNING"] * 3 + ["PENDING"]

    after(here, 0.000001)
    assert path(last) == [(0, "PENDING"), (10, "ASSIGNED"), (10, "RUNNING")]


def test_priority_goes_first_and_equal_priority_in_order_of_submission() -> None:
    here = world()
    for number in range(3):
        here.submit(ask(f"blocker{number}", cpu=4))
    here.settle()
    waiting = [
        here.submit(ask(f"{priority}{number}", cpu=4, priority=priority))
        for number, priority in enumerate([0, 5, 5, 9])
    ]

    after(here, 10)

    assert [job.key for job in waiting if job.state == "RUNNING"] == ["51", "52", "93"]


def test_a_cancelled_job_frees_its_cores() -> None:
    here = world()
    jobs = [here.submit(ask(str(number), cpu=4)) for number in range(4)]
    after(here, 1)

    here.cancel(jobs[0])
    here.settle()

    assert [job.state for job in jobs] == ["CANCELLED", "RUNNING", "RUNNING", "RUNNING"]
    assert path(jobs[3])[-1] == (1, "RUNNING")


def test_an_ended_job_cannot_be_cancelled() -> None:
    here = world()
    job = here.submit(ask("a"))
    after(here, 10)

    with pytest.raises(NotCancellable, match="job a cannot be cancelled: it is COMPLETED"):
        here.cancel(job)


@pytest.mark.parametrize(
    ("facts", "story"),
    [
        ({"gpu_model": "H100", "assign": 3}, [(0, "PENDING"), (3, "FAILED")]),
        ({"start": 2, "cpu": 1}, [(0, "PENDING"), (0, "ASSIGNED"), (2, "FAILED")]),
        ({"run": 4}, [(0, "PENDING"), (0, "ASSIGNED"), (3, "RUNNING"), (7, "FAILED")]),
        ({"run": 10}, [(0, "PENDING"), (0, "ASSIGNED"), (3, "RUNNING"), (13, "COMPLETED")]),
        ({"total": 5}, [(0, "PENDING"), (0, "ASSIGNED"), (3, "RUNNING"), (5, "FAILED")]),
        ({"total": 13}, [(0, "PENDING"), (0, "ASSIGNED"), (3, "RUNNING"), (13, "COMPLETED")]),
        (
            {"run": 4, "retries": 1},
            [
                (0, "PENDING"),
                (0, "ASSIGNED"),
                (3, "RUNNING"),
                (7, "PENDING"),
                (7, "ASSIGNED"),
                (10, "RUNNING"),
                (14, "FAILED"),
            ],
        ),
        ({"gpu_model": "H100", "assign": 3, "retries": 2}, [(0, "PENDING"), (3, "FAILED")]),
    ],
)
def test_limits_end_a_job_at_exactly_their_instant(facts: dict[str, object], story: list[tuple[float, str]]) -> None:
    here = world(startup=Distribution(fixed=3))

    job = here.submit(ask("a", **facts))
    after(here, 100)

    assert path(job) == story


def test_a_placement_never_happens_at_the_instant_of_the_assign_limit() -> None:
    here = world()
    for number in range(3):
        here.submit(ask(f"blocker{number}", cpu=4))
    late = here.submit(ask("late", cpu=4, assign=10))

    after(here, 10)

    assert path(late) == [(0, "PENDING"), (10, "FAILED")]
    assert late.outcome.reason == "assign_timeout"


def test_a_failing_run_is_retried_with_growing_pauses_and_then_fails() -> None:
    here = world()

    job = here.submit(ask("a", command="sleep 1; exit 3", retries=2, backoff=Backoff(10, 15)))
    after(here, 100)

    assert [(instant, state) for instant, state in path(job) if state in ("RUNNING", "FAILED")] == [
        (0, "RUNNING"),
        (11, "RUNNING"),
        (27, "RUNNING"),
        (28, "FAILED"),
    ]
    assert [(attempt.outcome, attempt.exit_code) for attempt in job.attempts()] == [
        ("retried", 3),
        ("retried", 3),
        ("failed", 3),
    ]


def test_a_scheduled_job_starts_at_its_instant_and_not_before() -> None:
    here = world()

    job = here.submit(ask("a", not_before=30))
    after(here, 60)

    assert path(job)[1] == (30, "ASSIGNED")


def test_a_finished_job_is_forgotten_after_its_time_to_live() -> None:
    here = world()
    here.submit(ask("a", ttl=5))

    after(here, 14.999999)
    assert here.job("xio", "a").state == "COMPLETED"

    after(here, 0.000001)
    with pytest.raises(UnknownJob):
        here.job("xio", "a")
    assert here.count == 0


def test_a_draft_waits_for_its_release() -> None:
    here = world()
    job = here.submit(ask("a", api="bytenite"))
    after(here, 100)
    assert path(job) == [(0, "JOB_STATE_NEW")]

    here.release(job)
    after(here, 100)

    assert job.phase == "succeeded"
    with pytest.raises(NotReleasable):
        here.release(job)


def test_a_parent_waits_for_its_children() -> None:
    here = world()
    parent = here.submit(ask("parent", api="ionworks", command="sleep 1"))
    here.submit(ask("child", api="ionworks", command="sleep 5", parent="parent"))

    after(here, 100)

    assert path(parent) == [(0, "pending"), (0, "processing"), (1, "waiting"), (5, "completed")]


def test_a_long_line_of_parents_ends_when_its_last_child_does() -> None:
    here = world()
    line = [here.submit(ask("0", api="ionworks", command="sleep 1"))]
    for number in range(1, 3000):
        line.append(here.submit(ask(f"{number}", api="ionworks", command="sleep 1", parent=f"{number - 1}")))
    last = here.submit(ask("last", api="ionworks", command="sleep 50000", parent="2999"))

    after(here, 40_000)
    assert {job.state for job in line} == {"waiting"}
    here.cancel(last)

    assert {job.state for job in line} == {"completed"}
    ended = [job.key for _, job, stage, _ in here.scheduler.log if stage.name == "completed"]
    assert ended[-3:] == ["2", "1", "0"]


def test_the_deletion_of_the_last_child_lets_the_parent_end() -> None:
    here = world()
    parent = here.submit(ask("parent", api="ionworks", command="sleep 1"))
    child = here.submit(ask("child", api="ionworks", command="sleep 50", parent="parent"))
    after(here, 2)

    here.delete(child)

    assert path(parent)[-1] == (2, "completed")


def test_an_endless_job_runs_until_somebody_ends_it() -> None:
    here = world()
    job = here.submit(ask("a", endless=True))
    after(here, 1e6)
    assert job.state == "RUNNING"

    here.cancel(job, "enough")

    assert (job.state, job.outcome.reason) == ("CANCELLED", "enough")


def test_a_deleted_job_leaves_nothing_behind() -> None:
    here = world()
    job = here.submit(ask("a", cpu=4, total=50, assign=5))
    after(here, 1)

    here.delete(job)
    here.settle()

    assert here.next_event_us() is None
    assert [node.free_cpu for node in here.nodes()] == [4, 4, 4]


def test_names_are_unique_and_free_again_after_deletion() -> None:
    here = world()
    job = here.submit(ask("a"))
    with pytest.raises(DuplicateJob):
        here.submit(ask("a"))

    here.delete(job)

    assert here.submit(ask("a")).state == "PENDING"


def test_a_parent_must_exist_and_belong_to_the_same_owner() -> None:
    here = world()
    here.submit(ask("theirs", api="ionworks", owner="them"))

    for parent in ("theirs", "nobody"):
        with pytest.raises(UnknownParent):
            here.submit(ask("child", api="ionworks", owner="us", parent=parent))


def test_a_full_world_says_so() -> None:
    here = world(most_jobs=1)
    here.submit(ask("a"))

    with pytest.raises(WorldFull, match="limit of 1 jobs"):
        here.submit(ask("b"))


def test_what_can_never_be_placed_is_told_with_counted_reasons() -> None:
    here = world()

    with pytest.raises(Unplaceable) as told:
        here.refuse_unplaceable("a", ResourceRequest(cpu=5, gpu=1, gpu_model="A100", custom=(("TPU", 1),)))

    assert (
        str(told.value) == "job a can never be placed: 2 of 3 nodes lack gpu model A100; 1 of 3 nodes lack 5 cpu cores"
    )


def test_a_gang_says_how_many_nodes_it_waits_for() -> None:
    here = world()
    here.submit(ask("small", cpu=3))
    large, gang = here.submit(ask("gang", cpu=4, nodes=4)), here.submit(ask("pair", cpu=4, nodes=3))
    here.settle()

    assert here.why_waiting(large).startswith(
        "the job takes 4 nodes at once, and no more than 3 of this cluster could ever hold it"
    )
    assert here.why_waiting(gang).startswith(
        "the job takes 3 nodes at once, and 2 can hold it now; 1 of 3 nodes lack free 4 cpu cores"
    )


def test_a_waiting_job_can_tell_why() -> None:
    here = world()
    for number in range(3):
        here.submit(ask(f"{number}", cpu=3))
    job = here.submit(ask("late", cpu=2, gpu=1))
    here.settle()

    assert here.why_waiting(job) == "3 of 3 nodes lack free 2 cpu cores"


@pytest.mark.parametrize(
    ("placement", "nodes"),
    [("bin-pack", ["plain-0", "plain-0"]), ("spread", ["plain-0", "plain-1"]), ("first-fit", ["plain-0", "plain-0"])],
)
def test_placement_policies_differ(placement: str, nodes: list[str]) -> None:
    here = world(placement=placement)

    jobs = [here.submit(ask(str(number))) for number in range(2)]
    here.settle()

    assert [job.attempts()[0].nodes[0] for job in jobs] == nodes


def test_fractions_share_a_device_and_whole_gpus_do_not() -> None:
    here = world()

    halves = [here.submit(ask(f"half{number}", gpu=0.5)) for number in range(3)]
    whole = here.submit(ask("whole", gpu=1))
    here.settle()

    assert [job.holding[0][1] for job in halves] == [(0,), (0,), (1,)]
    assert whole.state == "PENDING"


def test_identifiers_depend_on_seed_and_content_only() -> None:
    first, second = world(), world()
    second.new_id("xio", fingerprint=b"unrelated")

    assert first.new_id("xio", fingerprint=b"body") == second.new_id("xio", fingerprint=b"body")
    assert first.new_id("xio", fingerprint=b"body") != first.new_id("xio", fingerprint=b"body")


def test_the_counts_of_identifiers_are_bounded_and_no_identifier_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.simulation.world.MOST_IDS", 100)
    here, twin = world(), world()
    bodies = [b"often"] * 3 + [b"%d" % number for number in range(1000)] + [b"often", b"0", b"999"]

    made = [here.new_id("xio", fingerprint=body) for body in bodies]

    assert len(set(made)) == len(made)
    assert len(here.ids_made) <= 100
    assert [twin.new_id("xio", fingerprint=body) for body in bodies] == made
    copy = thaw(freeze(here), LIFECYCLES)
    assert copy.new_id("xio", fingerprint=b"5") == here.new_id("xio", fingerprint=b"5")


def test_time_cannot_go_back() -> None:
    here = World(world().scenario, {}, epoch_us=0)
    after(here, 5)

    with pytest.raises(ValueError, match="cannot go back"):
        here.scheduler.clock.advance(1)
