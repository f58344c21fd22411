"""Who may use the control API."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mockserver.http.guard import Guard, guard_for, is_loopback
from tests.conftest import Bench

PATH = "/_mock/rules"


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False), ("::", False), ("10.0.0.3", False), ("mock.example", False)])
def test_loopback_is_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_a_token_is_made_up_only_where_others_can_reach_the_server() -> None:
    assert guard_for("127.0.0.1").token is None
    assert guard_for("127.0.0.1", "given").token == "given"
    assert guard_for("0.0.0.0", "given").token == "given"
    made, other = guard_for("0.0.0.0").token, guard_for("0.0.0.0").token
    assert made is not None
    assert len(made) >= 32
    assert made != other


def test_with_a_token_only_its_holders_are_served(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(guard=Guard("open-sesame"))

    missing = bench.get(PATH)

    assert missing.status_code == 401
    assert bench.get(PATH, headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert bench.get(PATH, headers={"Authorization": "Bearer open-sesame"}).status_code == 200
    assert bench.get(PATH, headers={"X-Mock-Token": "open-sesame"}).status_code == 200
    assert bench.get("/_mock/health").status_code == 200
    assert bench.get("/jobs").status_code == 200
    assert "open-sesame" not in missing.text


def test_on_loopback_every_local_program_is_served(bench: Bench) -> None:
    assert bench.get(PATH).status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example"},
        {"Host": "evil.example:4080", "Origin": "http://evil.example:4080"},
    ],
)
def test_pages_of_other_origins_and_names_that_lead_here_are_refused(bench: Bench, fields: dict[str, str]) -> None:
    answer = bench.post(PATH, json={"answer": {"status": 500}}, headers=fields)

    assert answer.status_code == 403
    assert answer.json()["error"]["kind"] == "forbidden"
    assert bench.get(PATH).json() == {"rules": []}


def test_our_own_page_and_plain_names_are_served(bench: Bench) -> None:
    host = bench.url.removeprefix("http://")

    assert bench.get(PATH, headers={"Origin": bench.url, "Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert bench.get(PATH, headers={"Sec-Fetch-Site": "none"}).status_code == 200
    for name in ("localhost", "mock:4080", "10.1.2.3:80", "[::1]:4080", "app.localhost", host):
        assert bench.get(PATH, headers={"Host": name}).status_code == 200
