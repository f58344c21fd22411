"""What a snapshot holds, as typed records: what decides how a world continues, and nothing that follows from it.

A job is named by its number in `jobs`, a node by its number in the cluster, a state by its name in the lifecycle of the
job's API.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mockserver.simulation.cluster.node import Node
from mockserver.simulation.request import JobRequest, Outcome
from mockserver.simulation.scenario.scenario import Scenario

Step = tuple[int, str, str, Outcome | tuple[str, ...] | None]
"""Instant, state, event and detail: how an attempt ended, or the names of the nodes that were given."""


class JobRecord(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One job. A member of a team has `lead` and `index` instead of a request, which follows from its lead's.

    `changed` is there where it is not the instant of the last step, `size` says which of its sizes an elastic job
    holds, `places` how much room its team was given. `is_kept` says that clients can still name it, `waits` that it
    stands in the queue.
    """

    serial: int
    steps: list[Step] = msgspec.field(name="history")
    generation: int
    request: JobRequest | None = None
    lead: int | None = None
    index: int = 0
    parent: int | None = None
    failures: int = 0
    changed: int | None = None
    held: tuple[tuple[int, tuple[int, ...]], ...] = ()
    size: int = 0
    crew: list[int] | None = None
    is_kept: bool = True
    waits: bool = False
    places: int | None = None


class Due(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """One event of the agenda: for a job, or (kind NODE) for a node that has failed `count` times."""

    instant: int
    order: int
    kind: int
    subject: int
    whole_job: bool
    detail: Outcome | str | None
    count: int


class WorldRecord(msgspec.Struct, forbid_unknown_fields=True):
    """A settled world.

    `nodes` are those added to the scenario's, `conditions` those that are not ready. `holders` and `is_first_round`
    belong to worlds with projects. `blocked` names one waiting job of each shape that found no node. `promised` holds
    the instants (and nodes) that conservative backfill has promised to those who wait. `ids` counts how often ids were
    made for what, at most `ids_floor` times for anything else.
    """

    scenario: Scenario
    seed: int
    epoch: int
    now: int
    submitted: int
    logged: int
    scheduled: int
    log_length: int | None
    nodes: list[Node]
    conditions: list[tuple[int, str]]
    jobs: list[JobRecord]
    agenda: list[Due]
    log: list[tuple[int, int, str, str]]
    announced: list[tuple[int, int]]
    blocked: list[int]
    holders: list[int]
    is_first_round: bool
    ids: list[tuple[int, int]]
    shelves: dict[str, Any]
    promised: list[tuple[int, int, list[int]]] = []
    ids_floor: int = 0
