"""EASY and conservative backfill for jobs that take a vector of resources on each of several nodes, by brute force.

Written from the rules in docs/scenarios.md and the publications named in published_backfill.py, without the engine: at
every instant each node's use is added up anew from what runs and what is promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

Vector = tuple[int, ...]
"""Amounts of cores, memory and GPUs."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of a trace: when it is submitted, how long it runs and asked for (ticks), what it takes of each of
    `count` nodes.
    """

    submitted: int
    runs: int
    asked: int
    each: Vector
    count: int = 1


@dataclass(slots=True)
class Stay:
    """A job on its nodes, or promised to be there: from when until when it is expected to be."""

    begin: int
    end: int
    nodes: Sequence[int]
    each: Vector
    count: int = 0


@dataclass(slots=True)
class Machine:
    """The nodes, who runs on them, who waits in order of arrival, and what has been promised to them."""

    nodes: Sequence[Vector]
    trace: Sequence[Wanted]
    packs: bool
    now: int = 0
    running: dict[int, Stay] = field(default_factory=dict)
    waiting: list[int] = field(default_factory=list)
    promised: dict[int, Stay] = field(default_factory=dict)
    has_ended: bool = False

    def used(self, node: int, instant: int, stays: Iterable[Stay]) -> Vector:
        """What is in use of a node at that instant."""
        there = [stay.each for stay in stays if node in stay.nodes and stay.begin <= instant < stay.end]
        return tuple(map(sum, zip(*there, (0,) * len(self.nodes[node]), strict=True)))

    def has_room(self, node: int, each: Vector, instant: int, stays: Iterable[Stay]) -> bool:
        """Whether a node has all of this at that instant."""
        used = self.used(node, instant, stays)
        return all(one + more <= most for one, more, most in zip(used, each, self.nodes[node], strict=True))

    def free_now(self, each: Vector) -> list[int]:
        """The nodes that have room at this instant for what takes so much."""
        held = [Stay(self.now, self.now + 1, stay.nodes, stay.each) for stay in self.running.values()]
        return [node for node in range(len(self.nodes)) if self.has_room(node, each, self.now, held)]

    def choice(self, each: Vector, fitting: Iterable[int]) -> int:
        """First fit, or with `packs` the node with the least free: of GPUs where the job takes any, else of cores."""
        held = [Stay(self.now, self.now + 1, stay.nodes, stay.each) for stay in self.running.values()]
        index = 2 if each[2] else 0

        def left(node: int) -> tuple[int, int]:
            return (self.nodes[node][index] - self.used(node, self.now, held)[index] if self.packs else 0), node

        return min(fitting, key=left)

    def begin(self, number: int, nodes: Sequence[int]) -> None:
        """Start a job on these nodes."""
        job = self.trace[number]
        self.waiting.remove(number)
        self.promised.pop(number, None)
        self.running[number] = Stay(self.now, self.now + job.asked, nodes, job.each)


Rule = Callable[[Machine], "list[int]"]
"""Starts whoever may start now, and names them."""


def played(trace: Sequence[Wanted], nodes: Sequence[Vector], rule: Rule, *, packs: bool) -> list[tuple[int, list[int]]]:
    """When each job starts and where, in the order of the trace; -1 where it never can."""
    machine = Machine(nodes, trace, packs)
    found = [(-1, list[int]())] * len(trace)
    ends: dict[int, int] = {}
    coming = sorted((job.submitted, number) for number, job in enumerate(trace))
    while coming or ends:
        machine.now = min([submitted for submitted, _ in coming[:1]] + list(ends.values()))
        ended = [number for number, end in ends.items() if end == machine.now]
        for number in ended:
            del ends[number], machine.running[number]
        machine.has_ended = bool(ended)
        while coming and coming[0][0] == machine.now:
            number = coming.pop(0)[1]
            machine.waiting += [number] if could(machine, trace[number]) else []
        for number in rule(machine):
            found[number] = machine.now, sorted(machine.running[number].nodes)
            ends[number] = machine.now + trace[number].runs
    return found


def could(machine: Machine, job: Wanted) -> bool:
    """Whether the machine could run a job if nobody else were there."""
    return len([node for node in range(len(machine.nodes)) if machine.has_room(node, job.each, 0, ())]) >= job.count


def conservative(machine: Machine) -> list[int]:
    """Everybody is promised the earliest start beside who runs and who was promised one before."""
    counts = counts_nodes(machine)
    kept = machine.promised
    held = [
        Stay(machine.now, max(stay.end, machine.now + 1), stay.nodes, stay.each, len(stay.nodes))
        for stay in machine.running.values()
    ]
    if is_broken(machine, held, counts=counts):
        kept.clear()
    started = []
    for number in list(machine.waiting):
        stay = kept.get(number)
        if stay is None or machine.has_ended or stay.begin == machine.now:
            kept.pop(number, None)
            job = machine.trace[number]
            begin, fitting = earliest(machine, job, [*held, *kept.values()], counts=counts)
            if begin == machine.now:
                nodes = chosen(machine, job, fitting)
                machine.begin(number, nodes)
                held.append(Stay(begin, begin + job.asked, nodes, job.each, job.count))
                started.append(number)
            else:
                nodes = [] if counts else fitting[: job.count]
                kept[number] = Stay(begin, begin + job.asked, nodes, job.each, job.count)
    return started


def counts_nodes(machine: Machine) -> bool:
    """Whether nodes are counted: all are alike, and each that runs or waits takes more than half of one of something,
    the same for all.
    """
    present = [machine.trace[number].each for number in (*machine.running, *machine.waiting)]
    alike = len(machine.nodes) > 1 and len(set(machine.nodes)) == 1
    return alike and any(all(2 * each[index] > most for each in present) for index, most in enumerate(machine.nodes[0]))


def is_broken(machine: Machine, held: list[Stay], *, counts: bool) -> bool:
    """Whether a promise could not be kept, or was one for a number of nodes and now has to be for certain nodes."""
    promises = machine.promised.values()
    if any(stay.begin < machine.now or not (stay.nodes or counts) for stay in promises):
        return True
    due = [stay for stay in promises if stay.begin == machine.now]
    if counts:
        return bool(due) and taken(machine.now, held + due) > len(machine.nodes)
    return is_overfull(machine, held + due)


def is_overfull(machine: Machine, stays: list[Stay]) -> bool:
    """Whether at this instant more is in use of any node than it has."""
    nothing = (0,) * len(machine.nodes[0])
    return not all(machine.has_room(node, nothing, machine.now, stays) for node in range(len(machine.nodes)))


def earliest(machine: Machine, job: Wanted, stays: list[Stay], *, counts: bool) -> tuple[int, list[int]]:
    """The first instant from now on at which enough nodes have room for the whole of what a job asks for, and all
    nodes that have it then; where nodes are counted, only for now.
    """
    for begin in sorted({machine.now, *(stay.end for stay in stays if stay.end > machine.now)}):
        edges = {begin, *(stay.begin for stay in stays if begin < stay.begin < begin + job.asked)}
        if counts:
            if all(taken(edge, stays) + job.count <= len(machine.nodes) for edge in edges):
                return begin, machine.free_now(job.each) if begin == machine.now else []
            continue
        fitting = [
            node
            for node in range(len(machine.nodes))
            if all(machine.has_room(node, job.each, edge, stays) for edge in edges)
        ]
        if len(fitting) >= job.count:
            return begin, fitting
    raise AssertionError("a job that could run alone finds a place after everybody else")


def taken(instant: int, stays: list[Stay]) -> int:
    """How many nodes are in use at an instant."""
    return sum(stay.count for stay in stays if stay.begin <= instant < stay.end)


def chosen(machine: Machine, job: Wanted, fitting: list[int]) -> list[int]:
    """As many of these nodes as the job takes, one after the other."""
    nodes: list[int] = []
    while len(nodes) < job.count:
        nodes.append(machine.choice(job.each, [node for node in fitting if node not in nodes]))
    return nodes


def easy(machine: Machine) -> list[int]:
    """The first is promised the earliest start; others pass it if they delay nobody but those behind it."""
    started = []
    while (number := next_of_easy(machine)) is not None:
        started.append(number)
    return started


def next_of_easy(machine: Machine) -> int | None:
    """Start the first job that may start now, if any may."""
    if not machine.waiting:
        return None
    head = machine.trace[machine.waiting[0]]
    shadow = None if len(machine.free_now(head.each)) >= head.count else shadow_of(machine, head)
    for number in machine.waiting:
        job = machine.trace[number]
        if shadow is None or machine.now + job.asked <= shadow:
            free = machine.free_now(job.each)
            nodes = chosen(machine, job, free) if len(free) >= job.count else []
        else:
            nodes = beside(machine, job, head, shadow) if job is not head else []
        if nodes:
            machine.begin(number, nodes)
            return number
    return None


def roomy(machine: Machine, head: Wanted, instant: int, more: Iterable[Stay] = ()) -> int:
    """How many nodes the head could use at that instant, beside who is expected to be there still, and these."""
    stays = [Stay(0, max(stay.end, machine.now), stay.nodes, stay.each) for stay in machine.running.values()]
    return sum(machine.has_room(node, head.each, instant, [*stays, *more]) for node in range(len(machine.nodes)))


def shadow_of(machine: Machine, head: Wanted) -> int:
    """The earliest instant at which the head is expected to find room."""
    ends = sorted({max(stay.end, machine.now) for stay in machine.running.values()})
    return next(instant for instant in ends if roomy(machine, head, instant) >= head.count)


def beside(machine: Machine, job: Wanted, head: Wanted, shadow: int) -> list[int]:
    """Nodes on which a job that stays beyond the shadow time leaves room for the head; none if there are not enough."""
    nodes: list[int] = []
    while len(nodes) < job.count:
        fitting = [
            node
            for node in machine.free_now(job.each)
            if node not in nodes
            and roomy(machine, head, shadow, [Stay(0, shadow + 1, [*nodes, node], job.each)]) >= head.count
        ]
        if not fitting:
            return []
        nodes.append(machine.choice(job.each, fitting))
    return nodes
