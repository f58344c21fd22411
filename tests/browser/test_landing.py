"""The landing page and the page of a path that nobody serves, as a person sees them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

import specs
from tests.browser.conftest import Watched

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize(
    "path", ["/", "/sandbox/mine/", "/v1/customer/job", "/_mock/ui/bytenite/", "/_mock/docs/serve.md"]
)
def test_a_page_fits_a_phone(mock_url: str, open_page: Callable[..., Watched], path: str) -> None:
    watched = open_page(mock_url + path, width=390)
    watched.page.wait_for_load_state("networkidle")

    assert watched.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert watched.stayed_with(mock_url + "/")


@pytest.mark.parametrize("prefix", ["", "/sandbox/mine"], ids=["default", "sandbox"])
def test_a_copied_line_works_in_a_shell(mock_url: str, open_page: Callable[..., Watched], prefix: str) -> None:
    watched = open_page(f"{mock_url}{prefix}/")
    buttons = watched.page.locator("button.copy")

    assert buttons.count() == len(specs.names())
    for number in range(buttons.count()):
        buttons.nth(number).click()
        line = watched.page.evaluate("navigator.clipboard.readText()")
        assert f"{mock_url}{prefix}/" in line
        told = subprocess.run(["bash", "-c", line + " -sSf"], capture_output=True, text=True, check=False)
        assert told.returncode == 0, (line, told.stderr)
    assert watched.errors == []


def test_from_a_path_that_nobody_serves_a_click_leads_on(mock_url: str, open_page: Callable[..., Watched]) -> None:
    watched = open_page(f"{mock_url}/sandbox/mine/v1/job-run")

    watched.page.get_by_text("/v1/job-runs").click()
    assert watched.page.url == f"{mock_url}/sandbox/mine/v1/job-runs"
    watched.page.go_back()
    watched.page.get_by_text("List of what is served").click()
    assert watched.page.url == f"{mock_url}/sandbox/mine/"
