"""What HTTP libraries do to every vendor's API: media types on reads, bodies in chunks, `Expect`, connections kept,
closed and cut.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

import specs
from mockserver.http.pages.example_call import FirstCall, first_call
from tests.clients_wire.callers import AXIOS, CURL, FETCH, GO, REQUESTS, asked, calling, spoil
from tests.conftest import Bench

LIBRARIES = {"requests": REQUESTS, "go": GO, "fetch": FETCH, "axios": AXIOS, "curl": CURL}


@pytest.fixture(params=specs.names())
def api(request: pytest.FixtureRequest) -> str:
    """Each API in turn."""
    return str(request.param)


@pytest.fixture
def submission(api: str) -> FirstCall:
    return first_call(specs.load(api))


@pytest.fixture
def listing(api: str) -> str:
    """The path that lists jobs."""
    spec = specs.load(api)
    assert spec.lifecycle is not None
    return spec.base_path + spec.operations[spec.lifecycle.roles["list"].operation].path


def send(client: httpx.Client, call: FirstCall, **sent: object) -> httpx.Response:
    # type: ignore[arg-type]
    return client.request(
        call.method,
        call.path,
        headers=[*call.headers, ("Content-Type", "application/json")],
        **({"json": call.body} | sent),
    )


@pytest.mark.parametrize("library", LIBRARIES.values(), ids=LIBRARIES.keys())
def test_a_library_submits_and_lists_as_it_pleases(
    bench: Bench, submission: FirstCall, listing: str, library: dict[str, str]
) -> None:
    with calling(bench, library) as client:
        submitted = send(client, submission)
        listed = client.get(listing, headers=[*submission.headers, ("Content-Type", "application/json")])

    assert submitted.is_success, submitted.text
    assert listed.status_code == 200, listed.text
    assert submitted.history == listed.history == []


def test_bodies_come_in_chunks(bench: Bench, submission: FirstCall) -> None:
    def pieces() -> Iterator[bytes]:
        raw = json.dumps(submission.body).encode()
        yield from (raw[at : at + 7] for at in range(0, len(raw), 7))

    with calling(bench, GO) as client:
        assert send(client, submission, json=None, content=pieces()).is_success


def test_a_client_may_wait_to_be_asked_for_the_body(bench: Bench, submission: FirstCall) -> None:
    raw = json.dumps(submission.body).encode()
    lines = [
        f"POST /sandbox/{bench.sandbox}{submission.path} HTTP/1.1",
        "Host: mock",
        "Expect: 100-continue",
        "Connection: close",
    ]
    lines += [
        f"{name}: {value}"
        for name, value in (
            *submission.headers,
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(raw))),
        )
    ]
    at = urlsplit(bench.url)

    with socket.create_connection((at.hostname, at.port), timeout=10) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        asked_for = line.recv(1024)
        line.sendall(raw)
        answer = b"".join(iter(lambda: line.recv(65536), b""))

    assert asked_for.startswith(b"HTTP/1.1 100 ")
    assert answer.startswith(b"HTTP/1.1 20")


def test_a_client_that_connects_anew_each_time_is_served(bench: Bench, submission: FirstCall) -> None:
    with calling(bench, CURL | {"Connection": "close"}) as client:
        answers = [send(client, submission) for _ in range(2)]

    assert {answer.headers.get("connection") for answer in answers} == {"close"}
    assert answers[0].is_success


def test_a_lost_answer_and_a_lost_request_differ(bench: Bench, api: str, submission: FirstCall) -> None:
    with calling(bench, REQUESTS) as client:
        for after in (False, True):
            spoil(bench, "drop", after=after, count=1)
            with pytest.raises(httpx.RemoteProtocolError):
                send(client, submission)

    assert [status for _, status in asked(bench)] == [0, 0]
    assert bench.get("/_mock/jobs", params={"api": api}).json()["total"] == 1
