"""Deliberate faults of the engine: each must be caught by some property of this folder, or the properties are worth
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from mockserver.simulation import scheduler as scheduler_module
from mockserver.simulation import team as team_module
from mockserver.simulation.cluster.capacity_index import Dimension
from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.events import RUN_END, STEP, Agenda
from mockserver.simulation.job import Job
from mockserver.simulation.placement import elastic as elastic_module
from mockserver.simulation.placement import placement_pass
from mockserver.simulation.placement import reservation as reservation_module
from mockserver.simulation.placement.node_jobs import NodeJobs
from mockserver.simulation.placement.placement_pass import PlacementPass
from mockserver.simulation.placement.queue import Queue
from mockserver.simulation.placement.quotas import Quotas
from mockserver.simulation.placement.victims import Victims
from mockserver.simulation.scheduler import Scheduler
from tests.simulation import (
    backfill_faults,
    quota_faults,
    test_backfill,
    test_board,
    test_fairshare,
    test_golden,
    test_policies,
    test_quota_guarantee,
    test_reference,
    test_teams,
    test_vector_backfill,
)
from tests.simulation.published_backfill import easy
from tests.simulation.test_machine import Crowd
from tests.simulation.test_published_backfill import HAND_WORKED, trace

EXAMPLES = 100
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
Patch = pytest.MonkeyPatch
Original = Callable[..., Any]


def crowd() -> None:
    """The rule-based state machine."""
    run_state_machine_as_test(Crowd, settings=settings(QUICK, stateful_step_count=30))


def _again(test: Any, *strategies: st.SearchStrategy[Any]) -> Callable[[], None]:
    hunt: Callable[[], None] = QUICK(given(*strategies)(test.hypothesis.inner_test))
    return hunt


order = _again(
    test_policies.test_nobody_overtakes_the_head_in_strict_order,
    st.sampled_from(["fifo", "priority"]),
    st.lists(st.tuples(st.integers(0, 3), test_policies.small), max_size=14),
)
served = _again(
    test_policies.test_every_policy_serves_everybody_and_keeps_the_ledger,
    st.sampled_from(["fifo", "priority", "backfill", "greedy"]),
    st.lists(st.tuples(st.integers(0, 3), test_policies.small), max_size=14),
)
_more_quotas = _again(test_fairshare.test_quotas_hold_whatever_happens, test_fairshare.steps)


def quotas() -> None:
    """The property of quotas, its written example first."""
    cast(Any, test_fairshare.test_quotas_hold_whatever_happens).hypothesis.inner_test(test_fairshare.WHOM_TO_TAKE_FROM)
    _more_quotas()


teams = _again(
    test_teams.test_work_completions_and_failures_add_up_at_every_event,
    test_teams.steps,
    st.sampled_from(["greedy", "fifo", "backfill"]),
    st.sampled_from([0, 0.3]),
)
_brute_stories = _again(
    test_reference.test_the_engine_places_exactly_as_brute_force_does,
    test_reference.scenarios,
    st.lists(test_reference.commands, max_size=18),
)


def brute() -> None:
    """The reference scheduler: crowds of elastic jobs, then stories of everything."""
    for seed in (*range(8), 16, 23, 34, 38):
        cast(Any, test_reference.test_crowds_of_elastic_jobs_are_placed_as_by_brute_force).hypothesis.inner_test(seed)
    _brute_stories()


def published() -> None:
    """Backfill as published, on traces in which every rule of it decides something."""
    for machine in test_backfill.MACHINES.values():
        for queue in test_backfill.RULES:
            for lines in HAND_WORKED[queue]:
                test_backfill.agrees(trace(*lines), queue, machine)
            for seed in range(50):
                test_backfill.agrees(test_backfill.random_trace(seed, exact=seed % 2 == 0), queue, machine)


def vectors() -> None:
    """Backfill of vectors on nodes, against brute force."""
    for queue in test_vector_backfill.RULES:
        for seed in range(60):
            test_vector_backfill.agrees(seed, queue)


def overruns() -> None:
    """Jobs that run longer than they asked for, and those that take time to start."""
    for lines in (
        ["0: 100/50 x6", "1: 10 x10", "60: 30 x4"],
        ["0: 100/50 x3", "0: 100/60 x3", "70: 10 x6", "71: 500 x3"],
    ):
        asked = trace(*lines)
        for machine in test_backfill.MACHINES.values():
            assert test_backfill.played(asked, "backfill", machine) == easy(asked, 10)
    test_backfill.test_a_start_up_is_reckoned_with_as_long_as_it_may_take()
    test_backfill.test_who_gets_ready_sooner_than_expected_brings_the_first_s_start_forward_and_nobody_overtakes_it_then()


def guarantee() -> None:
    """Small worlds worked out by hand, then random ones in which nobody may be denied what it deserves."""
    test_quota_guarantee.test_interactive_work_that_can_be_evicted_takes_the_place_of_training_before_the_quota_is_asked()
    test_quota_guarantee.test_fair_shares_are_whole_gpus_and_what_is_left_goes_to_the_largest_fraction()
    for kind in ("to two", "to eight"):
        test_quota_guarantee.nobody_is_denied(kind, 20)


def masks() -> None:
    """What is free on two nodes falls below a level and rises again; then the rule-based state machine."""
    cast(Any, test_board.test_masks_and_rungs_follow_every_change).hypothesis.inner_test([5, 5], [(0, 0), (1, 9)], [3])
    crowd()


def golden() -> None:
    """The golden worlds."""
    for name in test_golden.NAMES:
        test_golden.test_a_golden_world_comes_out_as_worked_out_by_hand(name)


HUNTS = {
    "golden": golden,
    "masks": masks,
    "guarantee": guarantee,
    "published": published,
    "vectors": vectors,
    "overruns": overruns,
    "crowd": crowd,
    "order": order,
    "served": served,
    "quotas": quotas,
    "teams": teams,
    "brute": brute,
}


def skip_a_release(patch: Patch) -> None:
    original = PlacementPass.give_back

    def give_back(self: PlacementPass, job: Job) -> None:
        if job.serial % 2:
            job.holding = ()
        original(self, job)

    patch.setattr(PlacementPass, "give_back", give_back)


def double_release(patch: Patch) -> None:
    original = Cluster.give_back

    def give_back(self: Cluster, shape: Any, hold: Any) -> None:
        original(self, shape, hold)
        original(self, shape, hold)

    patch.setattr(Cluster, "give_back", give_back)


def skip_a_mask_flip(patch: Patch) -> None:
    original = Dimension.set

    def set_free(self: Dimension, node: int, new: int) -> None:
        masks = [level.mask for level in self.levels]
        original(self, node, new)
        for level, mask in zip(self.levels[:1], masks, strict=False):
            level.mask = mask

    patch.setattr(Dimension, "set", set_free)


def skip_a_retry_pass(patch: Patch) -> None:
    original = PlacementPass.give_back

    def give_back(self: PlacementPass, job: Job) -> None:
        was_settled, freed = self.is_settled, self._freed
        original(self, job)
        self.is_settled, self._freed = was_settled, freed

    patch.setattr(PlacementPass, "give_back", give_back)


def wrong_tie_order(patch: Patch) -> None:
    original = Queue.push

    def push(self: Queue, job: Job) -> None:
        serial, job.serial = job.serial, -job.serial
        original(self, job)
        job.serial = serial

    patch.setattr(Queue, "push", push)


def float_ledger(patch: Patch) -> None:
    original = Dimension.set
    patch.setattr(Dimension, "set", lambda self, node, new: original(self, node, new / 3 * 3.0000000000000004))


def off_by_one_timeout(patch: Patch) -> None:
    original = Scheduler.arm
    patch.setattr(
        Scheduler,
        "arm",
        lambda self, job, limit, span, **facts: original(
            self, job, limit, None if span is None else span + 1e-6, **facts
        ),
    )


def lost_timer(patch: Patch) -> None:
    original = Agenda.add

    def add(self: Agenda, instant: int, kind: int, job: Job, **facts: Any) -> None:
        if kind not in (RUN_END, STEP) or job.serial % 3:
            original(self, instant, kind, job, **facts)

    patch.setattr(Agenda, "add", add)


def stale_generation(patch: Patch) -> None:
    patch.setattr(Agenda, "next_instant", lambda self: self.heap[0][0] if self.heap else None)


def unfair_reclaim(patch: Patch) -> None:
    original = Victims.taken_from_quotas
    patch.setattr(Victims, "bar", lambda self, name, job: -1)
    patch.setattr(Victims, "taken_from_quotas", lambda self, victims: -original(self, victims))
    patch.setattr(Victims, "may_reclaim", lambda self, job: job not in self.evicted)


def hoarded_quota(patch: Patch) -> None:
    original = Quotas.limit
    patch.setattr(Quotas, "limit", lambda self, job: original(self, job) + 1000)


def one_retry_too_many(patch: Patch) -> None:
    original = Scheduler._fail

    def fail(self: Scheduler, job: Job, outcome: Any, *, final: str) -> None:
        job.request.retries += 1
        original(self, job, outcome, final=final)
        job.request.retries -= 1

    patch.setattr(Scheduler, "_fail", fail)


def half_a_gang(patch: Patch) -> None:
    original = Cluster.take_gang

    def take_gang(self: Cluster, shape: Any, feasible: int) -> Any:
        first, *rest = original(self, shape, feasible)
        for hold in rest:
            self.give_back(shape, hold)
        return (first,)

    patch.setattr(Cluster, "take_gang", take_gang)


def any_node_will_do(patch: Patch) -> None:
    patch.setattr(Cluster, "trait_masks", lambda self, request: [])


def siblings_go_on(patch: Patch) -> None:
    patch.setattr(team_module, "disband", lambda scheduler, lead: None)
    patch.setattr(scheduler_module, "disband", lambda scheduler, lead: None)


def one_member_too_many(patch: Patch) -> None:
    original = team_module._recruit

    def recruit(scheduler: Scheduler, lead: Job) -> None:
        assert lead.crew is not None
        lead.crew.open -= 1
        original(scheduler, lead)
        lead.crew.open += 1

    patch.setattr(team_module, "_recruit", recruit)


def overtaking_the_head(patch: Patch) -> None:
    patch.setattr(PlacementPass, "_turn_away", lambda self, line: None)


def nothing_given_back(patch: Patch) -> None:
    patch.setattr(placement_pass, "relieve", lambda *args, **facts: False)


def more_given_back_than_needed(patch: Patch) -> None:
    patch.setattr(elastic_module, "_return_unneeded", lambda *args, **facts: None)


def the_oldest_gives_first(patch: Patch) -> None:
    patch.setattr(
        elastic_module,
        "sorted",
        lambda jobs, reverse=False, **facts: sorted(jobs, reverse=False, **facts),
        raising=False,
    )


def growth_into_what_others_wait_for(patch: Patch) -> None:
    original = placement_pass.grow
    patch.setattr(placement_pass, "grow", lambda slack, waiting, **facts: original(slack, (), **facts))


def blocked_beside_slack(patch: Patch) -> None:
    original = PlacementPass._candidates

    def candidates(self: PlacementPass) -> Any:
        slack, self.slack = self.slack, elastic_module.Slack(self.cluster)
        found = original(self)
        self.slack = slack
        return found

    patch.setattr(PlacementPass, "_candidates", candidates)


def a_promise_blind_to_slack(patch: Patch) -> None:
    patch.setattr(reservation_module, "least_of", lambda cluster, job: job.shape)


def a_node_worse_than_the_best(patch: Patch) -> None:
    from mockserver.simulation.cluster.packing import PLACEMENTS, lowest

    for name in PLACEMENTS:
        patch.setitem(PLACEMENTS, name, lambda feasible, dimension: lowest(feasible & (feasible - 1) or feasible))


def node_jobs_forgotten(patch: Patch) -> None:
    patch.setattr(NodeJobs, "of", lambda self, node: sorted(self.on[node])[1:])


MUTANTS: dict[str, tuple[Callable[[Patch], None], str]] = {
    mutant.__name__: (mutant, hunt)
    for mutant, hunt in (
        *backfill_faults.FAULTS.items(),
        *quota_faults.FAULTS.items(),
        (skip_a_release, "crowd"),
        (double_release, "crowd"),
        (skip_a_mask_flip, "masks"),
        (skip_a_retry_pass, "served"),
        (wrong_tie_order, "order"),
        (float_ledger, "crowd"),
        (off_by_one_timeout, "crowd"),
        (lost_timer, "crowd"),
        (stale_generation, "crowd"),
        (unfair_reclaim, "quotas"),
        (hoarded_quota, "quotas"),
        (one_retry_too_many, "crowd"),
        (half_a_gang, "served"),
        (any_node_will_do, "crowd"),
        (siblings_go_on, "teams"),
        (one_member_too_many, "teams"),
        (overtaking_the_head, "order"),
        (nothing_given_back, "brute"),
        (more_given_back_than_needed, "brute"),
        (the_oldest_gives_first, "brute"),
        (growth_into_what_others_wait_for, "brute"),
        (blocked_beside_slack, "brute"),
        (a_promise_blind_to_slack, "brute"),
        (a_node_worse_than_the_best, "brute"),
        (node_jobs_forgotten, "teams"),
    )
}


@pytest.fixture
def patch() -> Iterator[Patch]:
    with pytest.MonkeyPatch.context() as made:
        yield made


@pytest.mark.parametrize("name", HUNTS)
def test_the_engine_as_it_is_passes(name: str) -> None:
    HUNTS[name]()


@pytest.mark.parametrize("name", MUTANTS)
def test_a_deliberate_fault_is_caught(name: str, patch: Patch) -> None:
    mutate, hunt = MUTANTS[name]
    mutate(patch)

    with pytest.raises((Exception, ExceptionGroup)):
        HUNTS[hunt]()
