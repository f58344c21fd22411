"""Pages for people."""

from __future__ import annotations

import shlex

import httpx
import pytest

import specs
from mockserver.http.first_call import first_call
from tests.conftest import Bench


def test_the_landing_page_names_every_api_and_links_its_swagger_ui(bench: Bench) -> None:
    page = bench.get("/")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for name in specs.names():
        assert specs.load(name).title in page.text
        assert f'href="/_mock/ui/{name}/"' in page.text


@pytest.mark.parametrize("name", specs.names())
def test_the_curl_line_works(bench: Bench, name: str) -> None:
    words = shlex.split(first_call(specs.load(name)).curl(bench.url))
    headers = dict(words[index + 1].split(": ", 1) for index, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1]

    answer = bench.request(words[2], words[3], headers=headers, content=body.encode())

    assert answer.is_success, answer.text


@pytest.mark.parametrize("name", specs.names())
def test_a_swagger_ui_shows_the_original_document_served_from_here(bench: Bench, name: str) -> None:
    page = bench.get(f"/_mock/ui/{name}/")
    document = bench.get(f"/_mock/spec/{name}.json").json()

    assert f"/_mock/spec/{name}.json" in page.text
    assert bench.get(f"/_mock/ui/{name}/swagger-ui-bundle.js").status_code == 200
    assert document["openapi"].startswith("3.1")
    assert document["servers"][0]["url"] == bench.url + specs.load(name).base_path
    assert document["paths"].keys() == specs.load(name).document["paths"].keys()


def test_the_swagger_ui_is_found_without_its_slash_and_gives_away_nothing_else(bench: Bench) -> None:
    moved = bench.get("/_mock/ui/xio")

    assert (moved.status_code, moved.headers["location"]) == (307, "/_mock/ui/xio/")
    for path in ("/_mock/ui/nobody/", "/_mock/ui/xio/none.js", "/_mock/ui/xio/%2e%2e/__init__.py", "/_mock/spec/nobody.json"):
        assert bench.get(path).status_code == 404


def test_a_page_has_a_head_and_takes_no_post(bench: Bench) -> None:
    assert bench.request("HEAD", "/").status_code == 200
    assert bench.post("/").status_code == 404


def test_a_path_nobody_knows_is_refused_in_our_own_words(bench: Bench) -> None:
    answer = bench.get("/nothing/of/the/kind")

    assert (answer.status_code, answer.json()["error"]["kind"]) == (404, "unrouted")


def test_under_a_sandbox_prefix_the_addresses_keep_it(lenient_url: str) -> None:
    document = httpx.get(f"{lenient_url}/sandbox/mine/_mock/spec/xio.json").json()

    assert document["servers"][0]["url"] == f"{lenient_url}/sandbox/mine/v1"
