"""Moves jobs: takes what is due from the agenda, follows each job's lifecycle, lets the placement give capacity to
those that wait.

Inside one instant: run ends and elapsed stages, then timeouts, then releases, then one placement pass, then expiries.
A pass always ends before time moves, and what a client asks always meets a settled instant.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop

from mockserver.simulation.clock import Clock, micros
from mockserver.simulation.errors import NotCancellable, NotPossible, NotReleasable
from mockserver.simulation.events import (
    AFTER_PLACEMENT,
    EXPIRY,
    NODE,
    RELEASE,
    RUN_END,
    STEP,
    TIMEOUT,
    WHOLE_JOB,
    Agenda,
)
from mockserver.simulation.job import DISCARDED, Job, Member
from mockserver.simulation.lifecycle import TERMINAL, WORKING, CompiledLifecycle, Stage
from mockserver.simulation.placement.backfill import Backfill
from mockserver.simulation.placement.elastic import shape_of
from mockserver.simulation.placement.fairshare import FairShare
from mockserver.simulation.placement.placement_pass import PlacementPass
from mockserver.simulation.request import JobRequest, Outcome
from mockserver.simulation.team import bears, disband, entries
from mockserver.simulation.workload import Workload

_STARTED = "started"
_WELL = Outcome(None)  # one for all runs that end well: a history keeps it for as long as the job lives
_NEVER = 1 << 62
_RETRIED_LIMITS = frozenset({"start", "run"})


class Scheduler:
    """The engine of one world.

    `log` keeps the latest (instant, job, stage, event) of `logged`; `forget` is told when a job's time to live is over,
    `attend` when a node fails or returns by itself; `announced` holds (instant, job) of ended jobs whose client wants
    to be called, until somebody takes them.
    """

    __slots__ = (
        "agenda",
        "announced",
        "attend",
        "clock",
        "cluster",
        "count",
        "entering",
        "forget",
        "joining",
        "log",
        "logged",
        "placement",
        "workload",
    )

    def __init__(
        self,
        placement: PlacementPass | Backfill | FairShare,
        workload: Workload,
        *,
        forget: Callable[[Job], None],
        log: int | None = 10_000,
    ) -> None:
        self.clock, self.agenda = Clock(), Agenda()
        self.cluster = placement.cluster
        self.workload = workload
        self.placement = placement
        self.forget = forget
        self.attend: Callable[[Job], None] = forget
        self.log: deque[tuple[int, Job, Stage, str]] = deque(maxlen=log)
        self.announced: list[tuple[int, Job]] = []
        self.joining: list[Job] = []  # parents whose children have all ended, while that is looked after
        self.logged = self.count = 0
        self.entering = self._entries()

    def _entries(self) -> dict[str, Callable[[Job, Stage, str], None]]:
        return {
            "queued": self._wait,
            "starting": self.prepare,
            "running": self.begin_run,
            **dict.fromkeys(("finishing", "waiting"), self._arm_step),
            **dict.fromkeys(TERMINAL, self.end),
            **entries(self),
        }

    def __getstate__(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__ if name not in ("entering", "attend", "forget")}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.entering = self._entries()

    # What clients ask

    def submit(self, request: JobRequest, lifecycle: CompiledLifecycle, *, parent: Job | None = None) -> Job:
        """A new job at the start of its lifecycle, waiting unless it is a draft."""
        self.settle()
        self.count += 1
        if request.team is not None and lifecycle.led is not None:
            lifecycle = lifecycle.led
        stage = lifecycle.initial
        shape = (
            shape_of(self.cluster, request) if request.elastic else self.cluster.shape(request.resources, request.nodes)
        )
        job = Job(request, serial=self.count, now=self.clock.now, stage=stage, shape=shape, parent=parent)
        if parent is not None:
            parent.open_children += 1
        self.logged += 1
        self.log.append((job.created, job, stage, "submitted"))
        if stage.phase == "queued":
            if request.limits.total is not None:
                self.arm(job, "total", request.limits.total, is_whole=True)
            self.entering[stage.entry](job, stage, "submitted")
        return job

    def release(self, job: Job) -> None:
        """Let a draft wait for capacity. Raises NotReleasable."""
        self.settle()
        target = job.stage.on.get("released")
        if target is None:
            raise NotReleasable(job.key, job.state)
        job.shape = shape_of(self.cluster, job.request)
        self.enter(job, target, "released")
        self.arm(job, "total", job.request.limits.total, is_whole=True)

    def cancel(self, job: Job, reason: str) -> None:
        """End a job at its client's wish. Raises NotCancellable."""
        self.settle()
        target = job.stage.on.get("cancelled")
        if target is None:
            raise NotCancellable(job.key, job.state)
        self.enter(job, target, "cancelled", Outcome(None, reason=reason))

    def discard(self, job: Job) -> None:
        """Take a job out of the world; nothing of it happens any more."""
        self.settle()
        if not job.is_over:
            self._leave_parent(job)
        job.generation = DISCARDED
        disband(self, job)
        if job.holding:
            self.placement.give_back(job)
        elif job.phase == "queued":
            self.placement.leave(job)

    def force(self, job: Job, event: str, outcome: Outcome) -> None:
        """Let `event` (succeeded, failed, displaced) happen to the job now. Raises NotPossible."""
        self.settle()
        target = job.stage.on.get(event) or (job.stage.on.get("timed_out") if event == "failed" else None)
        if target is None:
            raise NotPossible(job.key, job.state, event)
        if job.phase == WORKING:
            disband(self, job)
        self.enter(job, target, event, outcome)

    # Time

    def advance(self, target: int, most: int | None = None, *, heed: bool = False) -> bool:
        """Let everything due up to `target` (microseconds) happen, then be there.

        False if `most` steps did not suffice, or (with `heed`) as soon as a job is announced: call again to go on.
        """
        left = -1 if most is None else most
        announced = len(self.announced) if heed else _NEVER
        clock, agenda, placement = self.clock, self.agenda, self.placement
        heap = agenda.heap
        while left and len(self.announced) <= announced:
            left -= 1
            # The first event is nearly always good; asking it here saves a call.
            instant = heap[0][0] if heap and heap[0][4] == heap[0][3].generation else agenda.next_instant()
            if not placement.is_settled and (
                instant != clock.now or heap[0][1] >= AFTER_PLACEMENT or placement.is_under_way
            ):
                job = placement.step(clock.now, self._evict)
                if job is not None:
                    self.enter(job, job.stage.on["allocated"], "allocated", self.cluster.names(job.holding))
                continue
            if instant is None or instant > target:
                if clock.now < target:
                    clock.advance(target)
                return True
            if instant > clock.now:
                clock.advance(instant)
            _, _, kind, job, _, detail = heappop(heap)
            self._fire(job, kind, detail)
        return False

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to happen at this very instant."""
        heap = self.agenda.heap
        return self.placement.is_settled and (not heap or heap[0][0] > self.clock.now)

    def settle(self) -> None:
        """Let everything due at this very instant happen, placement included."""
        if not self.is_settled:
            self.advance(self.clock.now)

    def next_event(self) -> int | None:
        """The instant of the next thing that will happen by itself, or None."""
        return self.agenda.next_instant() if self.placement.is_settled else self.clock.now

    def _fire(self, job: Job, kind: int, detail: Outcome | str | None) -> None:
        if kind == RUN_END:
            assert isinstance(detail, Outcome)
            self._end_run(job, detail)
        elif kind == STEP:
            self._step(job, detail)
        elif kind == TIMEOUT:
            self._time_out(job, str(detail))
        elif kind == RELEASE:
            self.placement.wait(job)
        elif kind == NODE:
            self.attend(job)
        else:
            self.forget(job)

    # A job's lifecycle

    def enter(self, job: Job, stage: Stage, event: str, detail: object = None) -> None:
        """Let `event` bring the job to `stage` now, with all that follows from its phase; `detail` goes into the
        history.
        """
        before, now = job.stage, self.clock.now
        job.stage, job.changed = stage, now
        job.history += (now, stage, event, detail)
        self.logged += 1
        self.log.append((now, job, stage, event))
        if stage.phase == before.phase:
            self._arm_step(job, stage, event)
            return
        job.generation += 1
        if job.holding and not stage.holds:
            self.placement.give_back(job)
        elif before.phase == "queued" and not stage.holds:
            self.placement.leave(job)
        self.entering[stage.entry](job, stage, event)

    def _evict(self, job: Job) -> None:
        event = "displaced" if job.request.restartable and "displaced" in job.stage.on else "preempted"
        self.enter(job, job.stage.on[event], event, Outcome(None, reason="preempted"))

    def _wait(self, job: Job, stage: Stage, event: str) -> None:
        request, now = job.request, self.clock.now
        if request.limits.assign is not None:
            self.arm(job, "assign", request.limits.assign)
        at = now + request.backoff.micros(job.failures) if event == "retried" else now
        if request.not_before:
            at = max(at, micros(request.not_before))
        if request.script is not None and request.script.stay_queued:
            return
        if at > now:
            self.agenda.add(at, RELEASE, job, generation=job.generation)
        else:
            self.placement.wait(job)

    def prepare(self, job: Job, stage: Stage, event: str) -> None:
        """Let what a job needs before its run take its time."""
        if job.request.limits.start is not None:
            self.arm(job, "start", job.request.limits.start)
        if stage.after is not None:
            self.agenda.add(
                self.clock.now + stage.after[0], STEP, job, generation=job.generation, detail=job.request.unready
            )
        else:
            failure = self.workload.pull(job) if "failed" in stage.on else None
            self.agenda.add(
                self.clock.now + self.workload.startup(job),
                STEP,
                job,
                generation=job.generation,
                detail=failure or _STARTED,
            )

    def begin_run(self, job: Job, stage: Stage, event: str) -> None:
        """Let the job's run take its time."""
        outcome, limit = self.workload.run(job), job.request.limits.run
        if (
            limit is not None
            and "timed_out" in stage.on
            and (outcome.duration is None or micros(limit) < outcome.duration)
        ):
            self.arm(job, "run", limit)
        elif outcome.duration is not None:
            kept = outcome if outcome.exit_code or outcome.reason else _WELL
            self.agenda.add(self.clock.now + outcome.duration, RUN_END, job, generation=job.generation, detail=kept)
        if stage.after is not None:
            self._arm_step(job, stage, event)

    def _arm_step(self, job: Job, stage: Stage, event: str) -> None:
        if stage.after is not None:
            self.agenda.add(self.clock.now + stage.after[0], STEP, job, generation=job.generation)

    def _step(self, job: Job, detail: object) -> None:
        if detail is None:
            assert job.stage.after is not None
            self.enter(job, job.stage.after[1], "elapsed")
        elif isinstance(detail, Outcome):
            self._fail(job, detail, final="failed")
        else:
            self.enter(job, job.stage.on[_STARTED], _STARTED)

    def _end_run(self, job: Job, outcome: Outcome) -> None:
        on = job.stage.on
        if outcome.exit_code == 0 and not outcome.reason:
            event = "parked" if job.open_children and "parked" in on else "succeeded"
            self.enter(job, on[event], event, outcome)
        else:
            self._fail(job, outcome, final="failed")

    def _fail(self, job: Job, outcome: Outcome, *, final: str) -> None:
        job.failures += 1
        may_retry = bears(job) if isinstance(job, Member) else job.failures <= job.request.retries
        event = "retried" if may_retry and "retried" in job.stage.on else final
        self.enter(job, job.stage.on[event], event, outcome)

    def _time_out(self, job: Job, limit: str) -> None:
        outcome, target = Outcome(None, reason=f"{limit}_timeout"), job.stage.on.get("timed_out")
        if target is not None and limit in _RETRIED_LIMITS:
            self._fail(job, outcome, final="timed_out")
        elif target is not None:
            self.enter(job, target, "timed_out", outcome)

    def end(self, job: Job, stage: Stage, event: str) -> None:
        """Let follow what follows a job's end."""
        if job.request.ttl is not None:
            self.agenda.add(self.clock.now + micros(job.request.ttl), EXPIRY, job, generation=job.generation)
        if job.request.callback is not None:
            self.announced.append((self.clock.now, job))
        self._leave_parent(job)

    def _leave_parent(self, job: Job) -> None:
        parent = job.parent
        if parent is None:
            return
        parent.open_children -= 1
        if parent.open_children or parent.stage.phase != "waiting":
            return
        self.joining.append(parent)
        if len(self.joining) > 1:
            return  # its end follows from that of its child, which is under way
        try:
            for one in self.joining:  # which grows by their parents; a long line of them is no deep recursion
                self.enter(one, one.stage.on["joined"], "joined", one.outcome)
        finally:
            self.joining.clear()

    def arm(self, job: Job, limit: str, span: float | None, *, is_whole: bool = False) -> None:
        """Let `limit` pass after so many seconds, unless the job has left its phase (or, if it is about the whole job,
        has ended) by then.
        """
        if span is not None:
            generation = WHOLE_JOB if is_whole else job.generation
            self.agenda.add(self.clock.now + micros(span), TIMEOUT, job, generation=generation, detail=limit)
