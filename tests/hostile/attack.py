"""Sends hostile requests of all kinds to a server, one by one, and measures what each costs it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.hostile.kinds import HEAVY, KINDS
from tests.hostile.making import JSON, KEY, PLACES, message
from tests.hostile.process import Server

MOST_CPU_SECONDS, MOST_MIB, MOST_GROWTH = 0.5, 100.0, 1.2
"""What one request may take, and how many times the memory after the first tenth the server may have at the end."""

MODES = {"lenient": ("--pace", "x100"), "strict": ("--pace", "x100", "--auth", "strict")}

HEAVY_SHARE, LEAVE_SHARE = 0.004, 0.05
REST = 2.5
"""Seconds without requests before memory is looked at."""

RESET_EVERY = 400
"""Sandboxes begin anew so often, so that jobs and journals are bounded."""

DOCUMENTED = (b'"keyword":"unplaceable"', b'"keyword":"unavailable"', b"x-mock-steered", b"preference-applied")
"""Heads of answers of 5xx that are promised: no node can hold it, no room, a rule, a fault or a preference ordered it.
"""


class Died(Exception):
    """The server ended while it had this request."""

    def __init__(self, sent: bytes) -> None:
        super().__init__(f"the server died of {sent[:2000]!r}")


@dataclass
class Toll:
    """What requests of one kind got and cost: answers by status, most seconds of CPU and most MiB of one request."""

    statuses: Counter[str] = field(default_factory=Counter)
    cpu: float = 0.0
    memory: float = 0.0
    undocumented: list[str] = field(default_factory=list)
    dearest: bytes = b""


@dataclass
class Outcome:
    """What came of all requests; `early` and `late` are MiB in memory after the first tenth and at the end."""

    tolls: dict[str, Toll]
    early: float = 0.0
    late: float = 0.0
    tracebacks: list[str] = field(default_factory=list)

    def broken(self) -> list[str]:
        """The promises that were broken, in sentences."""
        found = [f"{name}: {one}" for name, toll in self.tolls.items() for one in toll.undocumented]
        for name, toll in self.tolls.items():
            if toll.cpu > MOST_CPU_SECONDS:
                found.append(
                    f"{name}: a request took {toll.cpu:.2f} s of CPU, at most {MOST_CPU_SECONDS}: {toll.dearest!r}"
                )
            if toll.memory > MOST_MIB:
                found.append(f"{name}: a request took {toll.memory:.0f} MiB, at most {MOST_MIB:.0f}")
        if self.late > self.early * MOST_GROWTH:
            found.append(f"memory grew from {self.early:.0f} to {self.late:.0f} MiB, by more than {MOST_GROWTH} times")
        return found + self.tracebacks


def attack(server: Server, requests: int, seed: int, *, only: Sequence[str] = ()) -> Outcome:
    """Send so many requests of all kinds, or of some. Raises Died."""
    chance, names = Random(seed), [*only] or [*KINDS]
    outcome = Outcome({name: Toll() for name in names})
    heavy = [name for name in names if name in HEAVY]
    light = [name for name in names if name not in HEAVY] or heavy
    first = names * 3  # each kind has had its turn before memory is looked at
    begin_anew(server)
    for number in range(requests):
        name = chance.choice(heavy) if heavy and chance.random() < HEAVY_SHARE else chance.choice(light)
        name = first[number] if number < len(first) else name
        _one(server, outcome.tolls[name], KINDS[name](chance), chance)
        if number % RESET_EVERY == RESET_EVERY - 1:
            begin_anew(server)
        if number == requests // 10:
            outcome.early = _at_rest(server)
    outcome.late = _at_rest(server)
    outcome.tracebacks = server.tracebacks()
    return outcome


def _at_rest(server: Server) -> float:
    """MiB in memory without jobs, once the server has had the second in which it gives back what is free."""
    begin_anew(server)
    time.sleep(REST)
    return server.resident()


def begin_anew(server: Server) -> None:
    """Have the sandboxes as they were at the start, and no others."""
    found = server.ask(message("GET", "/_mock/sandboxes", fields=(("Connection", "close"),)))
    body = found.partition(b"\r\n\r\n")[2]
    names = [one["name"] for one in json.loads(body)["sandboxes"]] if body.endswith(b"]}") else []
    for name in names:
        if name not in PLACES[:-1]:  # the last one has rules and faults, and may have another scenario
            server.ask(message("DELETE", f"/_mock/sandboxes/{name}"))
    for name in PLACES:
        server.ask(message("POST", f"/sandbox/{name}/_mock/reset"))
        server.ask(message("POST", f"/sandbox/{name}/v1/auth/access_token", KEY, fields=(JSON,)))


def _one(server: Server, toll: Toll, sent: bytes, chance: Random) -> None:
    before, began = server.resident(), server.cpu()
    server.forget_peak()
    status = "left"
    if chance.random() < LEAVE_SHARE:
        after = len(sent) if chance.random() < 0.7 else chance.randrange(len(sent) + 1)
        server.leave(sent, after=after, read=chance.choice((0, 1, 20, 2000)))
    else:
        answer = server.ask(sent)
        status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.1 ") else "none"
        if status.startswith("5") and not _is_documented(status, answer):
            toll.undocumented.append(f"{sent[:300]!r} -> {answer[:300]!r}")
    if server.process.poll() is not None:
        raise Died(sent)
    toll.statuses[status] += 1
    toll.memory = max(toll.memory, server.peak() - before)
    spent = server.cpu() - began
    if spent > toll.cpu:
        toll.cpu, toll.dearest = spent, sent[:300]


def _is_documented(status: str, answer: bytes) -> bool:
    """Whether an answer of 5xx is one of those that are promised; 501 and 505 are about codings and versions."""
    head = answer.split(b"\r\n\r\n", 1)[0].lower()
    return status in ("501", "505") or any(reason in head for reason in DOCUMENTED)
