"""A page of another origin in a real browser: what it may fetch from the mock, and what not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import specs
from mockserver.http.pages.example_call import first_call
from mockserver.http.server import serving
from tests.browser.conftest import Watched

pytestmark = pytest.mark.xdist_group("browser")
FETCH = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return {status: answer.status, body: await answer.text(), violations: answer.headers.get("X-Mock-Violations")};
  } catch (error) { return {refused: String(error)}; }
}"""


@pytest.fixture(scope="module")
def app_url() -> Iterator[str]:
    """A web application of another origin: an empty page."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b'<!doctype html><link rel="icon" href="data:,"><title>an application</title>'
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def fetch(open_page: Callable[..., Watched], app_url: str) -> Callable[..., dict[str, Any]]:
    """A function that fetches as the application: status and body, or why the browser refused."""
    watched = open_page(app_url)

    def ask(url: str, **options: Any) -> dict[str, Any]:
        return dict(watched.page.evaluate(FETCH, [url, options]))

    return ask


@pytest.mark.parametrize("name", specs.names())
@pytest.mark.parametrize("prefix", ["", "/sandbox/pages"], ids=["default", "sandbox"])
def test_an_application_of_this_machine_submits_and_lists(
    mock_url: str, fetch: Callable[..., dict[str, Any]], prefix: str, name: str
) -> None:
    call = first_call(specs.load(name))
    headers = dict(call.headers) | {
        "Content-Type": "application/json",
        "Authorization": "Bearer any-token",
        "X-Request-Id": "7",
    }

    answer = fetch(
        mock_url + prefix + call.path, method="POST", headers=headers, body=json.dumps(call.body), credentials="include"
    )

    assert answer.get("status") in (200, 201, 202), answer


def test_an_application_reads_errors_with_their_reasons(mock_url: str, fetch: Callable[..., dict[str, Any]]) -> None:
    broken = fetch(
        f"{mock_url}/jobs", method="POST", headers={"Content-Type": "application/json"}, body='{"job_type": 7}'
    )
    unknown = fetch(f"{mock_url}/v1/nothing", method="PUT", headers={"Content-Type": "application/json"}, body="{}")

    assert broken["status"] == 422
    assert "/job_type" in broken["violations"]
    assert unknown["status"] == 404


def test_a_method_that_the_path_does_not_have_is_refused_by_the_browser(
    mock_url: str, fetch: Callable[..., dict[str, Any]]
) -> None:
    assert "Failed to fetch" in fetch(f"{mock_url}/jobs", method="DELETE")["refused"]


@pytest.mark.parametrize(
    "call",
    [("GET", "/_mock/jobs"), ("POST", "/_mock/reset"), ("GET", "/_mock/spec/xio.json"), ("GET", "/")],
    ids=" ".join,
)
def test_the_control_api_is_out_of_reach(
    mock_url: str, fetch: Callable[..., dict[str, Any]], call: tuple[str, str]
) -> None:
    method, path = call

    assert "Failed to fetch" in fetch(mock_url + path, method=method)["refused"]


@pytest.mark.parametrize("cors", ["off", "https://my.app"])
def test_where_it_is_not_allowed_the_browser_refuses(fetch: Callable[..., dict[str, Any]], cors: str) -> None:
    with serving(pace="manual", cors=cors) as url:
        assert "Failed to fetch" in fetch(f"{url}/jobs")["refused"]


def test_where_every_origin_or_this_one_is_allowed_it_reads(fetch: Callable[..., dict[str, Any]], app_url: str) -> None:
    for cors in ("*", app_url):
        with serving(pace="manual", cors=cors) as url:
            assert fetch(f"{url}/jobs", headers={"X-Api-Key": "mock-api-key"}).get("status") == 200


def test_a_page_of_the_internet_is_refused(mock_url: str, open_page: Callable[..., Watched], app_url: str) -> None:
    watched = open_page(app_url)
    watched.page.route(
        "http://evil.example/", lambda route: route.fulfill(body="<title>evil</title>", content_type="text/html")
    )
    watched.page.goto("http://evil.example/")

    assert "Failed to fetch" in watched.page.evaluate(FETCH, [f"{mock_url}/jobs", {}])["refused"]
    assert any("CORS policy" in error for error in watched.errors), watched.errors
