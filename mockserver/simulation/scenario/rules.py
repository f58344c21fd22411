"""What holds for a scenario beyond its schema: known names, sums over nodes, instants, credentials."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Iterator
from datetime import datetime
from difflib import get_close_matches
from math import isfinite
from typing import Any

import specs
from mockserver.simulation.cluster.packing import PLACEMENTS
from mockserver.simulation.scenario.distribution import longest
from mockserver.simulation.scenario.file import Place, Problem

MOST_NODES = 100_000
MOST_AMOUNTS = 1_000_000
"""Most amounts of custom resources: nodes times resources; each is an entry in the ledger."""

LONGEST_NAME = 100
"""Longest name for which a similar one is looked for."""

MOST_GPUS = 1_000_000
"""Most GPUs of all nodes together; each is an entry of its own in the ledger."""

MOST_JOBS = 1_000_000_000
EARLIEST, LATEST = "2001-09-09T01:46:40Z", "2200-01-01T00:00:00Z"
"""When a world may begin: from there on, and up to the clock's end in 2286, seconds since 1970 have ten digits on the
wire.
"""

WEBHOOK = "webhook"
"""The entry of `credentials` that is no API: what callbacks are signed with."""

BACKFILL = ("backfill", "conservative")
QUEUES = ("greedy", "fifo", "priority", *BACKFILL)
SWITCHES = {
    "ionworks.submission-gone": "submission answers 410, as the vendor's server does since September 2026",
    "ionworks.cancel-terminal-conflicts": "cancelling an ended job answers 409 instead of 200 with the unchanged job",
    "ionworks.cascade-cancel": "cancelling a parent cancels its unfinished children",
}
"""Alternative behaviours of vendors, off unless a scenario or the command line says otherwise."""


def problems(scenario: Any) -> Iterator[Problem]:
    """What is wrong with a scenario, or with what is sound of one: an entry that is not is None."""
    yield from _choices(scenario)
    yield from _amounts(scenario)
    yield from _once("node class", ((("nodes", at, "class"), one.node_class) for at, one in _sound(scenario.nodes)))
    yield from _once("project", ((("projects", at, "name"), one.name) for at, one in _sound(scenario.projects)))
    yield from _node_failures(scenario.node_failures)
    yield from _start(scenario.start)
    yield from _credentials(scenario.credentials)


def unknown_switches(switches: Iterable[str]) -> Iterator[Problem]:
    """The switches that there are not."""
    for name in sorted(set(switches) - SWITCHES.keys()):
        yield ("switches",), f"unknown switch '{name}'; expected one of {', '.join(SWITCHES)}"


def _sound(entries: Iterable[Any]) -> Iterator[tuple[int, Any]]:
    return ((at, one) for at, one in enumerate(entries) if one is not None)


def _choices(scenario: Any) -> Iterator[Problem]:
    for field, known in (("placement", tuple(PLACEMENTS)), ("queue", QUEUES)):
        if getattr(scenario, field) not in known:
            yield (field,), f"expected {field} to be one of {', '.join(known)}, got '{getattr(scenario, field)}'"
    for name in sorted(scenario.apis.keys() - set(specs.names())):
        yield ("apis", name), f"expected `apis` to name {', '.join(specs.names())}, got '{name}'"
    yield from unknown_switches(one for one in scenario.switches if one is not None)


def _amounts(scenario: Any) -> Iterator[Problem]:
    for field in ("failure_rate", "image_pull_failure_rate"):
        if not 0 <= getattr(scenario, field) <= 1:
            yield (field,), f"expected {field} from 0 to 1, got {getattr(scenario, field)}"
    nodes = [one for _, one in _sound(scenario.nodes)]
    if sum(node.count for node in nodes) > MOST_NODES:
        yield ("nodes",), f"expected at most {MOST_NODES} nodes in all"
    if sum(node.count * node.gpu.count for node in nodes if node.gpu) > MOST_GPUS:
        yield ("nodes",), f"expected at most {MOST_GPUS} GPUs in all"
    resources = len({name for node in nodes for name in node.custom})
    if sum(node.count for node in nodes) * resources > MOST_AMOUNTS:
        yield ("nodes",), f"expected at most {MOST_AMOUNTS} amounts of custom resources in all: nodes times resources"
    if not 1 <= scenario.most_jobs <= MOST_JOBS:
        yield ("most_jobs",), f"expected `most_jobs` from 1 to {MOST_JOBS}, got {scenario.most_jobs}"
    limits = scenario.limits
    spans = (limits.assign, limits.start, limits.run, limits.total)
    if any(span is not None and not (span >= 0 and isfinite(span)) for span in spans):
        yield ("limits",), "expected `limits` in seconds of at least 0"


def _node_failures(failures: Any) -> Iterator[Problem]:
    """Nodes that may fail and return at one instant would do so for ever."""
    if failures is None:
        return
    least, repair = longest(failures.mean_time_between_s), longest(failures.repair_s)
    if least is not None and repair is not None and least + repair < 1:
        words = "expected `mean_time_between_s` and `repair_s` of together at least 1 s"
        yield ("node_failures",), f"{words}, got {least + repair:g} s at most"


def _once(what: str, named: Iterable[tuple[Place, str]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, name in named:
        if name in seen:
            yield place, f"expected each {what} once, got {name} again"
        seen.add(name)


def _start(start: str | None) -> Iterator[Problem]:
    if start is None:
        return
    try:
        instant = datetime.fromisoformat(start)
    except ValueError:
        instant = datetime.min
    if instant.tzinfo is None:
        example = "an instant with its offset from UTC, such as 2026-01-01T00:00:00Z"
        yield ("start",), f"expected `start` as {example}, got '{start}'"
    elif not datetime.fromisoformat(EARLIEST) <= instant <= datetime.fromisoformat(LATEST):
        yield ("start",), f"expected `start` from {EARLIEST} to {LATEST}, got {start}"


def _credentials(credentials: dict[str, dict[str, str] | None]) -> Iterator[Problem]:
    """Keys of what is no API, and a secret that nobody could sign with."""
    known = (*specs.names(), WEBHOOK)
    for name in sorted(credentials.keys() - set(known)):
        near = get_close_matches(name, known, 1) if len(name) <= LONGEST_NAME else []
        hint = f"; did you mean {near[0]}?" if near else ""
        yield ("credentials", name), f"expected `credentials` to name {', '.join(known)}, got {name}{hint}"
    secret = (credentials.get(WEBHOOK) or {}).get("secret", "")
    try:
        b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        words = "expected the secret under `credentials.webhook` in base64, with or without whsec_"
        yield ("credentials", WEBHOOK, "secret"), words
