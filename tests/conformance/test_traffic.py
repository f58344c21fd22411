"""Recorded and live traffic: what cannot be judged is counted and told, never taken for right or wrong."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

import specs
from conformance.cli.main import main
from conformance.run.verdict import Exit
from mockserver.http.server import serving


def entry(path: str = "/jobs/a", status: Any = 200, body: Any = None, at: str = "00", **more: Any) -> dict[str, Any]:
    content = {"mimeType": "application/json", "text": json.dumps(body), "size": len(json.dumps(body))}
    return {
        "startedDateTime": f"2026-01-01T00:00:{at}Z",
        "time": 10,
        "request": {"method": "GET", "url": f"http://a{path}", "headers": []},
        "response": {"status": status, "headers": [], "content": content},
    } | more


def checked(folder: Path, *entries: Any, api: str = "ionworks") -> Result:
    file = folder / "t.har"
    file.write_text(json.dumps({"log": {"entries": entries}}))
    return CliRunner().invoke(main, ["check", api, str(file)])


def job(state: str) -> dict[str, Any]:
    """A job as the mock shows it, in a state."""
    with serving(apis=["ionworks"], pace="manual") as url:
        made = httpx.post(f"{url}/jobs", json={"job_type": "dummy", "params": {}}).json()
        found: dict[str, Any] = httpx.get(f"{url}/jobs/{made['job_id']}").json()
    return found | {"status": state}


@pytest.mark.parametrize("status", [0, -1, None])
def test_a_request_without_an_answer_is_no_exchange(status: Any, tmp_path: Path) -> None:
    told = checked(tmp_path, entry(status=status))

    assert told.exit_code == Exit.USAGE, told.output
    assert told.output == "no exchange of ionworks was judged: 1 without an answer\n"


@pytest.mark.parametrize("api", specs.names())
@pytest.mark.parametrize("text", [{}, {"text": ""}, {"text": '{"id": "a'}], ids=["absent", "empty", "cut"])
def test_a_body_that_was_not_recorded_is_no_broken_body(text: dict[str, str], api: str, tmp_path: Path) -> None:
    spec = specs.load(api)
    assert spec.lifecycle is not None
    operation = spec.operations[spec.lifecycle.roles["list"].operation]
    one = entry(spec.base_path + operation.path)
    one["request"]["method"] = operation.method
    one["response"]["content"] = {"size": 700, "mimeType": "application/json", **text}

    told = checked(tmp_path, one, api=api)

    assert told.exit_code == Exit.USAGE, told.output
    assert told.output == f"no exchange of {api} was judged: 1 whose body was not recorded whole\n"


@pytest.mark.parametrize(
    "odd",
    [
        entry(response=None),
        entry(request=None),
        5,
        entry("/picture.png", response={"status": 200, "content": {"encoding": "base64", "text": "%"}}),
        entry("/picture.png", startedDateTime=""),
    ],
    ids=["no response", "no request", "number", "foreign base64", "foreign date"],
)
def test_one_odd_entry_takes_no_other_down(odd: Any, tmp_path: Path) -> None:
    told = checked(tmp_path, odd, entry(body={"nonsense": 1}))

    assert told.exit_code == Exit.BROKEN, told.output
    assert "1 exchanges of ionworks were judged" in told.output
    assert "not judged: 1 " in told.output


@pytest.mark.parametrize(
    "content",
    [None, {}, {"mimeType": 5, "text": "{}"}, {"mimeType": ["application/json"], "text": "{}"}],
    ids=["null", "empty", "numeric media type", "listed media type"],
)
def test_odd_content_is_neither_judged_nor_a_mistake_of_ours(content: Any, tmp_path: Path) -> None:
    told = checked(tmp_path, entry(response={"status": 200, "headers": [], "content": content}))

    assert told.exit_code == Exit.USAGE, told.output
    assert "no exchange of ionworks was judged: 1 " in told.output


def test_a_body_that_was_recorded_packed_is_judged_unpacked(tmp_path: Path) -> None:
    shown = job("processing")
    one = entry(f"/jobs/{shown['job_id']}", body=shown)
    packed = gzip.compress(one["response"]["content"]["text"].encode())
    one["response"]["headers"] = [{"name": "Content-Encoding", "value": "gzip"}]
    one["response"]["content"] |= {"encoding": "base64", "text": base64.b64encode(packed).decode(), "size": len(packed)}

    told = checked(tmp_path, one)

    assert told.exit_code == Exit.CONFORMANT, told.output


@pytest.mark.parametrize("entries", [None, 5, {}])
def test_entries_that_are_no_list_are_refused_in_a_sentence(entries: Any, tmp_path: Path) -> None:
    (tmp_path / "t.har").write_text(json.dumps({"log": {"entries": entries}}))
    told = CliRunner().invoke(main, ["check", "ionworks", str(tmp_path / "t.har")])

    assert told.exit_code == Exit.USAGE
    assert "expected a list" in told.output
    assert len(told.output.splitlines()) == 1


def test_entries_are_judged_in_the_order_of_their_instants(tmp_path: Path) -> None:
    early, late = job("pending"), job("completed")
    late["job_id"] = early["job_id"]
    path = f"/jobs/{early['job_id']}"

    told = checked(tmp_path, entry(path, body=late, at="10"), entry(path, body=early, at="05"))

    assert "JOB-STM-004" not in told.output
    assert "JOB-STM-004" in checked(tmp_path, entry(path, body=late, at="05"), entry(path, body=early, at="10")).output


def test_of_two_reads_that_overlap_no_order_is_judged(tmp_path: Path) -> None:
    early, late = job("pending"), job("completed")
    late["job_id"] = early["job_id"]
    path = f"/jobs/{early['job_id']}"

    told = checked(tmp_path, entry(path, body=late, at="00", time=5000), entry(path, body=early, at="01"))

    assert "JOB-STM-004" not in told.output


def test_of_two_reads_that_overlap_both_are_compared_with_what_comes_later(tmp_path: Path) -> None:
    early, late = job("pending"), job("completed")
    late["job_id"] = early["job_id"]
    path = f"/jobs/{early['job_id']}"
    beside = (entry(path, body=late, at="00", time=5000), entry(path, body=early, at="01"))

    told = checked(tmp_path, *beside, entry(path, body=early | {"status": "processing"}, at="10"))

    assert "had ended as completed and is now processing" in told.output


def test_two_ends_at_about_the_same_time_are_no_course_of_a_job(tmp_path: Path) -> None:
    one, other = job("failed"), job("completed")
    other["job_id"] = one["job_id"]
    path = f"/jobs/{one['job_id']}"

    told = checked(tmp_path, entry(path, body=other, at="00", time=5000), entry(path, body=one, at="01"))

    assert "was completed and failed at about the same time" in told.output


def test_what_background_work_makes_possible_between_two_looks_is_no_break(tmp_path: Path) -> None:
    seen = [job("pending"), job("completed"), job("completed")]
    path = f"/jobs/{seen[0]['job_id']}"
    looks = [entry(path, body=one | {"job_id": seen[0]["job_id"]}, at=f"0{at}") for at, one in enumerate(seen)]

    assert "JOB-STM" not in checked(tmp_path, *looks).output


def test_a_job_that_came_back_is_reported_once(tmp_path: Path) -> None:
    one = job("completed")
    path = f"/jobs/{one['job_id']}"
    states = ["completed", "processing", "processing", "processing", "completed"]
    looks = [entry(path, body=one | {"status": state}, at=f"0{at}") for at, state in enumerate(states)]

    assert checked(tmp_path, *looks).output.count("had ended as") == 1


def test_a_304_that_the_client_asked_for_is_no_break(tmp_path: Path) -> None:
    one = entry(status=304)
    one["response"]["content"] = {"size": 0}
    one["request"]["headers"] = [{"name": "If-None-Match", "value": '"a"'}]

    assert "JOB-RSP-001" not in checked(tmp_path, one).output


class Packed:
    """A mock that answers in gzip."""

    def __init__(self) -> None:
        from mockserver.http.app import create_app

        self._app = create_app(["ionworks"], pace="manual")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        start: dict[str, Any] = {}

        async def packed(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = gzip.compress(message.get("body", b""))
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            fields = [*kept, (b"content-encoding", b"gzip"), (b"content-length", str(len(body)).encode())]
            await send(start | {"headers": fields})
            await send(message | {"body": body})

        await self._app(scope, receive, packed if scope["type"] == "http" else send)

    def close(self) -> None:
        """Nothing to close."""


class Watched:
    """`conformance watch` in a process of its own, as a script starts it in the background: SIGINT is ignored."""

    def __init__(self, upstream: str, har: Path) -> None:
        words = ["watch", "ionworks", "--upstream", upstream, "--port", "0", "--har", str(har)]
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "conformance", *words],
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[2].rstrip(",")

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code and what it printed, after a signal."""
        self._process.send_signal(number)
        said, _ = self._process.communicate(timeout=60)
        return self._process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_proxy_with_verdict_and_har_and_packed_answers_are_judged(
    number: int, tmp_path: Path
) -> None:
    with serving(Packed()) as url:  # type: ignore[arg-type]
        watched = Watched(url, tmp_path / "t.har")
        made = httpx.post(f"{watched.url}/jobs", json={"job_type": "dummy", "params": {}})
        httpx.get(f"{watched.url}/jobs/{made.json()['job_id']}")
        code, said = watched.end(number)

    assert code == Exit.CONFORMANT, said
    assert "2 exchanges of ionworks were judged, 0 MUSTs are broken" in said
    assert '\\"job_id\\"' in (tmp_path / "t.har").read_text()


def test_a_proxy_that_judged_nothing_says_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        watched = Watched(f"http://127.0.0.1:{taken.getsockname()[1]}", tmp_path / "t.har")
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"{watched.url}/jobs")
        code, said = watched.end()

    assert code == Exit.USAGE
    assert "no exchange of ionworks was judged" in said
    assert "the upstream cannot be reached" in said


def test_a_client_that_offers_another_protocol_is_served_and_judged(tmp_path: Path) -> None:
    fields = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAA"}
    with serving(apis=["ionworks"], pace="manual") as url:
        watched = Watched(url, tmp_path / "t.har")
        made = httpx.post(f"{watched.url}/jobs", json={"job_type": "dummy", "params": {}}, headers=fields)
        code, said = watched.end()

    assert made.status_code == 202
    assert code == Exit.CONFORMANT, said
    assert "1 exchanges of ionworks were judged" in said
