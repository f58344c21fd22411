"""The promise that EASY backfill makes to the first that waits: the earliest instant at which it is expected to find
room.

As published, a job may overtake if it is expected to be gone by that instant (the shadow time), or if it uses only what
is extra then, that is if the first still finds room beside it. Resources are vectors and lie on nodes: the first finds
room as soon as as many nodes as it needs have all of what it asks for; a job that stays longer may use any node on
which the first then still fits beside it, and beyond these as many as are left over.
"""

from __future__ import annotations

from itertools import groupby

from mockserver.simulation.cluster.capacity_index import bits, mask_of
from mockserver.simulation.cluster.cluster import GPU, MILLI, SHARE, Cluster, choose_devices
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.job import Job
from mockserver.simulation.placement.elastic import least_of, size
from mockserver.simulation.placement.estimates import NEVER, Estimates
from mockserver.simulation.placement.node_jobs import Holdings

_EVERYWHERE = -1


class FreeCapacity:
    """What is free of one node at some instant, of the dimensions that a shape asks for, and its devices."""

    __slots__ = ("devices", "free", "shape")

    def __init__(self, cluster: Cluster, shape: Shape, node: int) -> None:
        self.shape = shape
        self.free = {
            index: cluster.dimensions[index].free[node] for index, _ in shape.demand if index not in (GPU, SHARE)
        }
        self.devices = list(cluster.devices[node])

    def change(self, shape: Shape, devices: tuple[int, ...], sign: int) -> None:
        """What `shape` demands is given back (1) or taken (-1), on these devices."""
        for index, amount in shape.demand:
            if index in self.free:
                self.free[index] += sign * amount
        for device in devices:
            self.devices[device] += sign * (shape.share or MILLI)

    def fits(self) -> bool:
        """Whether there is room for the shape."""
        for index, amount in self.shape.demand:
            if index == GPU:
                if self.devices.count(MILLI) * MILLI < amount:
                    return False
            elif (max(self.devices, default=0) if index == SHARE else self.free[index]) < amount:
                return False
        return True


class Promise:
    """From `instant` (microseconds) on the first is expected to fit on each node of `fitting`, of which it needs
    `shape.count`.

    An instant beyond NEVER means that nobody knows when, but who has to leave for it: then only what is extra is given
    away.
    """

    __slots__ = ("_free", "_gone", "_seen", "cluster", "fitting", "holdings", "instant", "shape")

    def __init__(self, cluster: Cluster, shape: Shape, holdings: Holdings) -> None:
        self.cluster = cluster
        self.holdings = holdings
        self.shape = shape
        self.instant = 0
        self.fitting = cluster.feasible(shape, _EVERYWHERE)
        self._free: dict[int, FreeCapacity] = {}
        self._gone: list[Job] = []
        self._seen: dict[Shape, tuple[int, int]] = {}

    @property
    def extra(self) -> int:
        """How many nodes are left over when the first has got its own."""
        return self.fitting.bit_count() - self.shape.count

    def find(self, estimates: Estimates, now: int) -> bool:
        """Look for the instant, with elastic jobs at their least and everybody gone when expected; whether there is
        one.
        """
        running = [(estimates.end(job, now), number, job) for number, job in enumerate(self.holdings.masks)]
        wanted = self.shape.possible & self.cluster.ready
        for _, _, job in running:
            if job.shape.smallest is not None:
                self._shrink(job, wanted)
        self.instant = now
        if self.extra >= 0:
            return True
        running.sort()
        for instant, ending in groupby(running, key=lambda one: one[0]):
            for _, _, job in ending:
                self._leave(job, wanted)
            if self.extra >= 0:
                self.instant = instant
                return True
        return False

    def is_over_by(self, span: int | None, now: int) -> bool:
        """Whether a job that is expected to hold nodes for so long is gone when the first needs them."""
        return span is not None and self.instant < NEVER and now + span <= self.instant

    def harmful(self, shape: Shape, nodes: int) -> int:
        """Those of `nodes` on which the first does not fit any more beside a job of `shape`; `extra` of them may be
        used.
        """
        concerned = nodes & self.fitting
        seen, harmful = self._seen.get(shape, (0, 0))
        unseen = concerned & ~seen
        if unseen:
            beside = self._may_lie_beside(shape)
            harmful |= unseen & ~beside
            self._seen[shape] = seen | unseen, harmful
            unseen &= beside
        if unseen:
            harmful |= mask_of(node for node in bits(unseen) if not self._stays_beside(shape, node))
            self._seen[shape] = seen | concerned, harmful
        return concerned & harmful

    def allowed(self, shape: Shape, nodes: int) -> int:
        """Those of `nodes` that a job of `shape`, which stays longer, may use; none if these are not as many as it
        needs.
        """
        harmful = self.harmful(shape, nodes) if self.extra < shape.count else 0
        if not harmful:
            return nodes
        if not self.extra:
            nodes &= ~harmful
        usable = (nodes & ~harmful).bit_count() + min(self.extra, harmful.bit_count())
        return nodes if usable >= shape.count else 0

    def _may_lie_beside(self, shape: Shape) -> int:
        """The nodes whose capacity is enough for both, whatever else is there."""
        mine, mask = dict(self.shape.demand), _EVERYWHERE
        for index, amount in shape.demand:
            if index in mine and index != SHARE:
                mask &= self.cluster.with_capacity(index, amount + mine[index])
        return mask

    def _stays_beside(self, shape: Shape, node: int) -> bool:
        free = self._free_on(node)
        now = self.cluster.devices[node]
        devices = choose_devices(now if self.cluster.feasible(shape, 1 << node) else free.devices, shape)
        free.change(shape, devices, -1)
        stays = free.fits()
        free.change(shape, devices, 1)
        return stays

    def _shrink(self, job: Job, wanted: int) -> None:
        """What an elastic job holds beyond the least it can use goes back whenever somebody asks."""
        node, devices = job.holding[0]
        least = least_of(self.cluster, job)
        if least is not job.shape and wanted >> node & 1:
            free = self._free_on(node)
            free.change(job.shape, devices, 1)
            free.change(least, devices[: size(least) // MILLI], -1)
            self._judge(node, free)

    def _leave(self, job: Job, wanted: int) -> None:
        mask, shape = self.holdings.masks[job] & wanted, job.shape
        if shape.smallest is None:
            self._gone.append(job)
            self.fitting |= mask & ~self.holdings.shared  # what nobody else holds is empty then
            mask &= self.holdings.shared
        else:
            shape = least_of(self.cluster, job)
        for node, devices in job.holding if mask else ():
            if mask >> node & 1:
                free = self._free_on(node)
                free.change(shape, devices if shape is job.shape else devices[: size(shape) // MILLI], 1)
                self._judge(node, free)

    def _free_on(self, node: int) -> FreeCapacity:
        free = self._free.get(node)
        if free is None:
            free = self._free[node] = FreeCapacity(self.cluster, self.shape, node)
            if not self.holdings.shared >> node & 1:
                for job in self._gone:
                    if self.holdings.masks[job] >> node & 1:
                        free.change(job.shape, dict(job.holding)[node], 1)
        return free

    def _judge(self, node: int, free: FreeCapacity) -> None:
        if free.fits():
            self.fitting |= 1 << node
