"""Measures a simulation as it runs: waiting times, use of resources, how jobs ended, which job ran where."""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from mockserver.simulation.clock import seconds
from mockserver.simulation.cluster.cluster import GPU, MILLI, Cluster
from mockserver.simulation.job import Job, Member
from mockserver.simulation.lifecycle import Stage
from mockserver.simulation.request import JobRequest, Outcome

RESOURCES = ("cpu", "memory", "gpu")
BINS = 512
MOST_BARS = 2_000
MOST_NODES = 60
"""Most nodes of which it is followed how full they are."""


class Row(NamedTuple):
    """One line of a timeline: what happened to a job at which second, and its nodes."""

    at_s: float
    job: str
    state: str
    event: str
    nodes: str


class Bar(NamedTuple):
    """One stay of a job on a node, in seconds; `ending` is the phase in which it left."""

    node: int
    begin: float
    end: float
    ending: str


class Usage:
    """How much was in use over time: `BINS` bins of equal width, which doubles whenever time outgrows them."""

    def __init__(self, columns: int = len(RESOURCES)) -> None:
        self.width = 1_000_000
        self.bins = [[0] * columns for _ in range(BINS)]
        self.held = [0] * columns
        self.last = 0

    def change(self, instant: int, amounts: tuple[int, ...], sign: int) -> None:
        """Change what is in use from `instant` on."""
        self.until(instant)
        held = self.held
        for index, amount in enumerate(amounts):
            held[index] += sign * amount

    def until(self, instant: int) -> None:
        """Account for what is in use up to `instant`."""
        if instant == self.last:
            return
        while instant > self.width * BINS:
            self.bins = [
                [one + two for one, two in zip(*self.bins[at : at + 2], strict=True)] for at in range(0, BINS, 2)
            ]
            self.bins += [[0] * len(self.held) for _ in range(BINS // 2)]
            self.width *= 2
        if not any(self.held):
            self.last = instant
        while self.last < instant:
            number = self.last // self.width
            edge = min(instant, (number + 1) * self.width)
            span, into = edge - self.last, self.bins[number]
            for index, amount in enumerate(self.held):
                into[index] += amount * span
            self.last = edge

    def totals(self) -> list[int]:
        """The integrals over all time, in ledger units times microseconds."""
        return [sum(column) for column in zip(*self.bins, strict=True)]


class Measure:
    """The result of a simulation. `refused` are jobs that no node could ever run, `live` those that are not over.

    `queue` follows how many wait and how many nodes are down, `unfinished` says of those that are left what they wait
    for. `note` gets every line of the timeline, `forget` every job that has ended; with `draws` it is followed
    how full each node is.
    """

    def __init__(
        self,
        cluster: Cluster,
        note: Callable[[Row], None] | None = None,
        forget: Callable[[Job], None] = lambda job: None,
        *,
        draws: bool = False,
    ) -> None:
        self.capacity = [sum(amounts[index] for amounts in cluster.capacity) for index in (0, 1, GPU)]
        self.names = [node.name for node in cluster.nodes]
        shown = range(min(len(self.names), MOST_NODES if draws else 0))
        self.sizes = [[cluster.capacity[number][index] for index in (0, 1, GPU)] for number in shown]
        self.loads = [Usage() for _ in shown]
        self.waits = array("d")
        self.usage = Usage()
        self.queue = Usage(2)
        self.unfinished: Counter[str] = Counter()
        self.stays = 0
        self.endings: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.bars: list[Bar] = []
        self.submitted = self.attempts = self.end = self._fruitful = 0
        self._nodes_down: deque[tuple[int, int]] = deque()
        self._placed: dict[Job, tuple[int, tuple[int, ...], list[int]]] = {}
        self._waited: set[Job] = set()
        self._waiting: set[Job] = set()
        self._window: tuple[int, list[int]] = (0, [])
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._note, self._forget = note, forget

    @property
    def over(self) -> int:
        """How many jobs have ended or were refused."""
        return self.endings.total() + self.refused.total()

    @property
    def live(self) -> int:
        """How many submitted jobs have not ended."""
        return self.submitted - self.endings.total()

    @property
    def fruitless(self) -> int:
        """How many attempts were made since a job last ended."""
        return self.attempts - self._fruitful

    def leave_out(self) -> None:
        """Count a job that was not submitted, since the simulation was given up before."""
        self.submitted += 1
        self.unfinished["not submitted: the simulation ended before"] += 1

    def refuse(self, request: JobRequest, reasons: Iterable[tuple[int, str]]) -> None:
        """Count a job that no node could ever run."""
        lacking = "; ".join(f"{count} node{'s lack' if count > 1 else ' lacks'} {words}" for count, words in reasons)
        self.refused[lacking or f"{request.nodes} nodes at once are too many"] += 1

    def follow(self, log: deque[tuple[int, Job, Stage, str]]) -> None:
        """Account for everything in the log, and empty it."""
        while log:
            instant, job, stage, event = log.popleft()
            self._count_nodes_until(instant)
            nodes: tuple[str, ...] = ()
            is_member = isinstance(job, Member)
            if event == "allocated" and stage.holds:
                nodes = self._place(job, instant)
            elif not stage.holds and job in self._placed:
                self._leave(job, instant, stage.phase)
            self._count_waiting(job, instant, waits=stage.phase == "queued")
            if stage.is_terminal and not is_member:
                self._close(job, stage)
                self._forget(job)
                self.end = max(self.end, instant)
            if self._note is not None:
                self._note(Row(seconds(instant), job.key, stage.name, event, " ".join(nodes)))

    def arrivals_are_over(self, instant: int) -> None:
        """The last job has been submitted: what was used until then is that of the busy window."""
        self.usage.until(instant)
        self._window = instant, self.usage.totals()

    def count_nodes(self, instant: int, down: int) -> None:
        """From `instant` on so many nodes are down."""
        self._nodes_down.append((instant, down))  # in its turn: the log of what comes before is read later

    def _count_nodes_until(self, instant: int) -> None:
        while self._nodes_down and self._nodes_down[0][0] <= instant:
            at, down = self._nodes_down.popleft()
            self.queue.change(max(at, self.queue.last), (0, down - self.queue.held[1]), 1)

    def leave_unfinished(self, reasons: Iterable[str]) -> None:
        """What keeps each of those that have not ended."""
        self.unfinished.update(reasons)

    def _count_waiting(self, job: Job, instant: int, *, waits: bool) -> None:
        if waits and job not in self._waiting and not (job.crew and job.crew.members):
            self._waiting.add(job)
            self.queue.change(instant, (1, 0), 1)
        elif not waits and job in self._waiting:
            self._waiting.discard(job)
            self.queue.change(instant, (1, 0), -1)

    def _place(self, job: Job, instant: int) -> tuple[str, ...]:
        nodes = job.nodes_given(instant)
        wanted = job.request.resources
        amounts = (round(wanted.cpu * MILLI), wanted.memory, round(wanted.gpu * MILLI))
        numbers = [self._numbers.get(name, 0) for name in nodes]
        self._placed[job] = (instant, amounts, numbers)
        self.attempts += 1
        first = job.parent if isinstance(job, Member) and job.parent is not None else job
        if first not in self._waited:
            self._waited.add(first)
            self.waits.append(seconds(instant - first.created))
        self._change(instant, amounts, numbers, sign=1)
        return nodes

    def _change(self, instant: int, amounts: tuple[int, ...], numbers: list[int], *, sign: int) -> None:
        """What a job takes of, or gives back to, the cluster and its nodes."""
        self.usage.change(instant, amounts, sign * len(numbers))
        for number in numbers:
            if number < len(self.loads):
                self.loads[number].change(instant, amounts, sign)

    def _leave(self, job: Job, instant: int, phase: str) -> None:
        began, amounts, nodes = self._placed.pop(job)
        self._change(instant, amounts, nodes, sign=-1)
        self.stays += len(nodes)
        if len(self.bars) < MOST_BARS:
            self.bars += [Bar(node, seconds(began), seconds(instant), phase) for node in nodes]

    def _close(self, job: Job, stage: Stage) -> None:
        self._waited.discard(job)
        self._fruitful = self.attempts
        detail = job.last_detail
        was_cancelled = isinstance(detail, Outcome) and detail.reason == "cancelled"
        self.endings["cancelled" if was_cancelled else stage.phase] += 1

    def summary(self) -> dict[str, object]:
        """All figures: seconds, shares of capacity from 0 to 1, counts."""
        self.usage.until(max(self.end, self.usage.last))
        end = self.usage.last if self.live else self.end
        window, until_then = self._window
        ends = {phase: self.endings[phase] for phase in ("succeeded", "failed", "cancelled")}
        ends |= {"unfinished": self.live, "unplaceable": self.refused.total()}
        return {
            "jobs": self.submitted + self.refused.total(),
            "attempts": self.attempts,
            "makespan_s": seconds(end),
            "wait_s": waits(self.waits),
            "utilisation": self._shares(self.usage.totals(), end or 1),
            "window_s": seconds(window),
            "utilisation_window": self._shares(until_then, window) if window else None,
            "ends": ends,
            "reasons": {
                "unfinished": dict(self.unfinished.most_common()),
                "unplaceable": dict(self.refused.most_common()),
            },
        }

    def _shares(self, totals: list[int], span: int) -> dict[str, float | None]:
        """What was used of what there is, over so long."""
        both = zip(RESOURCES, totals, self.capacity, strict=True)
        return {name: round(total / (whole * span), 4) if whole else None for name, total, whole in both}


def waits(values: array[float]) -> dict[str, float]:
    """Mean, median, 95th percentile (nearest rank) and maximum."""
    ordered = sorted(values) or [0.0]
    last = len(ordered) - 1
    ranks = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    found = {name: ordered[max(0, min(last, -int(-share * len(ordered) // 1) - 1))] for name, share in ranks.items()}
    return {"mean": round(sum(ordered) / len(ordered), 6)} | found
