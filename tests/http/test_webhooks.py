from __future__ import annotations

import hmac
import socket
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Any

import httpcore
import httpx
import orjson
import pytest

from mockserver.client import MockServer, Sandbox, View
from mockserver.http.callbacks import outbound, webhooks
from mockserver.http.origin import is_remote
from mockserver.http.server import serving
from tests.http.test_control_sandboxes import KEY, SMALL, submit


class Receiver:
    """A server on loopback that remembers what it was sent; `answers` are (status, Location), the last one repeated."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, str | None]] = [(204, None)]
        self.before: Callable[[], None] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.before()
                receiver.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                status, location = receiver.answers[0] if len(receiver.answers) == 1 else receiver.answers.pop(0)
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    @property
    def jobs(self) -> list[str]:
        return [orjson.loads(body)["job_id"] for _, _, body in self.heard]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def server(lenient_url: str) -> Iterator[MockServer]:
    with MockServer.at(lenient_url) as running:
        yield running


@pytest.fixture
def box(server: MockServer) -> Iterator[Sandbox]:
    with server.sandbox(scenario=SMALL) as made:
        yield made


def outcomes(box: Sandbox) -> list[tuple[float, str]]:
    return [(one.at, one.outcome) for one in box.callbacks]


def expect_soon(is_so: Callable[[], bool]) -> None:
    limit = monotonic() + 10
    while not is_so():
        assert monotonic() < limit


def test_an_ended_job_is_told_once_before_the_clock_answers(box: Sandbox, receiver: Receiver) -> None:
    job = submit(box, callback_url=receiver.url)

    moved = box.clock.advance(hours=1)

    assert receiver.jobs == [job]
    assert moved.fired.callbacks == 1
    _, fields, body = receiver.heard[0]
    told = orjson.loads(body)
    assert (told["status"], told["completed_at"]) == ("completed", "2026-01-01T00:00:10.000000Z")
    assert told == httpx.get(f"{box.url('ionworks')}/jobs/{job}", headers=KEY).json()
    assert fields["content-type"] == "application/json"
    assert fields["webhook-timestamp"] == "1767225610"
    box.clock.advance(hours=10)
    assert len(receiver.heard) == 1


def test_failure_and_cancellation_are_told_too(box: Sandbox, receiver: Receiver) -> None:
    first, second = submit(box, callback_url=receiver.url), submit(box, callback_url=receiver.url)

    box.jobs.fail(first)
    httpx.post(f"{box.url('ionworks')}/jobs/{second}/cancel", headers=KEY)
    box.callbacks.list()

    assert [orjson.loads(body)["status"] for _, _, body in receiver.heard] == ["failed", "canceled"]


def test_each_client_is_called_at_the_instant_its_job_ends(box: Sandbox, receiver: Receiver) -> None:
    instants: list[float] = []
    receiver.before = lambda: instants.append(box.clock.now)
    jobs = [submit(box, callback_url=receiver.url) for _ in range(3)]

    box.clock.advance(100)

    assert (receiver.jobs, instants) == (jobs, [10, 20, 30])


def test_what_fails_is_tried_again_later_and_given_up_at_last(box: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [(500, None)]
    submit(box, callback_url=receiver.url)

    box.clock.advance(25)
    assert outcomes(box) == [(10, "failed"), (20, "failed")]
    assert [one.due for one in box.callbacks.pending()] == [80]
    box.clock.idle()

    assert outcomes(box) == [(10, "failed"), (20, "failed"), (80, "failed"), (380, "given_up")]
    assert len({fields["webhook-id"] for _, fields, _ in receiver.heard}) == 1
    assert box.callbacks.pending() == []


def test_a_pending_callback_survives_a_snapshot(box: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [(500, None), (204, None)]
    submit(box, callback_url=receiver.url)
    box.clock.advance(12)
    kept = box.snapshot()
    box.reset()

    box.restore(kept)
    box.clock.advance(10)

    assert outcomes(box) == [(20, "delivered")]


def test_nobody_listening_is_a_failure(box: Sandbox) -> None:
    submit(box, callback_url="http://127.0.0.1:1/hook")

    box.clock.advance(10)

    assert outcomes(box) == [(10, "failed")]


@pytest.mark.parametrize("pace", ["x1000", "auto", "real"])
def test_time_goes_on_by_itself_where_a_client_waits(server: MockServer, receiver: Receiver, pace: str) -> None:
    with server.sandbox(scenario=SMALL | {"run": {"fixed": 0.05}}, pace=pace) as box:
        receiver.answers = [(500, None), (204, None)] if pace != "real" else [(204, None)]
        submit(box, callback_url=receiver.url)

        expect_soon(lambda: len(receiver.heard) == (1 if pace == "real" else 2))


def test_a_cancelled_job_is_told_though_nobody_moves_the_clock(box: Sandbox, receiver: Receiver) -> None:
    job = submit(box, callback_url=receiver.url)

    httpx.post(f"{box.url('ionworks')}/jobs/{job}/cancel", headers=KEY)

    expect_soon(lambda: receiver.jobs == [job])


def test_a_slow_receiver_in_one_sandbox_holds_up_no_other(server: MockServer, receiver: Receiver) -> None:
    gate = threading.Event()
    receiver.before = lambda: gate.wait(10) and None
    with server.sandbox(scenario=SMALL) as slow, server.sandbox(scenario=SMALL) as quick:
        job = submit(slow, callback_url=receiver.url)
        httpx.post(f"{slow.url('ionworks')}/jobs/{job}/cancel", headers=KEY)

        assert quick.clock.advance(5).now == 5
        gate.set()
        assert outcomes(slow) == [(0, "delivered")]


# Where callbacks may go


def refused(box: Sandbox, url: str) -> View:
    submit(box, callback_url=url)
    box.clock.advance(10)
    (only,) = box.callbacks.list()
    assert only.outcome == "refused"
    assert box.callbacks.pending() == []
    return only


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "169.254.169.254", "0.0.0.0"])
def test_other_machines_are_not_called(box: Sandbox, host: str) -> None:
    assert "not this machine" in refused(box, f"http://{host}/hook").error


@pytest.mark.parametrize(
    ("address", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("fe80::1%eth0", False),
        ("2001:db8::1", False),
    ],
)
def test_only_loopback_is_this_machine(address: str, is_here: bool) -> None:
    assert outbound.is_loopback(address) is is_here


def test_a_name_is_not_trusted_but_looked_up(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return {"mixed.test": ["127.0.0.1", "192.0.2.7"]}.get(host, ["192.0.2.7"])

    monkeypatch.setattr(outbound, "resolve", resolve)

    assert "far.test is 192.0.2.7" in refused(box, "http://far.test/hook").error
    box.reset()
    assert "mixed.test is 192.0.2.7" in refused(box, "http://mixed.test/hook").error


def test_what_was_looked_up_is_what_is_called(
    box: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.7"]  # a name that changes its mind

    monkeypatch.setattr(outbound, "resolve", resolve)
    submit(box, callback_url=receiver.url.replace("127.0.0.1", "near.test"))
    box.clock.advance(10)

    assert (asked, outcomes(box)) == (["near.test"], [(10, "delivered")])
    assert receiver.heard[0][1]["host"].startswith("near.test:")


async def both(host: str, port: int) -> list[str]:
    """A resolver for whom every name has an address that nobody listens at first."""
    return ["::1", "127.0.0.1"]


def test_every_address_of_a_name_is_tried(box: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "resolve", both)
    job = submit(box, callback_url=receiver.url.replace("127.0.0.1", "localhost"))

    box.clock.advance(10)

    assert (receiver.jobs, outcomes(box)) == ([job], [(10, "delivered")])


def test_where_no_address_answers_each_is_named(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "resolve", both)
    submit(box, callback_url="http://localhost:1/hook")

    box.clock.advance(10)

    (only,) = box.callbacks.list()
    assert "no connection to localhost: ::1 (" in only.error
    assert "127.0.0.1 (" in only.error


def test_an_address_that_never_answers_leaves_time_for_the_next(
    box: Sandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float | None] = []
    known = httpcore.AnyIOBackend.connect_tcp

    async def connect(
        self: httpcore.AnyIOBackend, host: str, port: int, timeout: float | None = None, *others: Any
    ) -> httpcore.AsyncNetworkStream:
        given.append(timeout)
        if host == "::1":
            raise httpcore.ConnectTimeout
        return await known(self, host, port, timeout, *others)

    monkeypatch.setattr(outbound, "resolve", both)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    submit(box, callback_url=receiver.url.replace("127.0.0.1", "localhost"))
    box.clock.advance(10)

    assert outcomes(box) == [(10, "delivered")]
    assert sum(timeout or 99 for timeout in given) < outbound.CALLBACK_SECONDS


# Clients of other machines


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever submits a job is on another machine."""
    monkeypatch.setattr("mockserver.http.contract.contract.is_remote", lambda scope: True)


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_of_another_machine_has_nobody_of_this_one_called(box: Sandbox, receiver: Receiver, host: str) -> None:
    told = refused(box, receiver.url.replace("127.0.0.1", host)).error

    assert (
        told == f"{host} is this machine, and the client that asks to have it called is not on it; "
        f"allow it with --allow-callbacks {host}"
    )
    assert receiver.heard == []


@pytest.mark.usefixtures("far")
def test_nor_does_a_snapshot_make_it_one_of_this_machine(box: Sandbox, receiver: Receiver) -> None:
    submit(box, callback_url=receiver.url)
    box.restore(box.snapshot())

    box.clock.advance(10)

    assert outcomes(box) == [(10, "refused")]


@pytest.mark.usefixtures("far")
def test_unless_that_was_allowed(receiver: Receiver) -> None:
    with (
        MockServer(pace="manual", apis=["ionworks"], callback_hosts=["127.0.0.1"]) as server,
        server.sandbox(scenario=SMALL) as box,
    ):
        submit(box, callback_url=receiver.url)
        box.clock.advance(10)

        assert outcomes(box) == [(10, "delivered")]


@pytest.mark.parametrize(
    ("client", "server", "expected"),
    [
        (("127.0.0.1", 5), ("127.0.0.1", 80), False),
        (("::ffff:127.0.0.1", 5), ("::", 80), False),
        (("10.0.0.3", 5), ("10.0.0.3", 80), False),
        (("10.0.0.4", 5), ("10.0.0.3", 80), True),
        (("10.0.0.4", 5), None, True),
        (("2001:db8::1", 5), ("2001:db8::2", 80), True),
        (("testclient", 5), ("testserver", 80), False),
        (None, None, False),
    ],
)
def test_who_is_on_another_machine(
    client: tuple[str, int] | None, server: tuple[str, int] | None, expected: bool
) -> None:
    assert is_remote({"client": client, "server": server}) is expected


# Credentials in the URL

SECRET = "s3cr%3At"


def test_credentials_in_the_url_are_sent_and_shown_nowhere(box: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [(500, None), (204, None)]
    url = receiver.url.replace("://", f"://me:{SECRET}@") + f"?token={SECRET}&page=1"
    job = submit(box, callback_url=url)

    box.clock.advance(10)
    seen = repr(
        [box.callbacks.list(), box.callbacks.pending(), box.jobs.get(job), box.exchanges.list(), box.exchanges.har()]
    )
    box.clock.advance(10)

    assert [fields["authorization"] for _, fields, _ in receiver.heard] == [
        "Basic " + b64encode(b"me:s3cr:t").decode()
    ] * 2
    assert receiver.heard[0][0] == f"/hook?token={SECRET}&page=1"
    assert "s3cr" not in seen
    assert "[redacted]@127.0.0.1" in seen
    assert "page=1" in seen


def test_a_refusal_does_not_show_them_either(box: Sandbox) -> None:
    answer = httpx.post(
        f"{box.url('ionworks')}/jobs",
        json={"job_type": "datafit", "params": {}, "callback_url": f"ftp://me:{SECRET}@h/"},
        headers=KEY,
    )

    assert answer.status_code == 422
    assert "s3cr" not in answer.headers["X-Mock-Violations"]
    assert "s3cr" not in repr(box.exchanges.list()[0].violations)


def test_a_redirect_elsewhere_does_not_take_them_along(box: Sandbox, receiver: Receiver) -> None:
    other = Receiver()
    receiver.answers = [(307, other.url)]
    submit(box, callback_url=receiver.url.replace("://", "://me:pw@"))

    box.clock.advance(10)
    other.close()

    assert "authorization" in receiver.heard[0][1]
    assert "authorization" not in other.heard[0][1]


def test_a_redirect_to_another_machine_is_not_followed(box: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [(307, "http://192.0.2.1/steal")]

    assert "192.0.2.1" in refused(box, receiver.url).error


def test_a_redirect_on_this_machine_is_followed(box: Sandbox, receiver: Receiver) -> None:
    receiver.answers = [(308, "/moved"), (204, None)]
    submit(box, callback_url=receiver.url)
    box.clock.advance(10)

    assert [path for path, _, _ in receiver.heard] == ["/hook", "/moved"]
    assert outcomes(box) == [(10, "delivered")]


@pytest.mark.parametrize("answer", [(307, "/hook"), (302, "/other"), (404, None)])
def test_endless_and_other_redirects_are_failures(
    box: Sandbox, receiver: Receiver, answer: tuple[int, str | None]
) -> None:
    receiver.answers = [answer]
    submit(box, callback_url=receiver.url)
    box.clock.advance(10)

    assert outcomes(box) == [(10, "failed")]


def test_a_host_can_be_allowed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        return ["192.0.2.9"]

    async def connect(self: object, host: str, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        tried.append(host)
        raise httpcore.ConnectError("nobody there")

    monkeypatch.setattr(outbound, "resolve", resolve)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    with (
        MockServer(pace="manual", apis=["ionworks"], callback_hosts=["far.test"]) as server,
        server.sandbox(scenario=SMALL) as box,
    ):
        submit(box, callback_url="http://far.test/hook")
        box.clock.advance(10)

        assert (tried, outcomes(box)) == (["192.0.2.9"], [(10, "failed")])


def test_a_callback_can_be_signed(server: MockServer, receiver: Receiver) -> None:
    secret = b"0123456789abcdef01234567"
    scenario = SMALL | {"credentials": {"webhook": {"secret": "whsec_" + b64encode(secret).decode()}}}
    with server.sandbox(scenario=scenario) as box:
        submit(box, callback_url=receiver.url)
        box.clock.advance(10)

    _, fields, body = receiver.heard[0]
    version, _, given = fields["webhook-signature"].partition(",")
    signed = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    assert (version, b64decode(given)) == ("v1", hmac.digest(secret, signed, "sha256"))


def test_pending_callbacks_are_bounded(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "CALLBACKS_PENDING", 2)
    box.rules.add(match={"api": "ionworks"}, job={"run_seconds": 1})
    for _ in range(4):
        submit(box, callback_url="http://127.0.0.1:1/hook")

    box.clock.advance(4)

    assert [one.outcome for one in box.callbacks].count("dropped") == 2
    assert len(box.callbacks.pending()) == 2


def test_a_server_stops_while_a_name_is_still_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, told, known = threading.Event(), threading.Event(), socket.getaddrinfo

    def slowly(host: str, *others: object, **more: object) -> object:
        if host != "slow.test":
            return known(host, *others, **more)  # type: ignore[arg-type]
        asked.set()
        told.wait(60)
        raise OSError("nobody knows")

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    before = set(threading.enumerate())
    with serving(apis=["ionworks"], pace="x1000") as url:
        httpx.post(f"{url}/jobs", json={"job_type": "dummy", "params": {}, "callback_url": "http://slow.test/hook"})
        assert asked.wait(20)
    running = {thread.name for thread in set(threading.enumerate()) - before}
    told.set()

    assert running == {"resolve slow.test"}


def test_a_number_of_any_size_is_told_to_the_receiver(box: Sandbox, receiver: Receiver) -> None:
    submit(box, callback_url=receiver.url, metadata={"large": 10**40})

    box.clock.advance(10)

    (only,) = box.callbacks.list()
    assert only.outcome == "delivered"
