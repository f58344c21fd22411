"""The proxy judges every answer whose end can be found, and counts what it cannot judge."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from collections.abc import Sequence
from pathlib import Path

import brotli
import pytest
import zstandard
from click.testing import CliRunner

import specs
from conformance.cli.main import main
from conformance.oracles.oracle import Violation
from conformance.proxy.watch import Watch
from conformance.run.verdict import Exit
from conformance.traffic.exchange import Exchange

WRONG = json.dumps({"nonsense": 1}).encode()
GET, HEAD = (method + b" /jobs/a HTTP/1.1\r\nHost: a\r\n\r\n" for method in (b"GET", b"HEAD"))
TYPE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sized(body: bytes, more: bytes = b"") -> bytes:
    return TYPE + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Traffic:
    """What a proxy sees between a client that sends these requests one by one and a server that answers these."""

    def __init__(self, requests: Sequence[bytes], answers: Sequence[bytes], *, closes: bool = False) -> None:
        self.seen: list[str] = []
        self.broken: list[str] = []
        self.answers, self.closes = list(answers), closes
        self.watch = Watch(specs.load("ionworks"), "http://127.0.0.1:1", self._take)
        asyncio.run(self._run(requests))

    @property
    def unjudged(self) -> dict[str, int]:
        return {reason: count for reason, count in self.watch.unjudged.items() if count}

    def _take(self, exchange: Exchange, violations: list[Violation]) -> None:
        self.seen.append(exchange.line)
        self.broken += [one.requirement for one in violations]

    async def _run(self, requests: Sequence[bytes]) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.watch = Watch(specs.load("ionworks"), upstream, self._take)
        taken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        proxy = asyncio.create_task(self.watch.serve("127.0.0.1", 0, ready=taken.set_result))
        source, sink = await asyncio.open_connection("127.0.0.1", await taken)
        for request in requests:
            sink.write(request)
            await source.read(1 << 20)
        if self.closes:
            while await source.read(1 << 20):
                pass
        sink.close()
        while len(asyncio.all_tasks()) > 2 and any("_connection" in str(one) for one in asyncio.all_tasks()):
            await asyncio.sleep(0)
        for task in (proxy,):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        server.close()

    async def _answer(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        for answer in self.answers:
            if not await source.read(1 << 16):
                break
            sink.write(answer)
            await sink.drain()
        if not self.closes:
            await source.read()
        sink.close()


def test_answers_after_one_to_head_are_judged() -> None:
    head = sized(b"", b"")[: -len("Content-Length: 0\r\n\r\n")] + b"Content-Length: 15\r\n\r\n"

    traffic = Traffic([GET, HEAD, GET, GET], [sized(WRONG), head, sized(WRONG), sized(WRONG)])

    assert traffic.seen == ["GET /jobs/a -> 200", "HEAD /jobs/a -> 200", "GET /jobs/a -> 200", "GET /jobs/a -> 200"]
    assert traffic.broken.count("JOB-RSP-002") >= 3
    assert traffic.unjudged == {}


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_an_answer_that_ends_with_its_connection_is_judged(version: bytes) -> None:
    traffic = Traffic([GET], [TYPE.replace(b"HTTP/1.1", version) + b"\r\n" + WRONG], closes=True)

    assert "JOB-RSP-002" in traffic.broken
    assert traffic.unjudged == {}


def test_an_answer_that_is_torn_is_the_servers_failure() -> None:
    traffic = Traffic([GET], [TYPE + b"Content-Length: 500\r\n\r\n" + WRONG], closes=True)

    assert traffic.broken == ["JOB-ERR-010"]
    assert traffic.unjudged == {}


def test_an_answer_that_the_client_did_not_wait_for_is_nobodys_failure() -> None:
    traffic = Traffic([GET], [TYPE + b"Content-Length: 500\r\n\r\n" + WRONG])

    assert traffic.broken == []
    assert traffic.unjudged == {"requests without a whole answer": 1}


def test_an_answer_with_bare_line_feeds_is_judged() -> None:
    assert "JOB-RSP-002" in Traffic([GET], [sized(WRONG).replace(b"\r\n", b"\n")]).broken


@pytest.mark.parametrize(
    "answer",
    [b"no HTTP at all\r\n\r\n", TYPE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"],
    ids=["no HTTP", "two lengths"],
)
def test_bytes_that_are_no_answer_are_counted(answer: bytes) -> None:
    traffic = Traffic([GET], [answer])

    assert traffic.seen == []
    assert traffic.unjudged == {"connections that could not be read on": 1, "requests without a whole answer": 1}


def test_a_request_that_is_answered_before_it_has_come_is_counted_and_the_next_one_judged() -> None:
    begun = b"POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{"

    traffic = Traffic([begun, b"}" + GET], [sized(WRONG), sized(WRONG)])

    assert traffic.seen == ["GET /jobs/a -> 200"]
    assert traffic.unjudged == {"requests that were answered before they had come": 1}


@pytest.mark.parametrize(
    ("coding", "body"), [(b"br", brotli.compress(WRONG)), (b"zstd", zstandard.compress(WRONG)), (b"identity", WRONG)]
)
def test_answers_of_every_usual_coding_are_judged(coding: bytes, body: bytes) -> None:
    traffic = Traffic([GET], [sized(body, b"Content-Encoding: %s\r\n" % coding)])

    assert "JOB-RSP-002" in traffic.broken
    assert "JOB-RSP-004" not in traffic.broken


@pytest.mark.parametrize(
    ("coding", "reason"),
    [
        (b"lzma", "bodies in the content coding lzma"),
        (b"gzip", "bodies that are not in their content coding"),
        (b"br", "bodies that are not in their content coding"),
    ],
)
def test_a_body_that_cannot_be_decoded_is_counted(coding: bytes, reason: str) -> None:
    traffic = Traffic([GET], [sized(WRONG, b"Content-Encoding: %s\r\n" % coding)])

    assert traffic.broken == []
    assert traffic.unjudged == {reason: 1}


def test_a_304_without_a_body_keeps_the_connection_readable() -> None:
    known = GET.replace(b"\r\n\r\n", b'\r\nIf-None-Match: "a"\r\n\r\n')
    not_modified = b"HTTP/1.1 304 Not Modified\r\nContent-Length: 15\r\n\r\n"

    traffic = Traffic([known, GET], [not_modified, sized(WRONG)])

    assert traffic.seen == ["GET /jobs/a -> 304", "GET /jobs/a -> 200"]
    assert "JOB-RSP-001" not in traffic.broken


def test_a_mistake_of_an_oracle_is_kept_and_bytes_pass_on(monkeypatch: pytest.MonkeyPatch) -> None:
    from conformance.oracles.all_oracles import AllOracles

    def wrong(self: AllOracles, exchange: Exchange) -> list[Violation]:
        raise ArithmeticError(exchange.line)

    monkeypatch.setattr(AllOracles, "observe", wrong)

    traffic = Traffic([GET, GET], [sized(WRONG), sized(WRONG)])

    assert isinstance(traffic.watch.mistake, ArithmeticError)
    assert traffic.answers == [sized(WRONG)] * 2


def test_the_proxy_keeps_no_traffic_that_is_not_asked_for() -> None:
    others = {id(one) for one in gc.get_objects() if isinstance(one, Exchange)}  # of other tests in this process
    traffic = Traffic([GET] * 40, [sized(WRONG)] * 40)

    gc.collect()

    assert len(traffic.seen) == 40
    assert sum(isinstance(one, Exchange) and id(one) not in others for one in gc.get_objects()) < 10


def test_an_upstream_with_a_path_is_refused_in_a_sentence() -> None:
    told = CliRunner().invoke(main, ["watch", "ionworks", "--upstream", "http://a/v2", "--port", "4090"])

    assert told.exit_code == Exit.USAGE
    assert "let the client ask http://127.0.0.1:4090/v2" in " ".join(told.output.split())


def test_equal_findings_are_printed_three_times_and_counted(tmp_path: Path) -> None:
    body = {"mimeType": "application/json", "text": '{"nonsense": 1}'}
    one = {
        "startedDateTime": "2026-01-01T00:00:00Z",
        "request": {"method": "GET", "url": "http://a/jobs/a", "headers": []},
        "response": {"status": 200, "headers": [], "content": body},
    }
    (tmp_path / "t.har").write_text(json.dumps({"log": {"entries": [one] * 20}}))

    told = CliRunner().invoke(main, ["check", "ionworks", str(tmp_path / "t.har")]).output

    assert "more like these" in told
    assert len(told.splitlines()) < 60
    assert " MUSTs are broken, " in told
