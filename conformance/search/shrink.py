"""Finds the shortest story that still breaks a promise.

Requests and members that do not matter are left out, in worlds of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive, TransportError
from conformance.oracles.oracle import Violation
from conformance.search.blamed_requirement import blamed
from conformance.search.replay import retell, session_for
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange, Request
from conformance.traffic.json_pointer import MISSING, Json, put
from specs.json_pointer import pointer_to

MOST_STORIES = 60
_DEPTH = 3


def shrunk(target: Target, violation: Violation, *, most: int = MOST_STORIES) -> Violation:
    """The violation with the shortest story that shows it again, found in at most so many.

    As it is where its own story does not show it again.
    """
    story: list[Exchange] = list(violation.exchanges)
    best = _broken(target, violation.requirement, story)
    if best is None:
        return violation
    at, told = 0, 1
    while told < most and at < len(shorter := list(_shorter(story))):
        told += 1
        again = _broken(target, violation.requirement, shorter[at])
        if again is None:
            at += 1
        else:
            story, best = shorter[at], again
    return replace(violation, message=best.message, exchanges=best.exchanges)


def _broken(target: Target, requirement: str, story: Sequence[Exchange]) -> Violation | None:
    """What a story, told in a world of its own, breaks of the requirement, with the exchanges that it came to."""
    try:
        with session_for(target, story, "shrink") as session:
            told = retell(session, story)
    except (Inconclusive, TransportError):
        return None
    broken = next((one for one in session.violations if one.requirement == requirement), None)
    if broken is not None:
        return replace(broken, exchanges=tuple(told))
    if requirement in blamed(target.spec, catalogues.load(target.spec.name), told[-1]):
        return Violation(requirement, "a submission that the document excludes is accepted", tuple(told))
    return None


def _shorter(story: Sequence[Exchange]) -> Iterator[list[Exchange]]:
    """Every story that is shorter by one thing: a request, a member of a body, a part of a query.

    The last request stays.
    """
    for at in range(len(story) - 1):
        yield [*story[:at], *story[at + 1 :]]
    for at, exchange in enumerate(story):
        for less in (*_less_body(exchange.request), *_less_query(exchange.request)):
            yield [*story[:at], replace(exchange, request=less), *story[at + 1 :]]


def _less_body(request: Request) -> Iterator[Request]:
    body = request.json
    for pointer in _pointers(body):
        yield replace(request, body=json.dumps(put(body, pointer, MISSING), ensure_ascii=False).encode())


def _pointers(value: Json, depth: int = 0) -> Iterator[str]:
    if isinstance(value, dict) and depth < _DEPTH:
        for key, item in value.items():
            name = pointer_to([key])
            yield name
            yield from (name + inner for inner in _pointers(item, depth + 1))


def _less_query(request: Request) -> Iterator[Request]:
    path, _, query = request.target.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    for at in range(len(pairs)):
        left = [*pairs[:at], *pairs[at + 1 :]]
        yield replace(request, target=f"{path}?{urlencode(left)}" if left else path)
