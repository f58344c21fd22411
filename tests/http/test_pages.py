"""Pages for people, as bytes; `tests/browser` looks at them in a browser."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

import specs
from mockserver.http.pages.example_call import first_call
from tests.conftest import Bench

ALL = (*specs.names(), specs.CONTROL)
PREFIXES = ("", "/sandbox/mine")
README = Path(__file__).parents[2] / "README.md"


def words(line: str) -> tuple[str, str, dict[str, str], str]:
    """Method, address, header fields and body of a curl line."""
    parts = shlex.split(line)
    headers = dict(parts[index + 1].split(": ", 1) for index, word in enumerate(parts) if word == "-H")
    return parts[2], parts[3], headers, parts[parts.index("-d") + 1]


def test_the_landing_page_names_every_api_and_links_its_swagger_ui(bench: Bench) -> None:
    page = bench.get("/")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for name in specs.names():
        assert specs.load(name).title in page.text
        assert f'href="_mock/ui/{name}/"' in page.text


@pytest.mark.parametrize("prefix", PREFIXES, ids=["default", "sandbox"])
@pytest.mark.parametrize("start", ["/", *(f"/_mock/ui/{name}/" for name in ALL)])
def test_every_link_of_a_page_is_relative_and_leads_somewhere(lenient_url: str, prefix: str, start: str) -> None:
    here = lenient_url + prefix + start
    links = re.findall(r'(?:href|src|data-document)="([^"]+)"', httpx.get(here).text)

    assert links
    for link in links:
        there = urljoin(here, link)
        assert not link.startswith(("/", "http")), link
        assert there.startswith(f"{lenient_url}{prefix}/"), link
        if not link.endswith("events"):  # never ends
            assert httpx.get(there).status_code == 200, there


@pytest.mark.parametrize("name", specs.names())
def test_the_curl_line_works_twice(bench: Bench, name: str) -> None:
    method, url, headers, body = words(first_call(specs.load(name)).curl(bench.url))

    for _ in range(2):
        answer = bench.request(method, url, headers=headers, content=body.encode())
        assert answer.is_success, answer.text


def test_the_curl_lines_are_those_of_the_readme() -> None:
    lines = re.findall(r"^curl -X POST .*(?:(?<=\\)\n.*)*", README.read_text(encoding="utf-8"), re.MULTILINE)

    ours = {words(first_call(specs.load(name)).curl("http://127.0.0.1:4080"))[1:4:2] for name in specs.names()}
    assert {words(line.replace("\\\n", ""))[1:4:2] for line in lines} == ours


@pytest.mark.parametrize("prefix", PREFIXES, ids=["default", "sandbox"])
@pytest.mark.parametrize("name", ALL)
def test_a_document_is_the_original_with_this_mock_as_its_server(lenient_url: str, prefix: str, name: str) -> None:
    here = f"{lenient_url}{prefix}/_mock/spec/{name}.json"
    document = httpx.get(here).json()

    assert document["openapi"].startswith("3.1")
    assert urljoin(here, document["servers"][0]["url"]).rstrip("/") == lenient_url + prefix + specs.load(name).base_path
    assert document["paths"].keys() == specs.load(name).document["paths"].keys()


@pytest.mark.parametrize("prefix", PREFIXES, ids=["default", "sandbox"])
def test_a_page_is_found_without_its_slash_where_it_was_asked(lenient_url: str, prefix: str) -> None:
    for bare in (f"{prefix}/_mock/ui/xio", *([prefix] if prefix else [])):
        moved = httpx.get(lenient_url + bare)

        assert moved.status_code == 307
        assert urljoin(lenient_url + bare, moved.headers["location"]) == f"{lenient_url}{bare}/"


ODD = (
    "none.js",
    "%2e%2e/__init__.py",
    "a" * 300,
    "a" * 5000,
    "a/" * 300,
    "%00",
    "..%5c..",
    "%f0%9f%92%a9",
    "%2e",
    "%2e%2e",
    "/",
    "swagger-ui.css/",
)


@pytest.mark.parametrize("file", ODD, ids=lambda file: file[:12])
@pytest.mark.parametrize(
    "place", ["/_mock/ui/xio/", "/_mock/ui/control/", "/_mock/ui/", "/_mock/spec/", "/_mock/pages/"]
)
@pytest.mark.parametrize("prefix", PREFIXES, ids=["default", "sandbox"])
def test_a_name_that_no_page_has_is_404_however_long_or_odd(
    lenient_url: str, prefix: str, place: str, file: str
) -> None:
    with httpx.Client() as client:
        request = client.build_request("GET", lenient_url)
        request.url = request.url.copy_with(raw_path=(prefix + place + file).encode())
        assert client.send(request).status_code == 404


def test_no_other_site_may_frame_a_page_and_nothing_comes_from_elsewhere(bench: Bench) -> None:
    for path in ("/", *(f"/_mock/ui/{name}/" for name in ALL)):
        policy = bench.get(path).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


def test_a_favicon_is_there(bench: Bench) -> None:
    icon = bench.get("/favicon.ico")

    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")


def test_a_strict_mock_s_page_fills_in_no_credentials(bench: Bench, strict_bench: Bench) -> None:
    assert "any-token" in bench.get("/_mock/ui/bytenite/").text
    assert "any-token" not in strict_bench.get("/_mock/ui/bytenite/").text


def test_a_page_has_a_head_and_takes_no_post(bench: Bench) -> None:
    assert bench.request("HEAD", "/").status_code == 200
    assert bench.post("/").status_code == 404


def test_a_path_nobody_knows_is_refused_in_our_own_words(bench: Bench) -> None:
    answer = bench.get("/nothing/of/the/kind")

    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "unrouted")


@pytest.mark.parametrize("page", ["", *sorted(path.name for path in README.parent.glob("docs/*.md"))])
def test_the_documentation_can_be_read_and_its_links_lead_somewhere(bench: Bench, page: str) -> None:
    here = f"{bench.url}/_mock/docs/{page}"
    shown = bench.get(here)

    assert (shown.status_code, "<h1" in shown.text) == (200, True)
    assert "<!--" not in shown.text
    for link in re.findall(r'href="([^"]+)"', shown.text):
        there, _, anchor = urljoin(here, link).partition("#")
        if there.startswith(f"{bench.url}/_mock/docs/"):
            other = bench.get(there)
            assert other.status_code == 200, link
            assert not anchor or f'id="{anchor}"' in other.text, link


def test_documentation_that_there_is_not_is_404(bench: Bench) -> None:
    for name in ("none.md", "../README.md", "%2e%2e/README.md", "a" * 5000):
        assert bench.get(f"/_mock/docs/{name}").status_code == 404
