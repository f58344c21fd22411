"""Nothing is kept of a refused request but why it was refused, in short."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator

import httpx
import pytest

from mockserver.adapters.exchange import Refusal
from mockserver.http.asgi.protocol import EagerProtocol
from mockserver.http.server import serving
from tests.http.wire import Wire

JSON = {"Content-Type": "application/json", "Authorization": "any-token", "RA-USER": "john"}
LONG = "x" * 200_000
REFUSED = {
    "a value of another type, Ionworks": ("POST", "/jobs", json.dumps({"job_type": "dummy", "params": [LONG]})),
    "no JSON": ("POST", "/jobs", f'{{"job_type": "{LONG}'),
    "a value of another type, openYuanrong": ("POST", "/api/jobs", json.dumps({"entrypoint": [LONG]})),
    "a value of another type, Run:AI": ("POST", "/api/job", json.dumps({"job": {"project": [LONG]}})),
    "a value of another type, compute.x.io": ("POST", "/v1/jobs", json.dumps({"title": [LONG]})),
    "a value of another type, ByteNite": ("POST", "/v1/customer/jobs", json.dumps({"name": [LONG]})),
    "an unknown job": ("GET", f"/jobs/{'y' * 2000}", None),
    "an unknown path": ("GET", f"/nothing/{'y' * 2000}", None),
    "a wrong method": ("DELETE", "/jobs", None),
    "a conflict": ("POST", "/jobs/none/cancel", None),
    "the control API": ("POST", "/_mock/clock/advance", json.dumps({"seconds": [LONG]})),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(pace="manual") as served:
        yield served


@pytest.mark.parametrize(("method", "path", "body"), REFUSED.values(), ids=REFUSED)
def test_a_refused_request_is_let_go_without_a_collection_of_garbage(
    url: str, method: str, path: str, body: str | None
) -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            assert httpx.request(method, url + path, content=body, headers=JSON).status_code >= 400

        kept = [one for one in gc.get_objects() if isinstance(one, Refusal)]
    finally:
        gc.enable()

    assert kept == []


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /healthz HTTP/1.1\r\nHost: mock\r\n\r\n",
        b"GET /healthz HTTP/2.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: mock\r\n\r\n" * 9,
    ],
    ids=["a request", "no request", "requests sent at once"],
)
@pytest.mark.parametrize("is_cut", [False, True], ids=["closed", "cut"])
def test_a_connection_is_let_go_without_a_collection_of_garbage(url: str, sent: bytes, *, is_cut: bool) -> None:
    gc.collect()
    # of servers that other tests share
    others = {id(one) for one in gc.get_objects() if isinstance(one, EagerProtocol)}
    gc.disable()
    try:
        for _ in range(5):
            wire = Wire(int(url.rpartition(":")[2]))
            wire.say(sent)
            wire.answer()
            wire.cut() if is_cut else wire.close()
        httpx.get(f"{url}/healthz")  # its connection is lost after the others

        kept = [one for one in gc.get_objects() if isinstance(one, EagerProtocol) and id(one) not in others]
    finally:
        gc.enable()

    assert len(kept) < 5


def test_the_journal_tells_how_much_it_keeps(url: str) -> None:
    sandbox = {"X-Mock-Sandbox": "small"}
    body = json.dumps({"job_type": "dummy", "params": {}, "priority": {"a" * 50: LONG * 10}})
    for _ in range(20):
        httpx.post(f"{url}/jobs", content=body, headers=JSON | sandbox)

    shown = httpx.get(f"{url}/_mock/exchanges", headers=sandbox).json()

    listed = shown["exchanges"] if isinstance(shown, dict) else shown
    assert len(listed) == 20
    assert all(one["violations"][0]["pointer"] == "/priority" for one in listed)
    assert all(len(json.dumps(one["violations"])) < 4000 for one in listed)
