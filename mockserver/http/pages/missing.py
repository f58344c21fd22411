"""The 404 page for browsers: the nearest path, and a link to everything that is served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from mockserver.http.pages.page import Page, framed


def is_browser(fields: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks: only browsers accept both HTML and XHTML (Java's client accepts HTML)."""
    accepted = fields.get(b"accept", b"")
    return b"text/html" in accepted and b"application/xhtml+xml" in accepted


def missing(path: str, near: Sequence[str]) -> Page:
    """The page of status 404 for a path below the server's (or sandbox's) root."""
    root = "../" * (path.count("/") - 1)
    links = " or ".join(f'<a href="{root}{escape(one[1:])}"><code>{escape(one)}</code></a>' for one in near)
    meant = f"<p>Did you mean {links}?</p>" if near else ""
    return framed(
        "Not found: Understudy",
        f"<main><h1>Nothing is served here</h1><p>this mock does not define the path "
        f"<code>{escape(path)}</code>.</p>{meant}"
        f'<p><a href="{root or "./"}">List of what is served</a></p></main>',
        root=root,
        status=404,
    )
