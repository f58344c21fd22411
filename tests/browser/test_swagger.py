"""Every Swagger UI in a real browser: it shows the document, and what it sends goes to the sandbox it was opened in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

import specs
from mockserver.http.guard import Guard
from mockserver.http.server import serving
from tests.browser.conftest import Watched

pytestmark = pytest.mark.xdist_group("browser")
ALL = (*specs.names(), specs.CONTROL)
PREFIX = "/tools/mock"


@pytest.fixture(scope="module")
def proxied_url(mock_url: str) -> Iterator[str]:
    """The mock behind a proxy that serves it below a path."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            if not self.path.startswith(PREFIX + "/"):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = httpx.request(
                self.command, mock_url + self.path.removeprefix(PREFIX), headers=dict(self.headers), content=body
            )
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in ("content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _pass_on

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}{PREFIX}"
    server.shutdown()
    server.server_close()


def execute(watched: Watched, operation: str) -> tuple[str, str]:
    """Open an operation, press Execute, and wait for the answer: the address that was asked and the status."""
    block = watched.page.locator(f'[id$="-{operation}"]')
    block.wait_for()
    if not block.locator("button.execute").count():
        block.locator(".opblock-summary-control").click()
    with watched.page.expect_response(lambda answer: answer.request.resource_type == "fetch") as sent:
        block.locator("button.execute").click()
    block.locator(".live-responses-table .response-col_status").first.wait_for()
    return sent.value.url, str(sent.value.status)


@pytest.mark.parametrize("name", ALL)
def test_a_swagger_ui_shows_every_operation_and_asks_no_other_host(
    mock_url: str, open_page: Callable[..., Watched], name: str
) -> None:
    watched = open_page(f"{mock_url}/_mock/ui/{name}/")

    watched.page.locator(".opblock").first.wait_for()

    assert watched.page.locator(".opblock").count() == len(specs.load(name).operations)
    assert watched.errors == []
    assert watched.stayed_with(mock_url + "/")


@pytest.mark.parametrize("name", specs.names())
@pytest.mark.parametrize("prefix", ["", "/sandbox/mine"], ids=["default", "sandbox"])
def test_the_first_example_can_be_submitted_twice_and_lands_in_the_page_s_own_sandbox(
    mock_url: str, open_page: Callable[..., Watched], name: str, prefix: str
) -> None:
    httpx.post(f"{mock_url}{prefix}/_mock/reset").raise_for_status()
    watched = open_page(f"{mock_url}{prefix}/_mock/ui/{name}/")
    lifecycle = specs.load(name).lifecycle
    assert lifecycle is not None

    for _ in range(2):
        url, status = execute(watched, lifecycle.roles["submit"].operation)
        assert status in ("200", "201", "202"), url
        assert url.startswith(f"{mock_url}{prefix}{specs.load(name).base_path}/")

    jobs = httpx.get(f"{mock_url}{prefix}/_mock/jobs").json()["jobs"]
    assert [job["api"] for job in jobs] == [name, name]
    assert watched.errors == []


def test_a_reset_from_a_sandbox_s_page_resets_that_sandbox(mock_url: str, open_page: Callable[..., Watched]) -> None:
    for sandbox in ("default", "mine"):
        httpx.post(f"{mock_url}/sandbox/{sandbox}/jobs", json={"job_type": "dummy", "params": {}}).raise_for_status()
    watched = open_page(f"{mock_url}/sandbox/mine/_mock/ui/control")

    url, _ = execute(watched, "mock_reset")

    assert url == f"{mock_url}/sandbox/mine/_mock/reset"
    assert httpx.get(f"{mock_url}/sandbox/mine/_mock/jobs").json()["jobs"] == []
    assert httpx.get(f"{mock_url}/_mock/jobs").json()["jobs"] != []


def test_the_control_page_can_be_given_the_token(open_page: Callable[..., Watched]) -> None:
    with serving(pace="manual", guard=Guard("open-sesame")) as url:
        watched = open_page(f"{url}/_mock/ui/control/")
        assert execute(watched, "mock_reset")[1] == "401"

        watched.page.locator("button.authorize").first.click()
        watched.page.locator(".auth-container input").fill("open-sesame")
        watched.page.locator(".auth-btn-wrapper button.authorize").click()
        watched.page.locator(".auth-btn-wrapper button.btn-done").click()
        assert execute(watched, "mock_reset")[1] == "200"


@pytest.mark.parametrize("prefix", ["", "/sandbox/behind"], ids=["default", "sandbox"])
def test_behind_a_proxy_pages_and_what_they_send_stay_below_its_path(
    proxied_url: str, open_page: Callable[..., Watched], prefix: str
) -> None:
    watched = open_page(f"{proxied_url}{prefix}/")
    assert watched.page.locator("code.address").first.inner_text().startswith(f"{proxied_url}{prefix}/")

    watched.page.locator('a[href$="ui/ionworks/"]').click()
    url, status = execute(watched, "submit_job_jobs_post")

    assert (url, status) == (f"{proxied_url}{prefix}/jobs", "202")
    assert watched.errors == []
    assert watched.stayed_with(proxied_url + "/")
