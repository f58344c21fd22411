"""A finished page, and the frame that all our pages share: one stylesheet, one icon, no script or style from anywhere
else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from mockserver.adapters.exchange import Reply

HTML = "text/html; charset=utf-8"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing is loaded from another host, and no other site can put a page of ours into a frame and steal clicks."""


@dataclass(frozen=True, slots=True)
class Page:
    """A finished answer."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    fields: tuple[tuple[bytes, bytes], ...] = field(default=())

    @property
    def reply(self) -> Reply:
        """Status and header fields without the body."""
        return Reply(self.status, media_type=self.media_type)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Header fields as bytes."""
        media_type = self.media_type.encode("latin-1")
        fields = [(b"content-type", media_type), (b"content-length", b"%d" % len(self.body)), *self.fields]
        return [*fields, (b"content-security-policy", POLICY.encode())] if self.media_type == HTML else fields


def moved(relative: str) -> Page:
    """A redirect to a relative address, which keeps any prefix before our own paths."""
    return Page(b"", "text/plain", 307, ((b"location", relative.encode("latin-1")),))


def framed(title: str, body: str, *, root: str, status: int = 200, extra_head: str = "") -> Page:
    """A page in our frame; `root` leads from it to the server's (or sandbox's) root, such as `../../`."""
    head = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" type="image/svg+xml" href="{root}favicon.ico">'
        f'<link rel="stylesheet" href="{root}_mock/pages/style.css">{extra_head}'
    )
    return Page(f"{head}<body>{body}</body></html>".encode(), status=status)
