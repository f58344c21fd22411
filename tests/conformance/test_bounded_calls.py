"""Whatever a target sends, and however slowly: every call of the judge ends in time, and holds few bytes."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import brotli
import pytest
import zstandard

from conformance.errors import SafetyStop, TransportError
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Exit
from conformance.target.budget import Budget
from conformance.target.target import Target
from conformance.target.transport import AsgiTransport, HttpTransport
from conformance.traffic.content_coding import UndecodableError, decoded
from conformance.traffic.exchange import Request
from tests.conformance.bad_servers import bad_server, zeros

SLOW = ("drip-body", "drip-head", "drip-line", "continue", "hang")


@pytest.mark.parametrize("kind", SLOW)
def test_the_timeout_bounds_the_whole_call_not_each_read(kind: str) -> None:
    with bad_server(kind) as url:
        transport, began = HttpTransport(timeout=0.5), time.monotonic()
        with pytest.raises(TransportError, match=r"no answer within 0\.5 seconds") as trouble:
            transport.send(Request("GET", url, "/jobs"))
        transport.close()

    assert trouble.value.kind == "hung"
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize("kind", ["drip-body", "continue"])
def test_a_run_ends_when_its_time_is_over_though_a_call_is_under_way(kind: str) -> None:
    began = time.monotonic()
    with bad_server(kind) as url, Target.at("ionworks", url, timeout=60.0, budget=Budget(most_seconds=0.5)) as target:
        report = run(target, Options())

    assert report.exit is Exit.SAFETY_STOP, report.sentence
    assert time.monotonic() - began < 5


def test_what_listens_to_an_answer_whose_head_never_ends_is_not_kept() -> None:
    with bad_server("drip-head") as url:
        transport = HttpTransport(timeout=0.5)
        transport.listen(Request("GET", url, "/events"), lambda: None)
        for _ in range(30):
            listening = [one.name for one in threading.enumerate() if "(read)" in one.name]
            if listening:
                time.sleep(0.1)
        transport.close()

    assert listening == []


@pytest.mark.parametrize("kind", ["bomb", "bomb-in-bomb", "flood"])
def test_the_bound_of_bytes_holds_after_decoding(kind: str) -> None:
    with bad_server(kind) as url:
        transport = HttpTransport(most_bytes=1 << 20)
        tracemalloc.start()
        answer = transport.send(Request("GET", url, "/jobs"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        transport.close()

    assert answer.cut
    assert len(answer.body) <= (1 << 20) + 65536
    assert most < 16 << 20


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"[1]"), "gzip"),
        (gzip.compress(b"[") + gzip.compress(b"1]"), "x-gzip"),
        (gzip.compress(gzip.compress(b"[1]")), "gzip, gzip"),
        (zlib.compress(b"[1]"), "deflate"),
        (zlib.compress(b"[1]")[2:-4], "deflate"),
        (gzip.compress(zlib.compress(b"[1]")), "Deflate, identity , GZIP"),
        (brotli.compress(b"[1]"), "br"),
        (zstandard.compress(b"[") + zstandard.compress(b"1]"), "zstd"),
        (gzip.compress(brotli.compress(b"[1]")), "br, gzip"),
        (b"[1]", "identity"),
    ],
)
def test_an_answer_that_is_coded_without_being_asked_is_read(body: bytes, coding: str) -> None:
    assert decoded(body, coding, 100) == (b"[1]", False)


@pytest.mark.parametrize("coding", ["compress", "dcb", "gzip, lzma", ", ".join(["gzip"] * 5000)])
def test_an_unknown_or_endless_coding_leaves_the_body_as_it_is(coding: str) -> None:
    assert decoded(b"[1]", coding, 100) == (b"[1]", False)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"[1]", "gzip"),
        (gzip.compress(b"[1]")[:-6], "gzip"),
        (gzip.compress(b"[1]") + b"more", "gzip"),
        (b"[1]" * 9, "br"),
        (brotli.compress(b"[1]" * 99)[:-2], "br"),
        (b"[1]", "zstd"),
        (zstandard.compress(b"[1]")[:-2], "zstd"),
    ],
)
def test_a_body_that_is_not_what_its_coding_says_is_a_broken_answer(body: bytes, coding: str) -> None:
    with pytest.raises(UndecodableError, match=f"Content-Encoding {coding}"):
        decoded(body, coding, 100)


@pytest.mark.parametrize(("pack", "coding"), [(brotli.compress, "br"), (zstandard.compress, "zstd")])
def test_a_small_body_of_any_coding_that_means_a_huge_one_is_cut(pack: Callable[[bytes], bytes], coding: str) -> None:
    body, more = decoded(pack(bytes(1 << 24)), coding, 1000)

    assert (len(body), more) == (1000, True)


def test_an_answer_is_asked_for_without_a_coding() -> None:
    seen: list[Any] = []

    def heard(kind: str) -> None:
        with bad_server(kind, seen) as url:
            transport = HttpTransport()
            transport.send(Request("GET", url, "/jobs", (("Accept", "a/b"),)))
            transport.send(Request("GET", url, "/jobs", (("Accept-Encoding", "gzip"),)))
            transport.close()

    heard("404")

    assert [b"accept-encoding: identity" in head.lower() for head in seen] == [True, False]
    assert b"accept-encoding: gzip\r\n" in seen[1].lower()


def test_an_application_in_this_process_that_never_ends_is_cut() -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-encoding", b"gzip")]})
        for _ in range(1 << 12):
            await send({"type": "http.response.body", "body": zeros(20) * 1000, "more_body": True})
        raise AssertionError("nobody listens any more")

    transport = AsgiTransport(endless)
    answer = transport.send(Request("GET", "http://localhost", "/jobs"))
    transport.close()

    assert answer.status == 200
    assert answer.cut
    assert len(answer.body) <= 16 << 20


def test_time_that_is_over_ends_a_wait_but_not_the_cleaning_up() -> None:
    budget, began = Budget(most_requests=1, most_seconds=0.1), time.monotonic()

    with pytest.raises(SafetyStop, match=r"budget of 0\.1 seconds"):
        budget.sleep(60)
    assert time.monotonic() - began < 5
    with budget.cleaning_up():
        budget.before(is_submission=False)
        budget.before(is_submission=False)
        assert budget.seconds_left() > 20
    with pytest.raises(SafetyStop):
        budget.before(is_submission=False)


def test_an_api_that_keeps_its_client_waiting_is_given_that_time() -> None:
    """openYuanrong answers a submission when its job has a node, or when 18 seconds of its clock have passed."""
    waits: dict[tuple[str, float], float] = {}
    for api, scale in (("openyuanrong", 1.0), ("openyuanrong", 100.0), ("ionworks", 1.0)):
        with Target.at(api, "http://127.0.0.1:9", timeout=10.0, scale=scale) as target:
            assert isinstance(target.transport, HttpTransport)
            waits[api, scale] = target.transport.timeout

    assert waits == {("openyuanrong", 1.0): 28.0, ("openyuanrong", 100.0): 10.18, ("ionworks", 1.0): 10.0}
