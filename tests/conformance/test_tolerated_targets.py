"""Every allowed variation changes what a client sees, and the judge holds none of them against a server."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, cast

import pytest

import specs
from conformance import catalogue as catalogues
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.members import instant
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.session.session import Session
from conformance.target.callback_receiver import Receiver
from conformance.target.target import Target
from mockserver.http.app import create_app
from mockserver.http.server import serving
from tests.conformance.tolerated_targets import VARIATIONS

CASES = [(api, name) for name, variation in VARIATIONS.items() for api in variation.apis]
SHARE = 4
"""Of these one in so many is put before the whole suite here; `python -m benchmarks.kill_ratio` does so with all of
them.
"""


class Served:
    """Lets a wrapped application be served like the mock itself."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Nothing to close."""


@contextlib.contextmanager
def odd(api: str, name: str, *, has_file: bool = True) -> Iterator[Target]:
    with contextlib.ExitStack() as stack:
        app = stack.enter_context(VARIATIONS[name].apply(create_app([api]), api))
        file = None
        if VARIATIONS[name].target and has_file:
            file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "target.yaml"
            file.write_text(VARIATIONS[name].target)
        yield stack.enter_context(Target.in_process(app, api, file=file))


@contextlib.contextmanager
def conversation(target: Target, *, strict: bool = False) -> Iterator[Session]:
    with Session(
        target, AllOracles(target.spec, catalogues.load(target.spec.name)), name="talk", strict=strict
    ) as session:
        yield session


def seen(target: Target) -> list[Any]:
    """What a client sees in an ordinary conversation: a job's life, a stop, refusals, another tenant."""
    with conversation(target, strict=True) as session:
        job = session.submit()
        for _ in session.watch(job):
            session.list_jobs()
        longer = session.submit("long")
        session.until(longer, "running")
        for ask in (session.cancel, session.read):
            ask(longer)
        session.post({})
        session.read(job, credential="wrong")
        session.read(
            job,
            tenant="second" if session.settings.tenants else "",
            credential="second" if "second" in session.settings.credentials else "good",
        )
        return [(one.line, one.response.headers, one.response.body) for one in session.exchanges]


@cache
def seen_of_the_mock(api: str) -> list[Any]:
    with Target.in_process(create_app([api]), api) as target:
        return seen(target)


@pytest.mark.parametrize(("api", "name"), [one for one in CASES if one[1] not in ("callbacks-twice", "sent-on")])
def test_a_variation_is_seen_by_a_client(api: str, name: str) -> None:
    with odd(api, name) as target:
        varied = seen(target)

    assert varied != seen_of_the_mock(api)


@pytest.mark.parametrize("api", specs.names())
def test_the_mock_itself_shows_the_same_twice(api: str) -> None:
    assert seen_of_the_mock(api) == seen_of_the_mock.__wrapped__(api)


@pytest.mark.parametrize(("api", "name"), [one for number, one in enumerate(CASES) if number % SHARE == 0])
def test_what_is_allowed_is_not_held_against_a_server(api: str, name: str) -> None:
    with odd(api, name) as target:
        report = run(target, Options())

    broken = report.of(Verdict.FAIL, Verdict.WARN, Verdict.ERROR)
    allowed = VARIATIONS[name].warned
    assert [(one.requirement, one.reason) for one in broken if one.requirement not in allowed] == []
    assert report.exit is Exit.CONFORMANT, report.sentence


def test_without_its_line_in_the_target_file_a_server_that_shows_things_late_breaks_promises() -> None:
    with odd("ionworks", "eventual-reads", has_file=False) as target:
        report = run(target, Options(only=("JOB-STM-*", "JOB-LST-*", "JOB-CRT-*")))

    assert report.of(Verdict.FAIL) != []


@pytest.mark.parametrize("patience", [0.06, 0.3])
@pytest.mark.parametrize("api", specs.names())
def test_a_short_patience_breaks_no_promise(api: str, patience: float) -> None:
    options: dict[str, Any] = {"control": None, "scale": 50.0, "patience": patience}
    with Target.in_process(create_app([api], pace="x50"), api, **options) as target:
        report = run(target, Options(only=("JOB-STM-*", "BYT-STM-*", "ION-STM-*")))

    broken = report.of(Verdict.FAIL, Verdict.WARN, Verdict.ERROR)
    assert [(one.requirement, one.reason) for one in broken] == []


def states(target: Target, shape: str = "quick") -> list[str]:
    """The states of a job, looked at from second to second."""
    with conversation(target) as session:
        return list(session.watch(session.submit(shape)))


@cache
def states_of_the_mock(api: str) -> list[str]:
    with Target.in_process(create_app([api]), api) as target:
        return states(target)


@pytest.mark.parametrize("api", specs.names())
def test_a_slow_server_starts_jobs_late(api: str) -> None:
    usual = states_of_the_mock(api)

    with odd(api, "slow-starts") as target:
        slow = states(target)

    assert slow[-1] == usual[-1]
    assert len(slow) >= len(usual) + 3
    assert dict.fromkeys(usual).keys() <= dict.fromkeys(slow).keys()


@pytest.mark.parametrize(
    ("api", "state"),
    [
        ("bytenite", "JOB_STATE_PARTITIONING"),
        ("ionworks", "processing"),
        ("runai", "ContainerCreating"),
        ("xio", "ASSIGNED"),
    ],
)
def test_a_quick_server_skips_a_state(api: str, state: str) -> None:
    with odd(api, "skipped-states") as target:
        quick = states(target)

    assert state in states_of_the_mock(api)
    assert state not in quick[1:]
    assert quick[-1] == states_of_the_mock(api)[-1]


@pytest.mark.parametrize(("name", "off"), [("clock-ahead", 2.0), ("clock-behind", -2.0)])
@pytest.mark.parametrize(
    ("api", "stamp"),
    [
        ("bytenite", "createdAt"),
        ("ionworks", "created_at"),
        ("openyuanrong", "start_time"),
        ("runai", "createdAt"),
        ("xio", "created_at"),
    ],
)
def test_a_clock_goes_wrong_by_two_seconds(api: str, stamp: str, name: str, off: float) -> None:
    with odd(api, name) as target, conversation(target) as session:
        job = session.submit("long")
        session.until(job, "running")
        told = instant(session.view(job)[stamp])
        now = instant(target.ask_control("GET", "/clock", sandbox=session.name).json["time"])

    with Target.in_process(create_app([api]), api) as target, conversation(target) as session:
        job = session.submit("long")
        session.until(job, "running")
        right = instant(session.view(job)[stamp])
        clock = instant(target.ask_control("GET", "/clock", sandbox=session.name).json["time"])

    assert now == clock
    assert told is not None
    assert right is not None
    assert told - right == off


def test_a_callback_comes_twice_and_says_the_same() -> None:
    with odd("ionworks", "callbacks-twice") as target, conversation(target) as session, Receiver() as receiver:
        job = session.submit(patch={"callback_url": receiver.url})
        session.until(job)
        session.advance(1)
        first, second = (call.request for call in receiver.calls)

    assert (first.target, first.headers, first.body) == (second.target, second.headers, second.body)


def test_a_submission_to_the_slash_is_sent_on() -> None:
    with odd("ionworks", "sent-on") as target, conversation(target) as session:
        exchange = session.call("submit_job_jobs__post", body=session.body())

    assert (exchange.response.status, exchange.response.header("location")) == (307, "/jobs")


def test_the_job_of_another_is_forbidden_and_one_that_never_was_unknown() -> None:
    with odd("ionworks", "forbidden-for-unknown") as target, conversation(target) as session:
        job = session.submit(tenant="first")
        asked = [session.read(job, tenant=tenant).response.status for tenant in ("first", "second")]
        nobody = session.read("nobody", tenant="first").response.status

    assert [*asked, nobody] == [200, 403, 404]


def test_the_job_of_another_customer_is_forbidden() -> None:
    with odd("bytenite", "forbidden-for-unknown") as target, conversation(target, strict=True) as session:
        job = session.submit(draft=True)
        asked = [session.read(job, credential=name).response.status for name in ("good", "second")]

    assert asked == [200, 403]


def test_an_aborted_job_is_complete() -> None:
    with odd("bytenite", "bytenite-aborted-is-complete") as target, conversation(target) as session:
        job = session.submit("long")
        session.until(job, "running")
        session.cancel(job)
        state = session.state(job)

    assert state == "JOB_STATE_COMPLETE"


@pytest.mark.parametrize("closes", [True, False])
def test_every_answer_ends_its_connection(closes: bool) -> None:
    mock: Any = create_app(["ionworks"])
    with (
        VARIATIONS["connections-closed"].apply(mock, "ionworks") as app,
        serving(cast(Any, Served(app)) if closes else mock) as url,
    ):
        connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        is_open = connection.sock is not None
        connection.close()

    assert is_open is not closes
