"""Web pages of another origin: who may call the vendors' APIs, what they may read, and that the control API takes no
part in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest

import specs
from mockserver.http.app import create_app
from mockserver.http.cors import Cors
from mockserver.http.pages.example_call import first_call
from tests.conftest import Bench
from tests.test_cli import mockserver

PAGE = {"Origin": "http://localhost:3000"}
FOREIGN = {"Origin": "https://evil.example"}
OPERATIONS = [(name, operation) for name in specs.names() for operation in specs.load(name).operations.values()]


def path_of(name: str, template: str) -> str:
    return specs.load(name).base_path + "".join(
        "x" if "{" in part else part for part in template.replace("}", "{").split("{")
    )


def asks(method: str, headers: str = "content-type,authorization") -> dict[str, str]:
    return {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}


def allows(answer: httpx.Response) -> bool:
    return any(name.startswith("access-control-") for name in answer.headers)


@pytest.mark.parametrize("name", specs.names())
@pytest.mark.parametrize("prefix", ["", "/sandbox/mine"], ids=["default", "sandbox"])
def test_a_page_of_this_machine_may_read_every_answer(lenient_url: str, prefix: str, name: str) -> None:
    call = first_call(specs.load(name))

    answer = httpx.request(
        call.method, lenient_url + prefix + call.path, headers=dict(call.headers) | PAGE, json=call.body
    )

    assert answer.is_success
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["vary"] == "Origin"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Retry-After", "X-Mock-Violations", "X-Mock-Steered", "Location", "x-correlation-id"} <= set(exposed)


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=lambda value: getattr(value, "id", value))
def test_a_preflight_allows_the_methods_of_the_path_and_the_header_fields_it_asks_for(
    bench: Bench, name: str, operation: specs.Operation
) -> None:
    answer = bench.request(
        "OPTIONS", path_of(name, operation.path), headers=PAGE | asks(operation.method, "x-api-key,ra-user")
    )

    assert (answer.status_code, answer.content) == (204, b"")
    assert operation.method in answer.headers["access-control-allow-methods"].split(", ")
    assert answer.headers["access-control-allow-methods"] == answer.headers["allow"]
    assert answer.headers["access-control-allow-headers"] == "x-api-key,ra-user"
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert "Origin" in answer.headers.get_list("vary")


def test_a_preflight_does_not_allow_a_method_that_the_path_does_not_have(bench: Bench) -> None:
    answer = bench.request("OPTIONS", "/jobs", headers=PAGE | asks("DELETE"))

    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"


def test_a_preflight_of_an_unknown_path_lets_the_page_read_its_404(bench: Bench) -> None:
    answer = bench.request("OPTIONS", "/v1/nothing", headers=PAGE | asks("PUT"))

    assert (answer.status_code, answer.headers["access-control-allow-methods"]) == (204, "PUT")
    assert bench.put("/v1/nothing", headers=PAGE).headers["access-control-allow-origin"] == PAGE["Origin"]


BROKEN: dict[str, tuple[int, Callable[[Bench], httpx.Response]]] = {
    "unknown path": (404, lambda bench: bench.get("/v1/nothing", headers=PAGE)),
    "unknown job": (404, lambda bench: bench.get("/v1/jobs/3fa85f64-5717-4562-b3fc-2c963f66afa6", headers=PAGE)),
    "wrong method": (405, lambda bench: bench.delete("/jobs", headers=PAGE)),
    "too large": (
        413,
        lambda bench: bench.post(
            "/jobs", headers=PAGE | {"Content-Type": "application/json"}, content=b" " * (8 * 1024 * 1024 + 1)
        ),
    ),
    "media type": (415, lambda bench: bench.post("/jobs", headers=PAGE, content="x")),
    "broken body": (422, lambda bench: bench.post("/jobs", headers=PAGE, json={"job_type": 7})),
    "no credentials": (401, lambda bench: bench.get("/v1/customer/jobs/x", headers=PAGE)),
    "two content types": (
        400,
        lambda bench: bench.post(
            "/api/jobs",
            headers=[*PAGE.items(), ("Content-Type", "application/json"), ("Content-Type", "text/plain")],
            content="{}",
        ),
    ),
    "no sandbox name": (422, lambda bench: bench.get("/jobs", headers=PAGE | {"X-Mock-Sandbox": "bad name!"})),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_error_can_be_read_too(bench: Bench, kind: str) -> None:
    status, call = BROKEN[kind]

    answer = call(bench)

    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]


FAULTS = [
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 429},
    {"kind": "malformed"},
    {"kind": "slow", "seconds": 0.02},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}")
def test_a_fault_can_be_read_too(bench: Bench, fault: dict[str, Any]) -> None:
    made = bench.post("/_mock/faults", json=fault)
    assert made.status_code == 201, made.text

    answer = bench.get("/jobs", headers=PAGE)

    assert "X-Mock-Steered" in answer.headers
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]


def test_the_mock_s_own_failure_can_be_read_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mockserver.simulation.world.World.jobs", None)

    answer = bench.get("/jobs", headers=PAGE)

    assert answer.status_code == 500
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "https://localhost",
        "http://127.0.0.1:1",
        "http://[::1]:8080",
        "http://app.localhost:5173",
        "HTTP://LOCALHOST:3000",
    ],
)
def test_a_loopback_origin_is_of_this_machine(origin: str) -> None:
    assert Cors().admits(origin.encode())


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "http://evil.example/localhost",
        "http://evil.example@localhost",
        "http://localhost@evil.example",
        "http://localhost:x",
        "http://[::1",
        "file://localhost",
        "http://0.0.0.0",
        "http://192.168.1.7",
        "http://localhost, https://evil.example",
    ],
)
def test_any_other_origin_is_not(bench: Bench, origin: str) -> None:
    for answer in (
        bench.get("/jobs", headers={"Origin": origin}),
        bench.request("OPTIONS", "/jobs", headers={"Origin": origin} | asks("POST")),
    ):
        assert not allows(answer)
        assert answer.is_success


CONTROL = [
    "/_mock/health",
    "/_mock/clock",
    "/_mock/jobs",
    "/_mock/spec/xio.json",
    "/_mock/ui/control/",
    "/_mock/pages/style.css",
    "/",
    "/%5Fmock/health",
]


@pytest.mark.parametrize("path", CONTROL)
@pytest.mark.parametrize("prefix", ["", "/sandbox/mine"], ids=["default", "sandbox"])
def test_the_control_api_and_our_pages_are_closed_to_pages_of_other_origins(
    bench_of: Callable[..., Bench], prefix: str, path: str
) -> None:
    bench = bench_of(cors="*")
    del bench.http.headers["X-Mock-Sandbox"]  # the prefix names one

    assert not allows(bench.get(prefix + path, headers=PAGE))
    if path != "/":
        assert not allows(bench.request("OPTIONS", prefix + path, headers=PAGE | asks("POST")))


def test_files_of_jobs_can_be_read_and_written_by_a_page(bench: Bench) -> None:
    answer = bench.request("OPTIONS", "/_mock/files/bytenite/x", headers=PAGE | asks("PUT"))

    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, PUT"
    assert allows(bench.get("/_mock/files/bytenite/x", headers=PAGE))


def test_without_an_origin_nothing_is_added_and_a_plain_options_keeps_its_answer(bench: Bench) -> None:
    plain = bench.request("OPTIONS", "/jobs")

    assert (plain.status_code, plain.headers["allow"], "vary" in plain.headers) == (
        204,
        "GET, HEAD, OPTIONS, POST",
        False,
    )
    assert not allows(plain)
    assert not allows(bench.get("/jobs"))
    asked = bench.request("OPTIONS", "/jobs", headers=PAGE)
    assert (asked.status_code, asked.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert "access-control-allow-methods" not in asked.headers


def test_off_allows_nobody(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(cors="off")

    assert not allows(bench.get("/jobs", headers=PAGE))
    preflight = bench.request("OPTIONS", "/jobs", headers=PAGE | asks("POST"))
    assert (preflight.status_code, "vary" in preflight.headers, allows(preflight)) == (204, False, False)


def test_a_star_allows_every_origin_but_not_with_its_cookies(bench_of: Callable[..., Bench]) -> None:
    answer = bench_of(cors="*").get("/jobs", headers=FOREIGN)

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_a_named_origin_is_allowed_and_no_other(bench_of: Callable[..., Bench]) -> None:
    bench = bench_of(cors=["https://My.App:443/", "capacitor://localhost"])

    for origin in ("https://my.app", "capacitor://localhost"):
        assert bench.get("/jobs", headers={"Origin": origin}).headers["access-control-allow-origin"] == origin
    for origin in ("http://my.app", "https://my.app:8443", "https://sub.my.app", PAGE["Origin"]):
        assert not allows(bench.get("/jobs", headers={"Origin": origin}))


def test_a_page_that_is_allowed_may_change_what_is_here_and_no_other_may(bench_of: Callable[..., Bench]) -> None:
    bench, closed = bench_of(cors=["https://my.app"]), bench_of(cors="off")

    for box, origin, status in (
        (bench, "https://my.app", 202),
        (bench, FOREIGN["Origin"], 403),
        (closed, PAGE["Origin"], 403),
    ):
        assert (
            box.post("/jobs", headers={"Origin": origin}, json={"job_type": "dummy", "params": {}}).status_code
            == status
        )


def test_a_page_of_the_internet_may_reach_this_machine_where_it_is_allowed(bench_of: Callable[..., Bench]) -> None:
    headers = {"Origin": "https://my.app", "Access-Control-Request-Private-Network": "true"} | asks("POST")

    answer = bench_of(cors="https://my.app").request("OPTIONS", "/jobs", headers=headers)

    assert answer.headers["access-control-allow-private-network"] == "true"


def test_it_holds_without_a_socket_too() -> None:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(cast(Any, create_app())), base_url="http://mock"
        ) as client:
            return await client.get("/jobs", headers=PAGE)

    assert asyncio.run(ask()).headers["access-control-allow-origin"] == PAGE["Origin"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            ["my.app"],
            "'my.app' is no origin; expected loopback, *, off or an origin such as https://my.app:8443, without a path",
        ),
        (["https://my.app/path"], "'https://my.app/path' is no origin"),
        (["https://my.app:port"], "'https://my.app:port' is no origin"),
        (["off", "https://my.app"], "off allows no origin; expected it alone, not with https://my.app"),
    ],
)
def test_what_is_no_origin_is_refused_in_one_sentence(values: list[str], told: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        create_app(cors=values)
    ended = mockserver("serve", *(word for value in values for word in ("--cors", value)))

    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
