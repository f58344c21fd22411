"""What can go wrong in the simulated world, as facts.

SimulationError
├── UnknownJob
├── DuplicateJob
├── UnknownParent
├── NotCancellable
├── NotReleasable
├── NotPossible
├── UnknownNode
├── DuplicateNode
├── SnapshotError
├── Unplaceable
├── TooManyLabels
├── WorldFull
├── TraceError
└── ScenarioError
"""

from __future__ import annotations


class SimulationError(Exception):
    """Something the simulated world does not allow."""


class UnknownJob(SimulationError):
    """No job of that name, or it was deleted."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no job is called {key!r}")
        self.key = key


class DuplicateJob(SimulationError):
    """A job of that name exists already."""

    def __init__(self, key: str) -> None:
        super().__init__(f"a job called {key!r} exists already")
        self.key = key


class UnknownParent(SimulationError):
    """The parent that a job names does not exist."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the parent job {key!r} does not exist")
        self.key = key


class NotCancellable(SimulationError):
    """The job's present state has no way to be cancelled."""

    def __init__(self, key: str, state: str) -> None:
        super().__init__(f"job {key} cannot be cancelled: it is {state}")
        self.key, self.state = key, state


class NotReleasable(SimulationError):
    """The job was released before."""

    def __init__(self, key: str, state: str) -> None:
        super().__init__(f"job {key} cannot be started: it is {state}")
        self.key, self.state = key, state


class NotPossible(SimulationError):
    """The job's present state knows no such event."""

    def __init__(self, key: str, state: str, event: str) -> None:
        super().__init__(f"job {key} is {state}: it cannot be {event} from there")
        self.key, self.state, self.event = key, state, event


class UnknownNode(SimulationError):
    """No node of that name."""

    def __init__(self, name: str, names: list[str]) -> None:
        super().__init__(f"no node is called {name!r}; the first of {len(names)} are {', '.join(names[:5])}")
        self.name = name


class DuplicateNode(SimulationError):
    """A node of that name exists already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"a node called {name!r} exists already")
        self.name = name


class SnapshotError(SimulationError):
    """What should be a snapshot is not one, or is damaged."""


class Unplaceable(SimulationError):
    """No node of the cluster could ever run the job; `reasons` counts why."""

    def __init__(self, key: str, reasons: str) -> None:
        super().__init__(f"job {key} can never be placed: {reasons}")
        self.key, self.reasons = key, reasons


class TooManyLabels(SimulationError):
    """A job names more labels of nodes than are looked for."""

    def __init__(self, count: int, most: int) -> None:
        super().__init__(f"the job names {count} different labels of nodes, expected at most {most}")


class WorldFull(SimulationError):
    """The world holds as many jobs, or as many bytes, as it is allowed to."""

    def __init__(self, limit: int, message: str = "") -> None:
        usual = f"this sandbox holds its limit of {limit} jobs, members of teams included; delete some or reset it"
        super().__init__(message or f"{usual} (POST /_mock/reset); a scenario's `most_jobs` allows more")
        self.limit = limit

    @classmethod
    def of_bytes(cls, whose: str, limit: int) -> WorldFull:
        """Too many bytes are kept, by whom `whose` says."""
        way_out = "delete jobs, or reset (POST /_mock/reset) or delete a sandbox; `serve --most-mib` allows more"
        return cls(limit, f"{whose} the limit of {limit // 2**20} MiB of what clients sent; {way_out}")


class ScenarioError(SimulationError):
    """A scenario says something that cannot be; names file, place and what was expected."""


class TraceError(SimulationError):
    """A trace cannot be followed; names file, line and what was expected."""


def why_unreadable(error: Exception) -> str:
    """Why a file could not be read, in words."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    return (isinstance(error, OSError) and error.strerror) or str(error)
