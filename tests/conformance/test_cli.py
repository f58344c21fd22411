"""The commands of the judge, against servers on real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from click.testing import CliRunner, Result

import specs
from conformance.cli.main import main
from conformance.oracles.oracle import Violation
from conformance.proxy.watch import Watch
from conformance.run.verdict import Exit
from conformance.target.callback_receiver import Receiver
from conformance.traffic.exchange import Exchange
from mockserver.http.server import serving
from tests.conformance.faults import all_faults

FEW = ("JOB-CRT-001", "JOB-STM-005", "JOB-RSP-002", "JOB-LST-001")


def judged(*words: str) -> Result:
    return CliRunner().invoke(main, ["run", *words])


def only(*ids: str) -> list[str]:
    return [word for id_ in ids for word in ("--only", id_)]


@pytest.fixture(scope="module")
def manual() -> Iterator[str]:
    with serving(pace="manual") as url:
        yield url


class _Served:
    """A broken mock that can be served like a whole one."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture(scope="module")
def broken() -> Iterator[str]:
    from mockserver.http.app import create_app

    fault = next(one for one in all_faults("ionworks") if one.id == "ionworks:list-repeats-one")
    # type: ignore[arg-type]
    with fault.apply(create_app(["ionworks"], pace="manual")) as app, serving(_Served(app)) as url:
        yield url


@pytest.mark.parametrize("api", specs.names())
def test_a_conformant_server_over_a_socket_in_virtual_time_exits_0(api: str, manual: str) -> None:
    told = judged(api, "--url", manual, "--control", manual, "--quick", *only(*FEW))

    assert told.exit_code == Exit.CONFORMANT, told.output


def test_a_server_whose_clock_is_only_faster_is_judged_too() -> None:
    with serving(apis=["ionworks"], pace="x100") as url:
        told = judged("ionworks", "--url", url, "--time-scale", "100", "--quick", *only(*FEW))

    assert told.exit_code == Exit.CONFORMANT, told.output


def test_every_view_of_a_broken_server_names_the_requirement(broken: str, tmp_path: Path) -> None:
    views = {"json": "a.json", "junit": "a.xml", "markdown": "a.md", "html": "a.html", "har": "a.har"}
    files = [word for view, name in views.items() for word in (f"--{view}", str(tmp_path / name))]

    told = judged(
        "ionworks",
        "--url",
        broken,
        "--control",
        broken,
        "--quick",
        *only(*FEW),
        *files,
        "--badge",
        str(tmp_path / "badge.json"),
    )

    assert told.exit_code == Exit.BROKEN
    assert "JOB-LST-001" in told.output
    assert "curl" in told.output
    for view, name in views.items():
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "JOB-LST-001" in text or view == "har"
        assert "http://" not in text.replace(broken, "").replace("http://127.0.0.1", "") or view != "html"
    assert json.loads((tmp_path / "badge.json").read_text())["color"] == "red"
    har = CliRunner().invoke(main, ["check", "ionworks", str(tmp_path / "a.har")])
    assert har.exit_code == Exit.BROKEN
    again = CliRunner().invoke(
        main,
        [
            "replay",
            "JOB-LST-001",
            "ionworks",
            "--url",
            broken,
            "--control",
            broken,
            "--report",
            str(tmp_path / "a.json"),
        ],
    )
    assert again.exit_code == Exit.BROKEN, again.output


def test_equal_runs_give_equal_reports(manual: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        judged(
            "ionworks",
            "--url",
            manual,
            "--control",
            manual,
            "--quick",
            *only("JOB-STM-*"),
            "--json",
            str(tmp_path / name),
        )

    one, two = (json.loads((tmp_path / name).read_text()) for name in ("one", "two"))
    for told in (one, two):
        told["runs"][0].pop("seconds")
        told["runs"][0].pop("began")
    assert one == two


def test_a_stranger_is_sent_nothing_without_confirmation() -> None:
    told = judged("xio", "--url", "https://api.compute.x.io")

    assert told.exit_code == Exit.SAFETY_STOP
    assert "nothing was sent" in told.output
    assert "job-minutes" in told.output


@pytest.mark.parametrize(("signature", "code"), [("", Exit.CONFORMANT), ("JOB-LST-001|nowhere", Exit.BROKEN)])
def test_a_waiver_stands_for_what_it_names(broken: str, tmp_path: Path, signature: str, code: Exit) -> None:
    from datetime import UTC, datetime, timedelta

    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    waiver = {
        "id": "JOB-LST-001",
        "target": broken,
        "reason": "mended next month",
        "owner": "lists team",
        "expires": until,
        "signature": signature,
    }
    file = tmp_path / "waivers.yaml"
    file.write_text(yaml.safe_dump([waiver]))

    told = judged(
        "ionworks",
        "--url",
        broken,
        "--control",
        broken,
        "--quick",
        *only("JOB-LST-001", "JOB-CRT-001"),
        "--waivers",
        str(file),
    )

    assert told.exit_code == code, told.output


def test_a_stale_waiver_fails_the_run(manual: str, tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    until = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    file = tmp_path / "waivers.yaml"
    file.write_text(
        yaml.safe_dump([{"id": "JOB-CRT-001", "target": "*", "reason": "was broken", "owner": "us", "expires": until}])
    )

    told = judged("ionworks", "--url", manual, "--control", manual, "--quick", *only(*FEW), "--waivers", str(file))

    assert told.exit_code == Exit.BROKEN
    assert "STALE-WAIVER" in told.output


@pytest.mark.parametrize("days", [-1, 181])
def test_a_waiver_lasts_half_a_year_at_most(manual: str, tmp_path: Path, days: int) -> None:
    from datetime import UTC, datetime, timedelta

    until = (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
    file = tmp_path / "waivers.yaml"
    file.write_text(
        yaml.safe_dump([{"id": "JOB-CRT-001", "target": "*", "reason": "was broken", "owner": "us", "expires": until}])
    )

    assert (
        judged("ionworks", "--url", manual, "--control", manual, *only(*FEW), "--waivers", str(file)).exit_code
        == Exit.USAGE
    )


def test_what_a_run_makes_is_written_down_and_swept(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with serving(apis=["xio"], pace="real") as url:
        made = httpx.post(f"{url}/v1/jobs", json={"title": "left", "task": "PERSISTENT", "parameters": {}}).json()[
            "uuid"
        ]
        other = httpx.post(f"{url}/v1/jobs", json={"title": "mine", "task": "PERSISTENT", "parameters": {}}).json()[
            "uuid"
        ]
        told = judged("xio", "--url", url, "--quick", *only("JOB-CRT-001"), "--journal", str(journal))
        with journal.open("a") as file:
            file.write(json.dumps({"made": made}) + "\n")
        swept = CliRunner().invoke(main, ["sweep", "xio", "--url", url, "--journal", str(journal)])
        states = [httpx.get(f"{url}/v1/jobs/{uuid}").json()["status"] for uuid in (made, other)]
        jobs = httpx.get(f"{url}/v1/jobs", params={"limit": 50}).json()["data"]

    assert told.exit_code == Exit.CONFORMANT, told.output
    assert swept.exit_code == 0, swept.output
    assert states[0] == "CANCELLED"
    assert states[1] != "CANCELLED"
    assert [one["title"] for one in jobs if one["status"] not in ("CANCELLED", "COMPLETED", "FAILED")] == ["mine"]


def test_watching_changes_no_byte_and_sees_what_is_broken(broken: str) -> None:
    seen: list[tuple[Exchange, list[Violation]]] = []
    with watching(broken, seen) as url, httpx.Client(headers={"X-Mock-Sandbox": "watched"}) as client:
        for _ in range(3):
            client.post(f"{url}/jobs", json={"job_type": "dummy", "params": {}})
        through = client.get(f"{url}/healthz")
        listed = client.get(f"{url}/jobs")
        direct = client.get(f"{broken}/jobs")

    assert through.status_code == 200
    assert listed.content == direct.content
    assert [exchange.operation for exchange, _ in seen] == [
        *["submit_job_jobs_post"] * 3,
        "healthz_healthz_get",
        "list_jobs_jobs_get",
    ]
    assert "JOB-LST-001" in [violation.requirement for _, violations in seen for violation in violations]


def test_the_upstream_is_asked_by_its_own_name() -> None:
    seen: list[tuple[Exchange, list[Violation]]] = []
    with Receiver() as upstream, watching(upstream.url.removesuffix("/called"), seen) as url:
        httpx.post(f"{url}/jobs", content=b"Host: of the body", headers={"X-Own": "kept"})
        asked = upstream.calls[0].request

    assert asked.header("host") == upstream.url.removeprefix("http://").removesuffix("/called")
    assert asked.header("x-own") == "kept"
    assert asked.body == b"Host: of the body"
    assert seen[0][0].request.header("host") == asked.header("host")


@contextlib.contextmanager
def watching(upstream: str, seen: list[tuple[Exchange, list[Violation]]]) -> Iterator[str]:
    """The proxy before a server, for as long as the block lasts; yields its URL."""
    watch = Watch(specs.load("ionworks"), upstream, lambda exchange, violations: seen.append((exchange, violations)))
    loop, ready, ports = asyncio.new_event_loop(), threading.Event(), []

    def listening(port: int) -> None:
        ports.append(port)
        ready.set()

    task = loop.create_task(watch.serve("127.0.0.1", 0, ready=listening))
    thread = threading.Thread(target=lambda: _until_cancelled(loop, task), daemon=True)
    thread.start()
    assert ready.wait(5)
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(5)
        loop.close()


def _until_cancelled(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    asyncio.set_event_loop(loop)
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    pending = asyncio.all_tasks(loop)
    for one in pending:
        one.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
