"""Teams: jobs whose members take capacity each, and what becomes of both."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.simulation.errors import NotCancellable, WorldFull
from mockserver.simulation.job import Job, Member
from mockserver.simulation.request import Backoff, Outcome, Script, Team
from mockserver.simulation.scenario.scenario import Distribution, NodeClass
from mockserver.simulation.snapshot import freeze, thaw
from mockserver.simulation.world import World
from tests.simulation import invariants
from tests.simulation.worlds import LIFECYCLES, after, ask, path, timeline, world

_STEPS = (
    "NEW",
    "STARTED",
    "UPLOADING",
    "PARTITIONING",
    "PARTITIONED",
    "TASKS_COMPLETED",
    "MERGING",
    "MERGED",
    "DOWNLOADING",
    "COMPLETE",
)
ONE_NODE = (NodeClass("n", 4, 8),)
PIPELINE = [f"JOB_STATE_{name}" for name in _STEPS]


def pods(here: World, key: str = "j", **facts: object) -> Job:
    """A Run:AI job with a team, submitted and settled."""
    job = here.submit(ask(key, api="runai", **facts))
    here.settle()
    return job


def chunked(here: World, key: str = "p", **facts: object) -> Job:
    """A ByteNite job, released and settled."""
    job = here.submit(ask(key, api="bytenite", **facts))
    here.release(job)
    here.settle()
    return job


def phases(job: Job) -> list[str]:
    assert job.crew is not None
    return [member.phase for member in job.crew.members]


def test_a_pipeline_holds_only_while_it_works_itself() -> None:
    here = world(nodes=ONE_NODE)
    job = chunked(here, cpu=2, team=Team(3, 3), command="sleep 5")
    held = []
    for _ in range(40):
        held.append(
            (job.state.removeprefix("JOB_STATE_"), len(job.holding), 0 if job.crew is None else job.crew.active)
        )
        after(here, 0.5)

    assert list(dict.fromkeys(held)) == [
        ("UPLOADING", 1, 0),
        ("PARTITIONING", 1, 0),
        ("PARTITIONED", 0, 2),
        ("PARTITIONED", 0, 1),
        ("MERGING", 1, 0),
        ("MERGED", 1, 0),
        ("DOWNLOADING", 1, 0),
        ("COMPLETE", 0, 0),
    ]
    assert [instant for instant, state in path(job) if state.endswith(("TASKS_COMPLETED", "MERGING"))] == [13, 13]


def test_tasks_keep_the_place_of_their_job() -> None:
    here = world(nodes=ONE_NODE)
    first, second = (chunked(here, key, cpu=4, team=Team(2, 2), command="sleep 5") for key in "ab")

    after(here, 1000)

    assert (first.ended, second.ended) == (17_000_000, 34_000_000)


def test_a_fatal_task_releases_its_siblings_in_the_same_event() -> None:
    here = world(nodes=ONE_NODE)
    job = chunked(here, team=Team(3, 3, run=4), command="sleep 5")

    after(here, 6.5)
    here.advance_to(7_000_000, most=1)
    while job.phase == "working":
        assert not here.advance_to(7_000_000, most=1)
    invariants.everything(here)

    assert phases(job) == ["failed", "cancelled", "cancelled"]
    assert (job.phase, job.outcome.reason) == ("failed", "run_timeout")


def test_a_source_that_cannot_be_read_ends_the_upload() -> None:
    here = world()
    job = chunked(here, unready=Outcome(0, 1, "no data"))

    after(here, 5)

    assert path(job)[-1] == (1, "JOB_STATE_FAILED")
    assert job.crew is None


def test_the_job_follows_its_first_pod_and_its_last() -> None:
    here = world(nodes=ONE_NODE, startup=Distribution(fixed=2))
    job = pods(here, cpu=2, team=Team(3, 2), command="sleep 10")

    after(here, 1000)

    assert path(job) == [(0, "Pending"), (0, "ContainerCreating"), (2, "Running"), (24, "Succeeded")]
    assert [attempt.outcome for attempt in job.attempts()] == ["succeeded"]


def test_a_job_without_any_pod_at_work_waits_again() -> None:
    here = world(nodes=ONE_NODE)
    job = pods(here, team=Team(2, 2), command="sleep 10")
    after(here, 5)

    here.fail_node("n-0")
    assert job.state == "Pending"
    here.restore_node("n-0")
    after(here, 20)

    assert path(job)[-1] == (15, "Succeeded")
    assert [attempt.outcome for attempt in job.attempts()] == ["displaced", "succeeded"]


def test_the_pause_doubles_with_each_failure_of_the_team() -> None:
    here = world(nodes=ONE_NODE)
    facts = {
        "team": Team(2, 2, tolerate=6),
        "backoff": Backoff(10, 360),
        "script": Script(run_seconds=1, fail_attempts=2),
    }
    job = pods(here, cpu=4, retries=6, **facts)

    after(here, 1000)

    assert job.crew is not None
    first = [instant for instant, phase in path(job.crew.members[0]) if phase == "starting"]
    assert [later - earlier for earlier, later in pairwise(first)] == [1 + 10, 1 + 20]
    assert job.state == "Succeeded"


def test_more_failures_than_borne_end_the_job_with_all_its_pods() -> None:
    here = world()
    job = pods(here, retries=1, team=Team(4, 4, tolerate=1), command="exit 3")

    after(here, 1000)

    assert (job.state, job.failures, job.outcome.exit_code) == ("Failed", 2, 3)
    assert job.crew is not None
    assert not job.crew.open


def test_a_forced_end_takes_the_members_along() -> None:
    for event in ("succeeded", "failed", "displaced"):
        here = world()
        job = pods(here, team=Team(2, 2), command="sleep 50")
        here.force(job, event, Outcome(None, reason="told so"))
        invariants.everything(here)
        here.settle()
        assert sum(bool(one.holding) for one in here.everybody()) == (2 if event == "displaced" else 0)


def test_nothing_lists_members_but_nodes_and_everybody() -> None:
    here = world()
    job = chunked(here, team=Team(2, 2), command="sleep 50")
    after(here, 5)

    assert list(here.jobs("bytenite")) == ["p"]
    assert {one for _, one, _, _ in here.history("bytenite")} == {job}
    assert sorted(key for node in here.nodes() for key in node.jobs) == ["p/0", "p/1"]
    assert [one.key for one in here.everybody()] == ["p", "p/0", "p/1"]


def test_members_count_against_the_number_of_jobs_that_a_world_keeps() -> None:
    here = world(most_jobs=5)
    first = pods(here, team=Team(3, 1), command="sleep 5")

    with pytest.raises(WorldFull, match="limit of 5 jobs, members of teams included"):
        pods(here, "b", team=Team(1, 1))
    single = here.submit(ask("c", api="runai"))
    with pytest.raises(WorldFull):
        here.submit(ask("d", api="runai"))

    here.delete(first)
    assert here.submit(ask("e", api="runai", team=Team(3, 3))) in here.everybody()
    here.delete(single)
    assert here.job_limits.taken == 4


def test_a_draft_whose_team_has_become_too_large_is_not_released() -> None:
    here = world(most_jobs=5)
    draft = here.submit(ask("p", api="bytenite", team=Team(2, 2)))
    draft.request.team = Team(5, 5)

    with pytest.raises(WorldFull):
        here.release(draft)
    assert (draft.phase, here.job_limits.taken) == ("draft", 3)

    draft.request.team = Team(4, 4)
    here.release(draft)
    after(here, 1000)
    assert (draft.phase, here.job_limits.taken) == ("succeeded", 5)
    here.delete(draft)
    assert here.job_limits.taken == 0


def test_a_waiting_member_says_why() -> None:
    here = world(nodes=ONE_NODE)
    job = pods(here, cpu=3, team=Team(2, 2), command="sleep 50")

    assert here.why_waiting(job) == "1 of 1 nodes lack free 3 cpu cores"


teams = st.builds(
    Team,
    size=st.integers(1, 5),
    parallel=st.integers(1, 4),
    tolerate=st.integers(0, 3),
    run=st.sampled_from([None, 3, 5, 8]),
)
words = st.sampled_from(["sleep 0", "sleep 3", "sleep 5", "exit 1", "sleep 2; exit 1", ""])
steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("submit"), st.sampled_from(["bytenite", "runai", "xio"]), teams, words, st.sampled_from([0.5, 2, 4])
        ),
        st.tuples(st.sampled_from(["cancel", "delete", "fail", "restore"]), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 2.5, 4, 12])),
    ),
    max_size=14,
)


def play(here: World, story: list[tuple[object, ...]], *, check: bool = True) -> None:
    """Let a story happen, looking at everything after every event."""
    names = [node.name for node in here.scheduler.cluster.nodes]
    for number, (what, *told) in enumerate(story):
        jobs = [job for api in LIFECYCLES for job in here.jobs(api).values()]
        if what == "submit":
            api, team, command, cpu = told
            job = here.submit(
                ask(
                    f"j{number}",
                    api=str(api),
                    cpu=cpu,
                    team=team,
                    command=command,
                    retries=team.tolerate,
                    backoff=Backoff(1, 4),
                )
            )
            if api == "bytenite":
                here.release(job)
        elif what == "fail":
            here.fail_node(names[told[0] % len(names)])
        elif what == "restore":
            here.restore_node(names[told[0] % len(names)])
        elif what == "wait":
            target = here.now_us + round(told[0] * 1e6)
            while not here.advance_to(target, most=1):
                if check:
                    invariants.everything(here)
        elif jobs:
            job = jobs[told[0] % len(jobs)]
            with suppress(NotCancellable):
                (here.cancel if what == "cancel" else here.delete)(job)
        if check:
            invariants.everything(here)


@settings(max_examples=120, deadline=None)
@given(steps, st.sampled_from(["greedy", "fifo", "backfill", "conservative"]), st.sampled_from([0, 0.3]))
def test_work_completions_and_failures_add_up_at_every_event(
    story: list[tuple[object, ...]], queue: str, failure_rate: float
) -> None:
    """Invariants 31 and 52: never more at work than allowed, success with the last completion, failure with the first
    that is not borne.
    """
    here = world(queue=queue, failure_rate=failure_rate, startup=Distribution(fixed=1))

    play(here, story)
    for name in [node.name for node in here.scheduler.cluster.nodes]:
        here.restore_node(name)
    after(here, 10_000)

    invariants.everything(here)
    for job in (
        job
        for api in LIFECYCLES
        for job in here.jobs(api).values()
        if job.crew is not None and job.request.team is not None
    ):
        assert job.is_terminal
        crew, team = job.crew, job.request.team
        done = [member.ended for member in crew.members if member.phase == "succeeded"]
        if job.phase == "succeeded" and job.request.api != "bytenite":
            assert len(done) == crew.done == team.size
            assert job.ended == max(done)
        elif job.history[-2] == "failed" and job.outcome.reason != "node_lost":
            assert job.failures > team.tolerate
            assert job.ended == max(member.ended for member in crew.members if member.phase == "failed")


@settings(max_examples=100, deadline=None)
@given(steps)
def test_a_pipeline_goes_one_way_and_merges_only_after_its_last_task(story: list[tuple[object, ...]]) -> None:
    """Invariants 51 and 52."""
    here = world(startup=Distribution(fixed=1))
    story = [(what, *(("bytenite", *told[1:]) if what == "submit" else told)) for what, *told in story]

    play(here, story, check=False)
    after(here, 10_000)

    for job in here.jobs("bytenite").values():
        states = [state for _, state in path(job)]
        way = states[:-1] if states[-1] == "JOB_STATE_FAILED" else states
        assert way == PIPELINE[: len(way)]
        if "JOB_STATE_TASKS_COMPLETED" in way:
            assert job.crew is not None
            assert job.entered("JOB_STATE_TASKS_COMPLETED") == max(member.ended or 0 for member in job.crew.members)
            assert set(phases(job)) == {"succeeded"}


@settings(max_examples=60, deadline=None)
@given(steps, steps)
def test_a_frozen_world_goes_on_with_its_teams(story: list[tuple[object, ...]], rest: list[tuple[object, ...]]) -> None:
    here = world(startup=Distribution(fixed=1), failure_rate=0.3)
    play(here, story, check=False)
    again = thaw(freeze(here), LIFECYCLES)
    rest = [(what, *told) for what, *told in rest if what != "submit"]

    for one in (here, again):
        play(one, rest, check=False)
        after(one, 1000)

    assert timeline(here) == timeline(again)
    invariants.everything(again)


def test_members_compare_by_their_job_and_then_by_number() -> None:
    here = world()
    first, second = (pods(here, key, team=Team(3, 3), command="sleep 5") for key in "ab")

    assert first.crew is not None
    assert second.crew is not None
    assert sorted([*reversed(second.crew.members), *reversed(first.crew.members)]) == [
        *first.crew.members,
        *second.crew.members,
    ]
    assert all(isinstance(member, Member) for member in first.crew.members)
    assert max(first.crew.members) < second
