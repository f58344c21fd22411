"""One rule-based state machine over small crowded worlds: invariants after every step and every event, and a twin that
is placed by brute force.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import structs

from mockserver.simulation.clock import MICRO
from mockserver.simulation.errors import NotCancellable, NotReleasable, UnknownJob
from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.snapshot import freeze, thaw
from mockserver.simulation.world import World
from tests.simulation import invariants, reference, worlds


class Crowd(RuleBasedStateMachine):
    """Clients that submit, start, cancel and delete while time passes in odd steps, nodes come and go, and worlds are
    frozen and thawed.
    """

    @initialize(
        scenario=worlds.scenarios,
        queue=st.sampled_from(["greedy", "greedy", "fifo", "priority", "backfill", "conservative"]),
    )
    def begin(self, scenario: Scenario, queue: str) -> None:
        scenario = structs.replace(scenario, queue=queue)
        self.world = World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None)
        is_known = queue != "conservative"  # of which there is no brute force with lifecycles: its twin is never frozen
        self.twin = reference.world(scenario) if is_known else World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None)
        self.made = 0
        self.ended: dict[str, tuple[Any, ...]] = {}

    def pick(self, data: st.DataObject) -> Job:
        return data.draw(st.sampled_from([job for api in worlds.LIFECYCLES for job in self.world.jobs(api).values()]))

    def of_twin(self, job: Job) -> Job:
        return self.twin.job(job.request.api, job.key)

    @precondition(lambda self: self.made < 40)
    @rule(request=worlds.requests, with_parent=st.booleans())
    def submit(self, request: JobRequest, with_parent: bool) -> None:
        self.made += 1
        peers = list(self.world.jobs(request.api).values())
        parent = peers[-1].key if with_parent and peers and request.api == "ionworks" else None
        for here in (self.world, self.twin):
            here.submit(structs.replace(request, key=f"{self.made}", parent=parent))

    @precondition(lambda self: self.world.count)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        job = self.pick(data)
        was_draft = job.phase == "draft"
        try:
            self.world.release(job)
            self.twin.release(self.of_twin(job))
            assert was_draft
        except NotReleasable:
            self.twin.settle()
            assert not was_draft

    @precondition(lambda self: self.world.count)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        job = self.pick(data)
        before = list(job.history)
        try:
            self.world.cancel(job)
            self.twin.cancel(self.of_twin(job))
            assert job.phase in ("cancelled", "failed")
        except NotCancellable:
            self.twin.settle()
            assert job.history[: len(before)] == before

    @precondition(lambda self: self.world.count)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        job = self.pick(data)
        try:
            twin = self.of_twin(job)
            self.world.delete(job)
            self.twin.delete(twin)
        except UnknownJob:
            self.twin.settle()
            assert job.request.ttl == 0
        self.ended.pop(job.key, None)
        assert not job.holding

    @rule(seconds=st.sampled_from([0, 0.5, 1, 2, 3, 30]))
    def wait(self, seconds: float) -> None:
        target = self.world.now_us + round(seconds * MICRO)
        while not self.world.advance_to(target, most=1):
            invariants.everything(self.world)
        assert self.world.now_us == target
        self.twin.advance_to(target)

    @rule(number=st.integers(0, 2), change=st.sampled_from(["fail_node", "drain_node", "restore_node", "restore_node"]))
    def change_node(self, number: int, change: str) -> None:
        names = [node.name for node in self.world.scheduler.cluster.nodes]
        for here in (self.world, self.twin):
            getattr(here, change)(names[number % len(names)])

    @rule()
    def freeze_and_thaw(self) -> None:
        self.twin.settle()
        self.world = thaw(freeze(self.world), worlds.LIFECYCLES)

    @rule()
    def settle(self) -> None:
        for here in (self.world, self.twin):
            here.settle()
        invariants.settled(self.world)
        assert worlds.placed(self.world) == worlds.placed(self.twin)

    @invariant()
    def promises_hold(self) -> None:
        if hasattr(self, "world"):
            invariants.everything(self.world)
            self.the_ended_stay_as_they_are()
            assert worlds.timeline(self.world) == worlds.timeline(self.twin)

    def the_ended_stay_as_they_are(self) -> None:
        for api in worlds.LIFECYCLES:
            for job in self.world.jobs(api).values():
                if job.is_terminal:
                    seen = (job.state, job.changed, len(job.history), job.failures)
                    assert self.ended.setdefault(job.key, seen) == seen

    def teardown(self) -> None:
        if hasattr(self, "world"):
            for here in (self.world, self.twin):
                here.advance_to(here.now_us + 10_000 * MICRO)
            assert worlds.timeline(self.world) == worlds.timeline(self.twin)
            invariants.everything(self.world)
            invariants.settled(self.world)


Crowd.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestCrowd = Crowd.TestCase
