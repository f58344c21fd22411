"""How many jobs, members of teams included, and how many bytes of client data a world may keep."""

from __future__ import annotations

from msgspec.json import encode

from mockserver.simulation.errors import WorldFull
from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest

SMALL_BYTES = 1024
"""What a request brings up to this length is part of what any job takes, and counted by number alone."""

USUAL_BYTES = 12 * 1024
"""What a snapshot says of a request (the defaults too), or a scenario, is counted if it takes more than this."""

_OBJECT_BYTES, _ITEM_BYTES = 128, 64
_WIDEST_CHARACTER = 4


def footprint(text: bytes) -> int:
    """About how many bytes the values take in memory that are written so, as JSON or the like: a list of empty lists
    takes thirty times its length, and one character beyond ASCII may widen all of them."""
    length = len(text) if text.isascii() else _WIDEST_CHARACTER * len(text)
    return (
        length
        + _OBJECT_BYTES * text.count(b"{")
        + _ITEM_BYTES * (text.count(b"[") + text.count(b",") + text.count(b":"))
    )


def plain_bytes(value: object) -> int:
    """About how many bytes a plain value takes; zero for one that is no larger than usual."""
    size = footprint(encode(value))
    return size if size > USUAL_BYTES else 0


class ByteBudget:
    """Bytes that the worlds of one server may keep: all of them together, and each."""

    __slots__ = ("each", "most", "taken")

    def __init__(self, most: int, each: int) -> None:
        self.most, self.each = most, each
        self.taken = 0


class JobLimits:
    """What one world may keep: `most` places, `taken` of them, and bytes out of the `budget` of all worlds.

    A job has one place, and as many more as its team may have members, from its submission until it is forgotten.
    """

    __slots__ = ("_sizes", "_teams", "arriving", "budget", "bytes", "most", "taken")

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self._teams: dict[Job, int] = {}
        self.budget: ByteBudget | None = None  # shared by the worlds of a server
        self.bytes = self.arriving = 0  # kept, and brought by the request that is being served
        self._sizes: dict[Job, int] = {}  # of the jobs that took more than any job does

    def join(self, budget: ByteBudget) -> None:
        """From now on what is kept here counts in `budget` too. Raises WorldFull if it does not fit."""
        if self.bytes:
            _check(budget, self.bytes, held=0)
        self.budget = budget
        budget.taken += self.bytes

    def leave(self) -> None:
        """The world is forgotten: what it kept counts no longer."""
        if self.budget is not None:
            self.budget.taken -= self.bytes
            self.budget = None

    def expect(self, size: int) -> None:
        """A request brings so many bytes. Raises WorldFull if there is no room for them."""
        self.arriving = 0
        if size <= SMALL_BYTES:
            return
        if self.budget is not None:
            _check(self.budget, size, held=self.bytes)
        self.arriving = size

    def keep(self, job: Job, size: int | None = None) -> None:
        """Count what the request brought (or `size`) as kept with `job`."""
        size, self.arriving = self.arriving if size is None else size, 0
        self._sizes[job] = self._sizes.get(job, 0) + size
        self._count(size)

    def hold(self, size: int) -> None:
        """Count so many bytes, or so many less, that the world keeps beside its jobs. Raises WorldFull."""
        if size > 0 and self.budget is not None:
            _check(self.budget, size, held=self.bytes)
        self._count(size)

    def _count(self, size: int) -> None:
        self.bytes += size
        if self.budget is not None:
            self.budget.taken += size

    def check(self, request: JobRequest, job: Job | None = None) -> None:
        """Raises WorldFull if there is no room for what is asked for, in place of what `job` has."""
        held = 0 if job is None else self._teams.get(job, 1)
        if self.taken - held + (1 if request.team is None else _places(request)) > self.most:
            raise WorldFull(self.most)

    def of(self, job: Job) -> int | None:
        """How many places `job` and its team have; None for one that has no team."""
        return self._teams.get(job)

    def resume(self, job: Job, places: int | None) -> None:
        """`job` has these places from before."""
        self.taken += 1 if places is None else places
        if places is not None:
            self._teams[job] = places

    def take(self, job: Job) -> None:
        """Keep room for `job` and its team; what it has had is free."""
        if self.arriving:
            self.keep(job)
        if job in self._teams:
            self.taken -= self._teams.pop(job)
        if job.request.team is None:
            self.taken += 1
        else:
            self._teams[job] = _places(job.request)
            self.taken += self._teams[job]

    def give_back(self, job: Job) -> None:
        """`job` is forgotten, with all that worked for it."""
        self.taken -= self._teams.pop(job, 1)
        if self._sizes:
            self._count(-self._sizes.pop(job, 0))


def _check(budget: ByteBudget, size: int, *, held: int) -> None:
    if held + size > budget.each:
        raise WorldFull.of_bytes("this sandbox keeps", budget.each)
    if budget.taken + size > budget.most:
        raise WorldFull.of_bytes("all sandboxes together keep", budget.most)


def _places(request: JobRequest) -> int:
    return 1 if request.team is None else 1 + request.team.size
