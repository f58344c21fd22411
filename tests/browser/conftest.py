"""A real browser, and pages in it that remember what went wrong and whom they asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from mockserver.http.server import serving
from tests.browser.chromium import MISSING, QUIET, executable


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium. Without one the tests are skipped, in CI (where CI is set) they fail."""
    path = executable()
    if path is None:
        (pytest.fail if os.environ.get("CI", "").lower() in ("1", "true") else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield running
        running.close()


@pytest.fixture(scope="package")
def mock_url() -> Iterator[str]:
    """A server of all APIs for the browser, in manual pace."""
    with serving(pace="manual") as url:
        yield url


class Watched:
    """A page of the browser: its console's errors, its errors, and every address it asked."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.asked: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def stayed_with(self, root: str) -> bool:
        """Whether nobody was asked but this host, below this path (a browser asks for /favicon.ico by itself)."""
        host = urlsplit(root).netloc
        return all(
            url.startswith(("data:", "blob:", root)) or url == f"http://{host}/favicon.ico" for url in self.asked
        )


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """A function that opens an address in a fresh profile; `width` as on a phone if you like."""
    contexts: list[Any] = []

    def go(url: str, *, width: int = 1280) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        watched = Watched(context.new_page())
        try:
            watched.page.goto(url)
        except Error as error:
            pytest.fail(f"{url}: {error.message}")
        return watched

    yield go
    for context in contexts:
        context.close()
