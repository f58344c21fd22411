"""The placement of jobs once more, by brute force: every pass looks at all that wait and all nodes, and counts what is
free from what is held.

It knows no masks, no levels, no blocked shapes and no index. Of a shape it reads only what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import ceil

from mockserver.simulation.cluster.cluster import Cluster
from mockserver.simulation.cluster.node import READY, Node
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.node_jobs import NodeJobs
from mockserver.simulation.request import ResourceRequest
from mockserver.simulation.scenario.scenario import Scenario
from mockserver.simulation.world import World
from tests.simulation import worlds

Holding = tuple[int, tuple[int, ...]]
UNKNOWN = 1 << 60
"""Later than any instant that is known; what has no known end comes after it, in order of submission."""


def world(scenario: Scenario) -> World:
    """A world in which jobs are placed by brute force."""
    here = World(scenario, worlds.LIFECYCLES, epoch_us=0, log=None)
    longest = scenario.startup.uniform[1] if scenario.startup.uniform else scenario.startup.fixed or 0
    startup = round(longest * 1_000_000)
    here.scheduler.placement = Reference(  # type: ignore[assignment]
        here.scheduler.cluster, scenario.queue, scenario.placement, startup
    )
    return here


def thousandths(amount: float) -> int:
    return ceil(amount * 1000 - 1e-6)


@dataclass
class Free:
    """What is free of one node: amounts by name, thousandths of each device."""

    amounts: dict[str, int]
    devices: list[int]

    @classmethod
    def of(cls, node: Node) -> Free:
        own = {"cpu": thousandths(node.cpu), "memory": node.memory, "storage": node.storage}
        return cls(
            own | {f"custom {name}": thousandths(amount) for name, amount in node.custom.items()}, [1000] * node.gpus
        )

    def change(self, wanted: ResourceRequest, devices: Iterable[int], sign: int) -> None:
        """Give back (1) or take (-1) what a job holds."""
        for name, amount in needs(wanted).items():
            self.amounts[name] += sign * amount
        for device in devices:
            self.devices[device] += sign * (thousandths(wanted.gpu) if 0 < wanted.gpu < 1 else 1000)

    def suits(self, wanted: ResourceRequest) -> bool:
        """Whether there is room for all of it."""
        if any(self.amounts.get(name, 0) < amount for name, amount in needs(wanted).items()):
            return False
        if 0 < wanted.gpu < 1:
            return max(self.devices, default=0) >= thousandths(wanted.gpu)
        return self.devices.count(1000) >= ceil(wanted.gpu)

    def choice(self, wanted: ResourceRequest, own: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The devices that are taken: for a part the fullest that has room, else the first untouched ones, `own` before
        others.
        """
        if 0 < wanted.gpu < 1:
            part = thousandths(wanted.gpu)
            return (min((left, number) for number, left in enumerate(self.devices) if left >= part)[1],)
        others = [number for number, left in enumerate(self.devices) if left == 1000 and number not in own]
        return tuple(sorted((*own, *others)[: ceil(wanted.gpu)]))

    def choice_of_gpus(self, wanted: ResourceRequest) -> tuple[int, ...]:
        """The devices that would be taken, none where there are not enough."""
        if 0 < wanted.gpu < 1 and max(self.devices, default=0) < thousandths(wanted.gpu):
            return ()
        return self.choice(wanted)

    def part_for(self, wanted: ResourceRequest) -> tuple[int, int]:
        """What is left of the fullest device in part use that has room, and how many devices are whole; as much as a
        whole one where there is none.
        """
        left = [free for free in self.devices if thousandths(wanted.gpu) <= free < 1000]
        return (min(left), 0) if left else (1000, self.devices.count(1000))

    def packing(self, wanted: ResourceRequest) -> int:
        """What placement looks at."""
        if 0 < wanted.gpu < 1:
            return max(self.devices, default=0)
        return self.devices.count(1000) if wanted.gpu else self.amounts["cpu"]


def needs(wanted: ResourceRequest) -> dict[str, int]:
    found = {"cpu": thousandths(wanted.cpu), "memory": wanted.memory, "storage": wanted.storage}
    found |= {f"custom {name}": thousandths(amount) for name, amount in wanted.custom}
    return {name: amount for name, amount in found.items() if amount > 0}


def has(node: Node, label: str) -> bool:
    name, equals, value = label.partition("=")
    return (name in node.labels and (not equals or node.labels[name] == value)) or (
        bool(equals) and name == "region" and node.region == value
    )


class Reference:
    """The same surface as `PlacementPass`."""

    def __init__(self, cluster: Cluster, policy: str, placement: str, startup: int) -> None:
        self.cluster, self.policy, self.placement, self.startup = cluster, policy, placement, startup
        self.waiting: list[Job] = []
        self.held: dict[Job, None] = {}
        self.node_jobs = NodeJobs(len(cluster.nodes))
        self.is_settled = True
        self.line: list[Job] | None = None
        self.promise: tuple[int, Job] | None = None
        self.away: set[Shape] = set()
        self.stirred = False

    @property
    def is_under_way(self) -> bool:
        return self.line is not None

    def wait(self, job: Job) -> None:
        self.waiting.append(job)
        self._stir()

    def leave(self, job: Job) -> None:
        if job in self.waiting:
            self.waiting.remove(job)
        self._stir()

    def give_back(self, job: Job) -> None:
        self.node_jobs.leave(job)
        del self.held[job]
        job.holding = ()
        job.shape = job.shape.smallest or job.shape
        self._stir()

    def opened(self, nodes: int) -> None:
        self._stir()

    def closed(self) -> None:
        self._stir()

    def _stir(self) -> None:
        self.stirred, self.is_settled = True, False

    def rank(self, job: Job) -> tuple[int, Job]:
        return (0 if self.policy == "fifo" else -job.request.priority, job)

    def step(self, now: int, evict: Callable[[Job], None]) -> Job | None:
        """The next in line that finds a node, if need be one that elastic jobs make room on."""
        if self.line is None:
            self.line, self.promise, self.away, self.stirred = sorted(self.waiting, key=self.rank), None, set(), False
        while self.line:
            job = self.line.pop(0)
            if job in self.waiting and job.shape not in self.away and self._place(job, now):
                self.waiting.remove(job)
                if self.policy == "backfill":  # as published, all that wait are looked at anew after each start
                    self.line = None
                return job
        self.line, self.is_settled = None, not self.stirred
        if self.is_settled:
            self._grow()
        return None

    def _place(self, job: Job, now: int) -> bool:
        shape, allowed = job.shape, list(range(len(self.cluster.nodes)))
        stays = self.promise is not None and not self._leaves_in_time(job, now)
        if stays:
            allowed = [node for node in allowed if self._leaves_room({node: shape.request}, now)]
        fit = [node for node in allowed if self._fits(shape.request, node)]
        while len(fit) < shape.count:
            offers = [
                offer for node in allowed if node not in fit and (offer := self._offer(shape.request, node)) is not None
            ]
            if len(fit) + len(offers) < shape.count or (stays and shape.count > 1):
                self._turn_away(job, now)
                return False
            _, node, sizes = min(offers, key=lambda offer: offer[:2])
            for other, size in sizes:
                self._hold(other, size, other.holding[0][1][: ceil(size.request.gpu)])
            fit = sorted((*fit, node))
        for larger in shape.larger:
            roomy = [
                node
                for node in fit
                if self._fits(larger.request, node) and (not stays or self._leaves_room({node: larger.request}, now))
            ]
            if roomy:
                shape, fit = larger, roomy
                break
        chosen = self._chosen(shape, fit, now, stays=stays)
        if len(chosen) < shape.count:
            self._turn_away(job, now)
            return False
        job.shape = shape
        job.holding = tuple((node, self._free(node).choice(shape.request)) for node in chosen)
        self.held[job] = None
        self.node_jobs.enter(job)
        return True

    def _chosen(self, shape: Shape, fit: list[int], now: int, *, stays: bool) -> list[int]:
        """One node after the other, each so that the first still finds room beside all of them."""
        chosen: list[int] = []
        while len(chosen) < shape.count:
            left = [node for node in fit if node not in chosen]
            if stays:
                left = [node for node in left if self._leaves_room(dict.fromkeys([*chosen, node], shape.request), now)]
            if not left:
                break
            chosen.append(self._choose(shape.request, left))
        return chosen

    def _turn_away(self, job: Job, now: int) -> None:
        if self.policy != "backfill":
            self.away.add(job.shape)
        if (
            self.policy == "greedy"
            or sum(self._could(job.shape.request, node) for node in range(len(self.cluster.nodes))) < job.shape.count
        ):
            return
        if self.policy != "backfill":
            self.line = []
        elif self.promise is None:
            self._promise(job, now)

    # What is published of EASY: the first is promised the earliest instant, whoever overtakes is gone by then or uses
    # what is extra

    def _promise(self, first: Job, now: int) -> None:
        for instant in sorted({now, *(self._ends(other, now) for other in self.held)}):
            if len(self._roomy(first, instant, {}, now)) >= first.shape.count:
                self.promise = instant, first
                return

    def _roomy(self, first: Job, instant: int, beside: dict[int, ResourceRequest], now: int) -> list[int]:
        """The nodes that the first could use at that instant, beside what else would be there then."""
        found = []
        for node in range(len(self.cluster.nodes)):
            free = self._free_at(node, instant, now)
            if node in beside:
                today = self._free(node)
                free.change(
                    beside[node], (today if today.suits(beside[node]) else free).choice_of_gpus(beside[node]), -1
                )
            if self._is_up(node) and self._could(first.shape.request, node) and free.suits(first.shape.request):
                found.append(node)
        return found

    def _leaves_in_time(self, job: Job, now: int) -> bool:
        assert self.promise is not None
        return self._ends(job, now) <= self.promise[0] < UNKNOWN

    def _leaves_room(self, beside: dict[int, ResourceRequest], now: int) -> bool:
        assert self.promise is not None
        instant, first = self.promise
        if not all(self._is_up(node) and self._could(wanted, node) for node, wanted in beside.items()):
            return False
        return len(self._roomy(first, instant, beside, now)) >= first.shape.count

    def _ends(self, job: Job, now: int) -> int:
        """When a job is expected to have given back what it holds or is about to get: never in the past."""
        stage = job.stage if job.stage.holds else job.stage.on["allocated"]
        at = now if not job.stage.holds else job.changed
        if job.phase == "running":
            at = next(instant for instant, entered, _, _ in reversed(list(job.steps())) if entered.phase == "running")
        limits = job.request.limits
        while stage.holds:
            if stage.after is not None:
                at, stage = at + stage.after[0], stage.after[1]
            elif stage.phase == "starting":
                at, stage = (
                    at + min(self.startup, UNKNOWN if limits.start is None else round(limits.start * 1_000_000)),
                    stage.on["started"],
                )
            elif limits.run is None:
                return UNKNOWN + job.serial
            else:
                at, stage = at + round(limits.run * 1_000_000), stage.on["succeeded"]
        return max(at, now)

    def _free_at(self, node: int, instant: int, now: int) -> Free:
        free = self._free(node)
        for job in self._on(node):
            devices = next(devices for where, devices in job.holding if where == node)
            gone = self._ends(job, now) <= instant
            least = [job.shape, *self._smaller(job)][-1].request
            free.change(job.shape.request, devices, 1)
            if not gone:
                free.change(least, devices if least is job.shape.request else devices[: ceil(least.gpu)], -1)
        return free

    # Nodes

    def _on(self, node: int) -> list[Job]:
        return [job for job in self.held if any(where == node for where, _ in job.holding)]

    def _free(self, node: int) -> Free:
        free = Free.of(self.cluster.nodes[node])
        for job in self._on(node):
            free.change(job.shape.request, next(devices for where, devices in job.holding if where == node), -1)
        return free

    def _is_up(self, node: int) -> bool:
        return self.cluster.conditions[node] == READY

    def _could(self, wanted: ResourceRequest, node: int) -> bool:
        """Whether an empty `node` would do."""
        machine = self.cluster.nodes[node]
        traits = (
            wanted.gpu_model in (None, machine.gpu_model)
            and wanted.gpu_registry in (None, machine.gpu_registry)
            and machine.vram >= wanted.vram
        )
        labels = all(has(machine, label) for label in wanted.labels)
        any_label = not wanted.any_labels or any(has(machine, label) for label in wanted.any_labels)
        return traits and labels and any_label and Free.of(machine).suits(wanted)

    def _fits(self, wanted: ResourceRequest, node: int) -> bool:
        return self._is_up(node) and self._could(wanted, node) and self._free(node).suits(wanted)

    def _choose(self, wanted: ResourceRequest, fit: list[int]) -> int:
        for label in wanted.preferred:
            liked = [node for node in fit if has(self.cluster.nodes[node], label)]
            if liked:
                fit = liked
                break
        if self.placement == "bin-pack" and 0 < wanted.gpu < 1:
            return min(fit, key=lambda node: (*self._free(node).part_for(wanted), node))
        sign = {"bin-pack": 1, "spread": -1, "first-fit": 0}[self.placement]
        return min(fit, key=lambda node: (sign * self._free(node).packing(wanted), node))

    # Elastic jobs

    def _hold(self, job: Job, size: Shape, devices: tuple[int, ...]) -> None:
        job.shape, job.holding = size, ((job.holding[0][0], devices),)

    def _smaller(self, job: Job) -> list[Shape]:
        """The sizes, falling, to which an elastic job can shrink where it is."""
        found: list[Shape] = []
        if job.shape.smallest is None or not job.holding:
            return found
        known, held = [*job.shape.smallest.larger, job.shape.smallest], job.shape.request
        for size in known[known.index(job.shape) + 1 :]:
            wanted = size.request
            less = (
                all(amount <= needs(held).get(name, 0) for name, amount in needs(wanted).items())
                and not 0 < wanted.gpu < 1
            )
            less = less and (not wanted.gpu or (held.gpu >= 1 and ceil(wanted.gpu) <= ceil(held.gpu)))
            if less and self._could(wanted, job.holding[0][0]):
                found.append(size)
                held = wanted
        return found

    def _offer(self, wanted: ResourceRequest, node: int) -> tuple[int, int, list[tuple[Job, Shape]]] | None:
        """GPUs given back, the node, and who shrinks to what: the youngest first until there is room, then the oldest
        takes back what it can.
        """
        if not self._is_up(node) or not self._could(wanted, node):
            return None
        soft = sorted((job for job in self._on(node) if self._smaller(job)), reverse=True)
        before = {job: (job.shape, job.holding[0][1]) for job in soft}
        try:
            if not any(self._free(node).suits(wanted) for _ in self._squeezing(soft)):
                return None
            for job in reversed(soft):
                self._take_back(job, *before[job], lambda: self._free(node).suits(wanted))
            cost = sum(ceil(before[job][0].request.gpu) - ceil(job.shape.request.gpu) for job in soft)
            return cost, node, [(job, job.shape) for job in soft if job.shape is not before[job][0]]
        finally:
            for job, kept in before.items():
                self._hold(job, *kept)

    def _squeezing(self, soft: list[Job]) -> Iterator[None]:
        for job in soft:
            for size in self._smaller(job):
                self._hold(job, size, job.holding[0][1][: ceil(size.request.gpu)])
                yield

    def _take_back(self, job: Job, size: Shape, devices: tuple[int, ...], is_enough: Callable[[], bool]) -> None:
        squeezed = job.shape
        self._hold(job, size, devices)
        for smaller in self._smaller(job) if squeezed is not size else ():
            if is_enough():
                return
            self._hold(job, smaller, devices[: ceil(smaller.request.gpu)])
            if smaller is squeezed:
                return

    def _grow(self) -> None:
        for job in sorted(self.held):
            node, own = job.holding[0]
            if job.shape.smallest is None or any(self._could(other.shape.request, node) for other in self.waiting):
                continue
            known = [*job.shape.smallest.larger, job.shape.smallest]
            for larger in known[: known.index(job.shape)]:
                free = self._free(node)
                free.change(job.shape.request, own, 1)
                if self._is_up(node) and self._could(larger.request, node) and free.suits(larger.request):
                    in_parts = 0 < job.shape.request.gpu < 1 or 0 < larger.request.gpu < 1
                    self._hold(job, larger, free.choice(larger.request, () if in_parts else own))
                    break
