"""What a job asks for: resources, limits, retries, its script, how its work is divided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from mockserver.simulation.clock import micros
from mockserver.simulation.errors import TooManyLabels

TASK = "/task"
"""What follows the name of an API in that of its jobs' members."""


MOST_LABELS = 200
"""Most labels that one job may name."""


def named_labels(names: Iterable[str]) -> tuple[str, ...]:
    """The labels that a job names, each once. Raises TooManyLabels."""
    labels = tuple(dict.fromkeys(names))
    if len(labels) > MOST_LABELS:
        raise TooManyLabels(len(labels), MOST_LABELS)
    return labels


# a struct, since each submission looks its shape up by hash
class ResourceRequest(msgspec.Struct, frozen=True, cache_hash=True):
    """What a job needs on one node: cores and GPUs (a fraction below 1 shares a device), bytes, custom amounts, labels.

    `gpu_model` and `gpu_registry` name a GPU exactly. `labels` must all be on the node; of `any_labels` one must be; of
    the nodes that fit, those with the first of `preferred` that any has are taken. A label is its name, or
    `name=value`; `region=value` fits a node's region too.
    """

    cpu: float = 0.0
    memory: int = 0
    gpu: float = 0.0
    storage: int = 0
    vram: int = 0
    gpu_model: str | None = None
    gpu_registry: str | None = None
    custom: tuple[tuple[str, float], ...] = ()
    labels: tuple[str, ...] = ()
    any_labels: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds after which a job leaves by `timed_out`: assign, start and run per attempt, total over all attempts.

    The total counts from the job's creation, that of a draft from its release.
    """

    assign: float | None = None
    start: float | None = None
    run: float | None = None
    total: float | None = None

    def or_else(self, other: Limits) -> Limits:
        """These limits, and those of `other` where there are none."""
        return Limits(
            *[_first(getattr(self, name), getattr(other, name)) for name in ("assign", "start", "run", "total")]
        )


def _first(own: float | None, other: float | None) -> float | None:
    return other if own is None else own


@dataclass(frozen=True, slots=True)
class Backoff:
    """Wait before the k-th retry: `first * 2**(k-1)` seconds, at most `most`."""

    first: float = 0.0
    most: float = 0.0

    def micros(self, retry: int) -> int:
        """Microseconds before retry number `retry` (from 1)."""
        return micros(min(self.first * 2.0 ** min(retry - 1, 60), self.most))


NO_LIMITS = Limits()
NO_BACKOFF = Backoff()


class Outcome(msgspec.Struct, frozen=True, gc=False):  # a struct, since every run makes one and every history keeps it
    """How one run goes: microseconds it takes (None: until somebody ends it), exit code, why it failed, a vendor's word
    for that.
    """

    duration: int | None
    exit_code: int = 0
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """What somebody wants this job to do, whatever the workload would draw; None and 0 leave it to the workload.

    The first `fail_attempts` attempts end with `exit_code` (1 unless given). `code` is a vendor's word for the error.
    """

    run_seconds: float | None = None
    exit_code: int | None = None
    reason: str = ""
    code: str = ""
    stay_queued: bool = False
    fail_attempts: int | None = None


@dataclass(frozen=True, slots=True)
class Team:
    """How a job's work is divided: `size` members, at most `parallel` at once, each ended after `run` seconds; more
    failures than `tolerate` end the job.
    """

    size: int
    parallel: int
    tolerate: int = 0
    run: float | None = None


ALONE = Team(1, 1)
"""The team of a job that says nothing of one although its lifecycle wants it."""


# A struct, since each submission makes one that lives as long as its job.
class JobRequest(msgspec.Struct, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """A job as an adapter asks for it, in house units.

    `key` is the public id, unique within `api`; `owner` the tenant, `project` the quota entity. A gang asks for
    `resources` on each of `nodes` nodes, all or nothing. A `preemptible` job may exceed its project's quota and be
    evicted; a `restartable` one then waits again. `command` is read for `sleep N` and `exit N`. `endless` runs go on
    until cancelled. `not_before` is seconds since the world began. `ttl` is seconds a finished job is kept. `draw`
    names the job's stream of random draws (the key where a client chose it). `estimate` is the run time in seconds that
    was asked for where it does not limit the run; backfill reckons with it, else with the run limit. `callback` is
    where its client, which may be `remote` (on another machine), wants to be called when it has ended. `team` divides
    its work among members that take the resources each. An `elastic` job makes do with one of these smaller requests,
    falling, and grows when there is room. `unready` says how preparation fails, if it is bound to. `payload` is the
    adapter's own.
    """

    api: str
    key: str
    resources: ResourceRequest
    owner: str = ""
    project: str = ""
    priority: int = 0
    limits: Limits = NO_LIMITS
    estimate: float | None = None
    retries: int = 0
    backoff: Backoff = NO_BACKOFF
    nodes: int = 1
    preemptible: bool = False
    restartable: bool = True
    command: str = ""
    endless: bool = False
    not_before: float = 0.0
    ttl: float | None = None
    parent: str | None = None
    draw: str = ""
    script: Script | None = None
    callback: str | None = None
    remote: bool = False
    team: Team | None = None
    unready: Outcome | None = None
    elastic: tuple[ResourceRequest, ...] = ()
    payload: Any = None
