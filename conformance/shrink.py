"""Finds the shortest story that still breaks a promise: requests and members that do not matter are left out, in worlds of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from conformance import catalogue as catalogues
from conformance.exchange import Exchange, Request
from conformance.expect import Inconclusive
from conformance.oracle import Violation
from conformance.panel import Panel
from conformance.pointer import MISSING, Json, get, put
from conformance.session import Session
from conformance.target import SANDBOX, Target
from conformance.transport import TransportError

MOST_STORIES = 60
_DEPTH = 3


def shrunk(target: Target, violation: Violation, *, most: int = MOST_STORIES) -> Violation:
    """The violation with the shortest story that shows it again, or as it is where its story told anew does not show it."""
    teller = _Teller(target, violation.requirement, most)
    story = [exchange.request for exchange in violation.exchanges]
    best = teller.told(story)
    if best is None:
        return violation
    found = True
    while found:
        found = False
        for shorter in _shorter(story):
            again = teller.told(shorter)
            if again is not None:
                story, best, found = shorter, again, True
                break
    return replace(violation, message=best.message, exchanges=best.exchanges)


class _Teller:
    """Tells stories to a target, each in a world of its own, until it has told enough."""

    def __init__(self, target: Target, requirement: str, most: int) -> None:
        self._target, self._requirement, self._left = target, requirement, most
        self._number = 0

    def told(self, story: Sequence[Request]) -> Violation | None:
        """What a story breaks of the requirement, with the exchanges that it came to."""
        self._number += 1
        if self._number > self._left:
            return None
        panel = Panel(self._target.spec, catalogues.load(self._target.spec.name))
        try:
            with Session(self._target, panel, name=f"shrink-{self._number}", pace="auto") as session:
                retell(session, story)
                broken = next((one for one in session.violations if one.requirement == self._requirement), None)
        except (Inconclusive, TransportError):
            return None
        if broken is None:
            return None
        until = next((at for at, one in enumerate(session.exchanges) if broken.exchanges and one is broken.exchanges[-1]), len(session.exchanges) - 1)
        return replace(broken, exchanges=tuple(session.exchanges[: until + 1]))


def retell(session: Session, story: Sequence[Request], before: Sequence[Exchange] = ()) -> list[Exchange]:
    """Send the requests of a story again; ids that the target gave then (`before`) are replaced by those it gives now."""
    told: list[Exchange] = []
    for request in story:
        headers = {name: value for name, value in request.headers if name.lower() not in ("content-length", "host", SANDBOX.lower())}
        told.append(session.send(request.method, request.target, raw=request.body, media=None, headers=headers))
    return told


def _shorter(story: Sequence[Request]) -> Iterator[list[Request]]:
    """Every story that is shorter by one thing: a request, a member of a body, a part of a query. The last request stays."""
    for at in range(len(story) - 1):
        yield [*story[:at], *story[at + 1 :]]
    for at, request in enumerate(story):
        for less in (*_less_body(request), *_less_query(request)):
            yield [*story[:at], less, *story[at + 1 :]]


def _less_body(request: Request) -> Iterator[Request]:
    body = request.json
    for pointer in _pointers(body):
        yield replace(request, body=json.dumps(put(body, pointer, MISSING), ensure_ascii=False).encode())


def _pointers(value: Json, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict) and depth < _DEPTH:
        for key, item in value.items():
            name = "/" + key.replace("~", "~0").replace("/", "~1")
            yield name
            yield from (name + inner for inner in _pointers(item, depth + 1))


def _less_query(request: Request) -> Iterator[Request]:
    path, _, query = request.target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    for at in range(len(pairs)):
        left = [*pairs[:at], *pairs[at + 1 :]]
        yield replace(request, target=f"{path}?{urlencode(left)}" if left else path)
