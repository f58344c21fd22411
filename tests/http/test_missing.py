"""Paths that nobody serves show a way on: to programs in the nearest API's words, to people as a page."""

from __future__ import annotations

import json
import re
from urllib.parse import urljoin

import httpx
import pytest

from mockserver.http.asgi.near_paths import LONGEST
from tests.conftest import Bench

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}
JAVA = {"Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}

MEANT = [
    ("/job", "/jobs"),
    ("/v1/jobs/", "/v1/jobs"),
    ("/v1/customer/job", "/v1/customer/jobs"),
    ("/customer/jobs", "/v1/customer/jobs"),
    ("/api/v1/jobs", "/v1/jobs"),
    ("/v1/job-run", "/v1/job-runs"),
    ("/jobs/3/cancle", "/jobs/3/cancel"),
    ("/api/jobs/app-1/stops", "/api/jobs/app-1/stop"),
    ("/_mock/clocks", "/_mock/clock"),
    ("/clock/advance", "/_mock/clock/advance"),
    ("/v1/_mock/faults", "/_mock/faults"),
]


def reason(answer: httpx.Response) -> str:
    return str(json.loads(answer.headers["X-Mock-Violations"])[0]["got"])


@pytest.mark.parametrize(("path", "meant"), MEANT)
def test_a_path_that_is_nearly_right_is_told_what_was_meant(bench: Bench, path: str, meant: str) -> None:
    answer = bench.get(path)

    assert answer.status_code == 404
    assert re.search(rf"did you mean .*{re.escape(meant)}\b", reason(answer))


@pytest.mark.parametrize(
    "path", ["/nothing", "/docs", "/openapi.json", "/_mock/", "/_mock", "/x/y/z", "/%00", "/" + "a" * 5000]
)
def test_a_path_that_is_like_nothing_is_told_where_to_look(bench: Bench, path: str) -> None:
    answer = bench.get(path)

    assert answer.status_code == 404
    assert "GET / shows what is served" in reason(answer) or len(path) > LONGEST
    assert len(answer.content) < 2000


@pytest.mark.parametrize("path", [path for path, _ in MEANT] + ["/nothing", "/_mock/"])
@pytest.mark.parametrize("prefix", ["", "/sandbox/mine"], ids=["default", "sandbox"])
def test_a_browser_gets_a_page_whose_links_lead_somewhere(lenient_url: str, prefix: str, path: str) -> None:
    here = lenient_url + prefix + path
    page = httpx.get(here, headers=BROWSER)
    links = re.findall(r'href="([^"]*)"', page.text)

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert links
    for link in links:
        there = urljoin(here, link)
        assert there.startswith(f"{lenient_url}{prefix}/")
        assert "no operation" not in httpx.get(there).text


@pytest.mark.parametrize(
    "headers",
    [JAVA, {"Accept": "*/*"}, {"Accept": "application/json"}, {"Accept": "text/html"}],
    ids=lambda one: one["Accept"][:12],
)
def test_a_program_gets_the_vendor_s_error(bench: Bench, headers: dict[str, str]) -> None:
    answer = bench.get("/jobs/x/y/z", headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


def test_a_page_shows_no_markup_of_the_path(bench: Bench) -> None:
    page = bench.get("/<script>alert(1)</script>", headers=BROWSER)

    assert "<script>" not in page.text


def test_the_journal_keeps_what_the_browser_got(bench: Bench) -> None:
    bench.get("/nothing", headers=BROWSER)
    bench.get("/favicon.ico")

    [one] = bench.get("/_mock/exchanges").json()["exchanges"]
    assert (one["status"], one["refused"]) == (404, "unrouted")
