"""A target that breaks what every judgement needs is told which requirement that is, and judged as far as possible."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.bad_servers import bad_server
from tests.conformance.faults import answers


@pytest.mark.parametrize("media", ["text/plain", "application/json"])
def test_an_answer_that_is_text_names_what_it_breaks(media: str) -> None:
    mock = create_app(["ionworks"])

    async def speaking(scope: Any, receive: Any, send: Any) -> None:
        async def send_text(message: Any) -> None:
            if message["type"] == "http.response.start":
                await send(message | {"headers": [(b"content-type", media.encode())]})
            else:
                await send(message | {"body": b"your job was taken"})

        is_submission = scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", "/jobs")
        await mock(scope, receive, send_text if is_submission else send)

    with Target.in_process(speaking, "ionworks") as target:
        report = run(target, Options())

    broken = [one.requirement for one in report.of(Verdict.FAIL)]
    assert report.exit is Exit.UNREACHABLE
    assert "JOB-RSP-004" in broken
    assert report.sentence.endswith(f"; this breaks {', '.join(broken)}")


def test_a_server_that_fails_is_told_so() -> None:
    with bad_server("500") as url, Target.at("ionworks", url, timeout=1.0) as target:
        report = run(target, Options())

    assert report.exit is Exit.UNREACHABLE
    assert report.sentence.endswith("; this breaks JOB-ERR-010")


def test_a_page_of_another_server_breaks_nothing() -> None:
    with bad_server("html") as url, Target.at("ionworks", url, timeout=1.0) as target:
        report = run(target, Options())

    assert report.of(Verdict.FAIL) == []


def test_a_header_that_only_the_target_demands_is_a_break_and_the_rest_is_judged() -> None:
    def revise(asked: Any, told: Any) -> None:
        if "x-tenant-id" not in asked.headers:
            told.status, told.body = 400, "X-Tenant-Id is missing"

    with answers("openyuanrong", "submit", revise)(create_app(["openyuanrong"])) as app:
        with Target.in_process(app, "openyuanrong") as target:
            report = run(target, Options(only=("JOB-CRT-001", "JOB-STM-*", "JOB-LST-*")))

    assert "JOB-CRT-001" in [one.requirement for one in report.of(Verdict.FAIL)]
    assert "without X-Tenant-Id" in report.results["JOB-CRT-001"].reason
    assert len(report.of(Verdict.PASS)) > 8
    assert report.exit is Exit.BROKEN
