"""Who may use the control API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

import specs
from mockserver.adapters.exchange import Refusal
from mockserver.client import ControlRefused, MockServer
from mockserver.http.guard import Guard, guard_for
from mockserver.http.server import serving
from specs.loopback import is_loopback
from tests.conftest import Bench
from tests.http.test_control_sandboxes import KEY

PATH = "/_mock/rules"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.3", False),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.3", False),
        ("mock.example", False),
    ],
)
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
    for name in (
        "localhost",
        "mock:4080",
        "mock.testing.svc:4080",
        "mock.project_default",
        "mock.lan",
        "mock.home.arpa",
        "m.svc.cluster.local",
        "10.1.2.3:80",
        "[::1]:4080",
        "app.localhost",
        host,
    ):
        assert bench.get(PATH, headers={"Host": name}).status_code == 200


@pytest.mark.parametrize(
    "name", ["mock.testing", "evil.example", "mock.testing.svc", "mock.project_default", "mock.lan", "mock.home.arpa"]
)
def test_under_any_name_the_token_is_enough(bench_of: Callable[..., Bench], name: str) -> None:
    bench = bench_of(guard=Guard("open-sesame"))

    assert bench.get(PATH, headers={"Host": name, "Authorization": "Bearer open-sesame"}).status_code == 200
    assert bench.get(PATH, headers={"Host": name}).status_code == 401


@pytest.mark.parametrize(
    "fields",
    [
        {"Host": "mock.testing"},
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_health_is_told_to_everybody(bench: Bench, fields: dict[str, str]) -> None:
    assert bench.get("/_mock/health", headers=fields).status_code == 200


def test_further_names_can_be_allowed_one_by_one_or_by_their_end(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(guard=Guard(hosts=["Mock.Testing", ".ci.example"]))

    told = {
        name: bench.get(PATH, headers={"Host": name}).status_code
        for name in ("mock.testing:4080", "a.ci.example", "ci.example", "other.testing")
    }

    assert told == {"mock.testing:4080": 200, "a.ci.example": 200, "ci.example": 403, "other.testing": 403}


# A server that others can reach


def test_a_server_of_python_that_others_can_reach_asks_for_a_token() -> None:
    with MockServer(host="0.0.0.0", pace="manual", apis=["ionworks"]) as server:
        reset = f"{server.url}/_mock/reset"

        assert httpx.post(reset).status_code == 401
        assert server.url.startswith("http://127.0.0.1:")  # what a client of this machine can use everywhere
        assert server.token is not None
        assert httpx.post(reset, headers={"Authorization": f"Bearer {server.token}"}).status_code < 300
        assert server.sandbox().clock.now == 0


def test_its_token_can_be_given() -> None:
    with MockServer(host="0.0.0.0", token="open-sesame", pace="manual", apis=["ionworks"]) as server:
        port = server.url.rpartition(":")[2]

        assert server.token == "open-sesame"
        with (
            MockServer.at(f"http://127.0.0.1:{port}") as stranger,
            pytest.raises(ControlRefused, match="needs the token"),
        ):
            stranger.sandbox()
        with MockServer.at(f"http://127.0.0.1:{port}", token="open-sesame") as same:
            assert same.sandbox().clock.now == 0


def test_a_server_in_a_thread_is_guarded_as_its_host_says() -> None:
    with serving(host="0.0.0.0", pace="manual", apis=["ionworks"]) as url:
        assert httpx.get(f"http://127.0.0.1:{url.rpartition(':')[2]}{PATH}").status_code == 401


def test_on_loopback_no_token_is_made_up() -> None:
    with MockServer(pace="manual", apis=["ionworks"]) as server:
        assert server.token is None


def asked(client: str, server: str) -> dict[str, Any]:
    return {"path": PATH, "method": "GET", "client": (client, 5), "server": (server, 80)}


def test_an_application_on_somebody_elses_socket_serves_this_machine_only() -> None:
    guard, fields = Guard(), {b"host": b"10.0.0.3"}

    guard.check_control(asked("127.0.0.1", "127.0.0.1"), fields)
    guard.check_control(asked("10.0.0.3", "10.0.0.3"), fields)
    guard.check_control(asked("::ffff:127.0.0.1", "::ffff:127.0.0.1"), fields)
    guard.check_control({"path": PATH, "method": "GET"}, fields)
    with pytest.raises(Refusal, match="its own machine only"):
        guard.check_control(asked("10.0.0.4", "10.0.0.3"), fields)


@pytest.mark.parametrize("token", ["", "  ", "two words", "tab\t", "schlüssel"])
def test_a_token_that_nobody_could_send_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="control token"):
        MockServer(host="0.0.0.0", token=token, apis=["ionworks"]).start()


# Other people's pages and the vendors' APIs

JOB = {"job_type": "datafit", "params": {}}
COMMANDS = [
    (name, operation.method.upper(), operation.path)
    for name in specs.names()
    for operation in specs.load(name).operations.values()
    if operation.method.upper() not in ("GET", "HEAD", "OPTIONS")
]


@pytest.mark.parametrize(("name", "method", "path"), COMMANDS)
def test_no_foreign_page_gives_a_command(bench: Bench, name: str, method: str, path: str) -> None:
    url = specs.load(name).base_path + path.replace("{", "").replace("}", "")

    rebound = bench.request(method, url, headers={"Host": "evil.example", "Origin": "http://evil.example"})
    crossing = bench.request(method, url, headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})

    assert {rebound.status_code, crossing.status_code} <= {401, 403}
    assert "evil.example" in rebound.headers["X-Mock-Violations"]
    assert bench.get(PATH.replace("rules", "exchanges")).json()["exchanges"][-1]["verdict"] == "kept"


@pytest.mark.parametrize(
    "fields",
    [
        {"Host": "evil.example", "Origin": "http://evil.example"},
        {"Host": "evil.example", "Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
    ],
)
def test_a_page_that_is_refused_has_changed_nothing(bench: Bench, fields: dict[str, str]) -> None:
    assert bench.post("/jobs", json=JOB, headers=KEY | fields).status_code == 403
    assert bench.get("/_mock/jobs").json()["total"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"Host": "api.vendor.example"},
        {"Host": "mock.testing"},
        {"Host": "mock", "Origin": "http://mock"},
        {"Host": "mock.project_default:4080", "Origin": "http://mock.project_default:4080"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1:5173"},
        {"Origin": "http://[::1]:5173"},
    ],
)
def test_programs_of_any_name_and_pages_of_this_machine_are_served(bench: Bench, fields: dict[str, str]) -> None:
    assert bench.post("/jobs", json=JOB, headers=KEY | fields).status_code == 202


def test_a_page_of_a_name_that_was_allowed_is_served(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(guard=Guard(hosts=["mock.company.example"]))

    own = {"Host": "mock.company.example", "Origin": "https://mock.company.example"}

    assert bench.post("/jobs", json=JOB, headers=KEY | own).status_code == 202
