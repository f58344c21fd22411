"""However large an answer is: it is judged in little time and memory, and little is said of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import specs
from conformance import catalogue as catalogues
from conformance.cli.main import main
from conformance.errors import Inconclusive
from conformance.oracles.all_oracles import MOST_OF_ONE, AllOracles
from conformance.oracles.oracle import MESSAGE_LENGTH, Violation
from conformance.report.json import canonical
from conformance.report.json import text as text_of
from conformance.run.results import Options, Report
from conformance.run.runner import run
from conformance.run.verdict import MOST_ALIKE, Exit, Result, Verdict
from conformance.session import connection
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.har import read, text
from conformance.traffic.operations import Operations
from conformance.traffic.redaction import Redaction
from mockserver.http.app import create_app

MANY = 60_000
APIS = specs.names()


def oracles(api: str) -> AllOracles:
    return AllOracles(specs.load(api), catalogues.load(api))


def listed(api: str, items: list[Any], like: Exchange | None = None) -> Exchange:
    """An answer of the list operation with these items, in other members like a true one."""
    spec = specs.load(api)
    assert spec.lifecycle is not None
    role = spec.lifecycle.roles["list"]
    body: Any = items
    for key in reversed((role.items or "").split("/")[1:]):
        body = {key: body}
    if like is not None and isinstance(body, dict):
        body = like.response.json | body
    path = Operations(spec).path(role.operation, {})
    raw = json.dumps(body).encode()
    answer = Response(200, (("content-type", "application/json"),), raw)
    return Exchange(Request("GET", "http://x", path), answer, operation=role.operation)


@pytest.mark.parametrize("item", [1, {}, {"job_id": "a", "id": "a", "submission_id": "a", "status": "odd"}], ids=str)
@pytest.mark.parametrize("api", APIS)
def test_a_list_of_thousands_of_wrong_jobs_is_judged_in_seconds_and_in_few_words(api: str, item: Any) -> None:
    exchange, judges, began = listed(api, [item] * MANY), oracles(api), time.process_time()

    found = judges.observe(exchange)

    assert time.process_time() - began < 6
    assert found
    assert max(Counter(one.requirement for one in found).values()) <= MOST_OF_ONE
    assert max(len(one.message) for one in found) <= MESSAGE_LENGTH + 1


@pytest.mark.parametrize("api", APIS)
def test_what_is_wrong_far_behind_in_a_large_answer_is_found(api: str) -> None:
    with Target.in_process(create_app([api]), api) as target, Session(target, oracles(api), name="far") as session:
        session.submit()
        like = session.list_jobs()
        items = session.items()
        good = oracles(api).observe(listed(api, items * 3000, like))
        bad = oracles(api).observe(listed(api, items * 3000 + [7], like))

    shapes = ("JOB-RSP-002", "JOB-RSP-003")
    assert not [one for one in good if one.requirement in shapes]
    assert [f"/{len(items) * 3000}: " in one.message for one in bad if one.requirement in shapes] == [True]


def test_a_body_that_was_cut_is_not_judged_by_its_shape() -> None:
    exchange = listed("ionworks", [])
    answer = Response(200, exchange.response.headers, b'{"jobs": [', cut=True)

    found = oracles("ionworks").observe(Exchange(exchange.request, answer, operation=exchange.operation))

    assert found == []


def test_a_message_is_cut_and_equal_violations_are_counted() -> None:
    result = Result("JOB-RSP-002")

    for number in range(100):
        result.add(Verdict.FAIL, "x" * 10_000, [Violation("JOB-RSP-002", f"{number}" * 10_000)])

    assert len(result.reason) == MESSAGE_LENGTH + 1
    assert [len(one.message) for one in result.violations] == [MESSAGE_LENGTH + 1] * MOST_ALIKE
    assert result.folded == 100 - MOST_ALIKE


def test_a_report_of_huge_answers_is_small() -> None:
    report = Report("ionworks", "x", Options())
    exchange = listed("ionworks", ["y" * 1000] * 10_000)
    for id_ in catalogues.load("ionworks").requirements:
        result = report.results[id_] = Result(id_)
        for _ in range(20):
            result.add(Verdict.FAIL, "broken", [Violation(id_, "broken", (exchange,) * 12)])

    size = len(text_of(canonical([report])))

    assert size < 200_000 * len(report.results)
    assert exchange.shortened(10).response.cut


class Verbose:
    """An Ionworks mock whose answers carry a member of so many letters more."""

    def __init__(self, letters: int) -> None:
        self._app, self._more = create_app(["ionworks"]), b'{"more": "' + b"m" * letters + b'", '

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_vendors = not scope.get("path", "").startswith("/_mock")

        async def longer(message: Any) -> None:
            if is_vendors and message["type"] == "http.response.start":
                message["headers"] = [one for one in message["headers"] if one[0].lower() != b"content-length"]
            if is_vendors and message.get("body", b"").startswith(b'{"'):
                message["body"] = self._more + message["body"][1:]
            await send(message)

        await self._app(scope, receive, longer)


def test_traffic_that_is_kept_for_a_har_is_bounded_and_says_what_is_missing(tmp_path: Path) -> None:
    with Target.in_process(Verbose(1 << 20), "ionworks") as target:
        report = run(target, Options(only=("JOB-CRT-00*",), keep_traffic=True))
    file = tmp_path / "t.har"
    file.write_text(text(report.traffic, Redaction(())))
    told = list(read(file, Operations(specs.load("ionworks"))))

    assert report.traffic
    assert max(len(one.response.body) for one in report.traffic) == 256 << 10
    assert any(one.response.cut for one in told)
    assert not [one for each in told for one in oracles("ionworks").observe(each) if "JSON" in one.message]


def test_a_conversation_with_a_target_that_sends_without_measure_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_RECEIVED", 1 << 16)
    with Target.in_process(Verbose(1 << 14), "ionworks") as target:
        with Session(target, oracles("ionworks"), name="much") as session:
            for _ in range(3):
                session.list_jobs()
            with pytest.raises(Inconclusive, match="MiB in one check"):
                session.list_jobs()

            assert len(session.exchanges) == 3


def test_equal_violations_of_recorded_traffic_are_counted_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / "t.har"
    file.write_text(text([listed("ionworks", [number]) for number in range(50)], Redaction(())))

    told = CliRunner().invoke(main, ["check", "ionworks", str(file)])

    assert told.exit_code == Exit.CONFORMANT  # no page of the vendor shows the list, so this breaks a SHOULD
    assert "97 more like these" in told.output
    assert len(told.output.splitlines()) < 60
