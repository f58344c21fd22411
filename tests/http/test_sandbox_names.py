"""What a request names as its sandbox is taken as it was sent: what is no name is refused, in the words of the API that
was asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from mockserver.http.server import serving
from tests.http.wire import Wire

LISTS = {
    "openyuanrong": "/api/jobs/",
    "runai": "/api/job",
    "xio": "/v1/jobs",
    "ionworks": "/jobs",
    "bytenite": "/v1/customer/jobs",
    "control": "/_mock/clock",
    "page": "/",
    "document": "/_mock/spec/xio.json",
    "nothing": "/nothing",
}
NO_NAMES = {
    "a slash": "/sandbox/a%2Fb",
    "a small slash": "/sandbox/a%2fb",
    "a slash at its end": "/sandbox/a%2F",
    "nothing": "/sandbox/",
    "a blank": "/sandbox/a%20b",
    "a dot first": "/sandbox/..%2F",
    "a line end": "/sandbox/a%0a",
    "too much": f"/sandbox/{'a' * 65}",
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(pace="manual") as url:
        yield url


def ask(url: str, path: str, *fields: str, method: str = "GET") -> tuple[int, bytes]:
    """The answer to a path that no client library has tidied up."""
    wire = Wire(urlsplit(url).port or 0)
    lines = [f"{method} {path} HTTP/1.1", "Host: mock", "Authorization: t", "Accept: application/json", *fields, "", ""]
    wire.say("\r\n".join(lines).encode())
    status, _, body = wire.answer()
    wire.close()
    return status, body


def sandboxes(url: str) -> set[str]:
    return {one["name"] for one in httpx.get(f"{url}/_mock/sandboxes").json()["sandboxes"]}


@pytest.mark.parametrize("kind", NO_NAMES)
@pytest.mark.parametrize("asked", LISTS)
def test_what_is_no_name_is_refused_in_a_path(url: str, asked: str, kind: str) -> None:
    before = sandboxes(url)

    status, body = ask(url, NO_NAMES[kind] + LISTS[asked])

    assert status in (400, 422)
    assert "is no sandbox name" in json.dumps(json.loads(body), ensure_ascii=False)
    assert sandboxes(url) == before


@pytest.mark.parametrize("asked", ["openyuanrong", "runai", "xio", "ionworks", "bytenite", "control"])
def test_an_empty_name_is_refused_in_a_header(url: str, asked: str) -> None:
    status, body = ask(url, LISTS[asked], "X-Mock-Sandbox:")

    assert status in (400, 422)
    assert b"is no sandbox name" in body


@pytest.mark.parametrize("asked", ["openyuanrong", "runai", "xio", "ionworks", "bytenite", "control"])
def test_two_names_are_refused(url: str, asked: str) -> None:
    status, body = ask(url, LISTS[asked], "X-Mock-Sandbox: one", "X-Mock-Sandbox: two")

    assert status in (400, 422)
    assert b"more than once" in body
    assert not sandboxes(url) & {"one", "two"}


def test_an_encoded_slash_does_not_end_the_prefix(url: str) -> None:
    assert ask(url, "/sandbox%2Fhidden/jobs")[0] == 404
    assert "hidden" not in sandboxes(url)


def test_a_name_may_be_encoded_and_so_may_the_prefix(url: str) -> None:
    assert ask(url, "/%73andbox/enc%6Fded/jobs")[0] == 200
    assert "encoded" in sandboxes(url)


def test_an_encoded_slash_behind_the_name_stays_one(url: str) -> None:
    assert ask(url, "/sandbox/mine/jobs/a%2Fb") == ask(url, "/jobs/a%2Fb")


@pytest.mark.parametrize(("how", "fields"), [("/sandbox/new", ()), ("", ("X-Mock-Sandbox: new",))])
def test_a_sandbox_that_is_asked_for_is_not_made_by_the_asking(url: str, how: str, fields: tuple[str, ...]) -> None:
    assert ask(url, f"{how}/_mock/sandboxes/new", *fields)[0] == 404
    wire = Wire(urlsplit(url).port or 0)
    lines = [
        f"POST {how}/_mock/sandboxes HTTP/1.1",
        "Host: mock",
        *fields,
        "Content-Type: application/json",
        "Content-Length: 14",
        "",
        '{"name":"new"}',
    ]
    wire.say("\r\n".join(lines).encode())

    assert wire.answer()[0] == 201
    wire.close()
    assert ask(url, f"{how}/_mock/sandboxes/new", *fields, method="DELETE")[0] == 204
