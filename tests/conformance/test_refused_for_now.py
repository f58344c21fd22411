"""What a server refuses for now says nothing about its jobs: it is asked again, or nothing is judged."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conformance import catalogue as catalogues
from conformance.errors import Inconclusive
from conformance.oracles.all_oracles import AllOracles
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.session.back_off import ATTEMPTS, MOST_BACK_OFF, pause
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.exchange import Response
from mockserver.http.app import create_app

NOON, LATER = "Thu, 01 Jan 2026 12:00:00 GMT", "Thu, 01 Jan 2026 12:00:07 GMT"
NO = {"code": 16, "message": "no", "details": []}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ((("Retry-After", "3"),), 3),
        ((("retry-after", " 3 "),), 3),
        ((("Retry-After", LATER), ("Date", NOON)), 7),
        ((("Retry-After", NOON), ("Date", LATER)), 0),
        ((("Retry-After", "Thursday, 01-Jan-26 12:00:07 GMT"), ("Date", NOON)), 7),
        ((("Retry-After", LATER),), 0),
        ((("Retry-After", "100000"),), MOST_BACK_OFF),
        ((("Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT"),), MOST_BACK_OFF),
        ((("Retry-After", "soon"),), 0.4),
        ((("Retry-After", "٣"),), 0.4),
        ((), 0.4),
    ],
)
def test_a_server_says_in_seconds_or_by_a_date_how_long_to_wait(
    headers: tuple[tuple[str, str], ...], seconds: float
) -> None:
    assert pause(Response(503, headers), 2) == seconds


class Refusing:
    """A mock that answers as `choose` says, where that is not None: a status by the request's path and number."""

    def __init__(self, api: str, choose: Callable[[Any, int], int | None], *fields: tuple[bytes, bytes]) -> None:
        self._app, self._choose, self._fields, self.count = create_app([api]), choose, fields, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not scope["path"].startswith("/_mock"):
            self.count += 1
            if status := self._choose(scope, self.count):
                fields = [(b"content-type", b"application/json"), *self._fields]
                await send({"type": "http.response.start", "status": status, "headers": fields})
                await send({"type": "http.response.body", "body": json.dumps(NO).encode()})
                return
        await self._app(scope, receive, send)


@contextmanager
def talk(app: Refusing, api: str) -> Iterator[Session]:
    with Target.in_process(app, api) as target:
        oracles = AllOracles(target.spec, catalogues.load(api))
        with Session(target, oracles, name="talk", strict=api == "bytenite") as session:
            yield session


@pytest.mark.parametrize(("status", "fields"), [(429, []), (503, [(b"retry-after", b"0")])])
def test_a_server_that_stays_overloaded_is_not_judged(status: int, fields: list[tuple[bytes, bytes]]) -> None:
    app = Refusing("ionworks", lambda scope, count: status, *fields)

    with talk(app, "ionworks") as session, pytest.raises(Inconclusive, match=rf"{status}, {ATTEMPTS} times in a row"):
        session.submit()

    assert app.count == ATTEMPTS


def test_a_503_that_names_no_time_and_comes_every_time_is_an_answer() -> None:
    app = Refusing("openyuanrong", lambda scope, count: 503)

    with talk(app, "openyuanrong") as session:
        assert session.post(session.body()).response.status == 503

    assert app.count == ATTEMPTS


def _without_token(scope: Any, refused: set[bytes], most: int) -> int | None:
    token = dict(scope["headers"]).get(b"authorization", b"")
    if token and (token in refused or len(refused) < most):
        refused.add(token)
        return 401
    return None


def test_a_token_that_is_refused_is_bought_anew_once() -> None:
    refused: set[bytes] = set()

    with talk(Refusing("bytenite", lambda scope, count: _without_token(scope, refused, 1)), "bytenite") as session:
        job = session.submit(draft=True)
        state = session.state(job)

    assert state == "JOB_STATE_NEW"
    assert len(refused) == 1


def test_a_server_that_takes_no_token_is_asked_twice_and_then_no_longer() -> None:
    refused: set[bytes] = set()

    with talk(Refusing("bytenite", lambda scope, count: _without_token(scope, refused, 99)), "bytenite") as session:
        told = [session.list_jobs().response.status for _ in range(4)]

    assert told == [401] * 4
    assert len(refused) == 2


@pytest.mark.parametrize("status", [401, 403, 408, 500, 502])
@pytest.mark.parametrize("api", ["bytenite", "ionworks"])
def test_a_refused_read_is_no_state(api: str, status: int) -> None:
    is_over = []
    app = Refusing(api, lambda scope, count: status if is_over and scope["method"] == "GET" else None)

    with talk(app, api) as session:
        job = session.submit("long", until="running")
        is_over.append(True)
        with pytest.raises(Inconclusive, match=f"was answered {status}"):
            session.state(job)


def test_a_server_whose_tokens_die_early_breaks_no_promise_about_states() -> None:
    """Each token is taken for seven requests."""
    used: Counter[tuple[bytes, bytes]] = Counter()

    def choose(scope: Any, count: int) -> int | None:
        fields = dict(scope["headers"])
        token = fields.get(b"authorization", b"")
        used[fields[b"x-mock-sandbox"], token] += 1
        return 401 if token and used[fields[b"x-mock-sandbox"], token] > 7 else None

    with Target.in_process(Refusing("bytenite", choose), "bytenite") as target:
        report = run(target, Options(only=("JOB-STM-*", "BYT-STM-*")))

    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.ERROR)] == []
    assert report.of(Verdict.INCONCLUSIVE) == []
    assert report.exit is Exit.CONFORMANT
