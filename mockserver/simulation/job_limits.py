"""How many jobs a world may keep: those that clients submitted, and the members of their teams."""

from __future__ import annotations

from mockserver.simulation.errors import WorldFull
from mockserver.simulation.job import Job
from mockserver.simulation.request import JobRequest


class Places:
    """`most` places, `taken` of them: one for each job, and as many more as its team may have members, from its submission until it is forgotten."""

    __slots__ = ("_teams", "most", "taken")

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0
        self._teams: dict[Job, int] = {}

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
        if job in self._teams:
            self.give_back(job)
        if job.request.team is None:
            self.taken += 1
        else:
            self._teams[job] = _places(job.request)
            self.taken += self._teams[job]

    def give_back(self, job: Job) -> None:
        """`job` is forgotten, with all that worked for it."""
        self.taken -= self._teams.pop(job, 1)


def _places(request: JobRequest) -> int:
    return 1 if request.team is None else 1 + request.team.size
