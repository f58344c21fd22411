"""A recorded failure is judged anew: a server that was only restarted is still broken, a mended one is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli.main import main
from conformance.run.verdict import Exit
from mockserver.http.app import create_app
from mockserver.http.server import serving
from tests.conformance.faults import all_faults


class Wrong:
    """An Ionworks mock that answers with another priority than any document knows."""

    def __init__(self, where: str) -> None:
        self._where, self._app = where, create_app(["ionworks"], pace="manual")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        start: dict[str, Any] = {}

        async def changed(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = message.get("body", b"")
            is_of_jobs = scope["method"] == self._where and scope["path"].startswith("/jobs")
            if is_of_jobs and body.startswith(b"{") and b'"priority"' in body:
                body = json.dumps(json.loads(body) | {"priority": "high"}).encode()
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            await send(start | {"headers": [*kept, (b"content-length", str(len(body)).encode())]})
            await send(message | {"body": body})

        await self._app(scope, receive, changed if scope["type"] == "http" else send)

    def close(self) -> None:
        """Nothing to close."""


class Faulty:
    """A mock with a fault of the suite's own."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Nothing to close."""


def judged(*words: object) -> Result:
    return CliRunner().invoke(main, list(map(str, words)))


def recorded(url: str, id_: str, folder: Path) -> Path:
    """The report of a run that finds the requirement broken."""
    file = folder / "report.json"
    ran = judged("run", "ionworks", "--url", url, "--control", url, "--quick", "--only", id_, "--json", file)
    assert ran.exit_code == Exit.BROKEN, ran.output
    return file


@pytest.mark.parametrize("where", ["GET", "POST"])
def test_a_server_that_was_only_restarted_is_still_broken(where: str, tmp_path: Path) -> None:
    with serving(Wrong(where)) as url:  # type: ignore[arg-type]
        file = recorded(url, "JOB-RSP-002", tmp_path)
    with serving(Wrong(where)) as url:  # type: ignore[arg-type]
        again = judged("replay", "JOB-RSP-002", "ionworks", "--url", url, "--control", url, "--report", file)

    assert again.exit_code == Exit.BROKEN, again.output
    assert "JOB-RSP-002 is still broken: /priority" in again.output
    assert "POST /jobs  then 202, now 202" in again.output


@pytest.mark.parametrize("where", ["GET", "POST"])
def test_a_mended_server_is_not_called_broken(where: str, tmp_path: Path) -> None:
    with serving(Wrong(where)) as url:  # type: ignore[arg-type]
        file = recorded(url, "JOB-RSP-002", tmp_path)
    with serving(apis=["ionworks"], pace="manual") as url:
        again = judged("replay", "JOB-RSP-002", "ionworks", "--url", url, "--control", url, "--report", file)

    assert again.exit_code == Exit.CONFORMANT, again.output
    assert "JOB-RSP-002 is kept now" in again.output


def test_what_a_check_found_is_judged_by_the_check(tmp_path: Path) -> None:
    with faulty("JOB-STM-008") as (url, id_):
        file = recorded(url, id_, tmp_path)
    with faulty("JOB-STM-008") as (url, id_):
        broken = judged("replay", id_, "ionworks", "--url", url, "--control", url, "--report", file)
    with serving(apis=["ionworks"], pace="manual") as url:
        kept = judged("replay", id_, "ionworks", "--url", url, "--control", url, "--report", file)

    assert broken.exit_code == Exit.BROKEN, broken.output
    assert kept.exit_code == Exit.CONFORMANT, kept.output


@contextmanager
def faulty(requirement: str) -> Iterator[tuple[str, str]]:
    fault = next(one for one in all_faults("ionworks") if one.requirement == requirement)
    with fault.apply(create_app(["ionworks"], pace="manual")) as app:
        with serving(Faulty(app)) as url:  # type: ignore[arg-type]
            yield url, fault.requirement


def test_where_the_job_cannot_be_made_again_nothing_is_said(tmp_path: Path) -> None:
    with serving(Wrong("GET")) as url:  # type: ignore[arg-type]
        file = recorded(url, "JOB-RSP-002", tmp_path)
    with serving(apis=["xio"], pace="manual") as url:
        again = judged("replay", "JOB-RSP-002", "ionworks", "--url", url, "--control", url, "--report", file)

    assert again.exit_code == Exit.BELOW_FLOOR, again.output
    assert "JOB-RSP-002 cannot be judged again: what was granted then is refused now" in again.output


def test_a_report_without_the_submission_gives_no_all_clear(tmp_path: Path) -> None:
    with serving(Wrong("GET")) as url:  # type: ignore[arg-type]
        file = recorded(url, "JOB-RSP-002", tmp_path)
    whole = json.loads(file.read_text())
    for violation in whole["runs"][0]["results"][0]["violations"]:
        violation["exchanges"] = violation["exchanges"][-1:]
    file.write_text(json.dumps(whole))
    with serving(Wrong("GET")) as url:  # type: ignore[arg-type]
        again = judged("replay", "JOB-RSP-002", "ionworks", "--url", url, "--control", url, "--report", file)

    assert again.exit_code == Exit.BELOW_FLOOR, again.output
