"""The page at `/`: each API with its base URL, an example call and its Swagger UI; links to the control API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from mockserver.http.pages.example_call import first_call
from mockserver.http.pages.page import Page, framed
from mockserver.http.sandbox_name import SANDBOX
from specs import Spec

LOOKS = ("health", "clock", "jobs", "nodes", "exchanges", "events", "metrics")
"""What a plain GET under /_mock shows."""


def landing(apis: Sequence[Spec], scope: Mapping[str, Any]) -> Page:
    """The page for the job APIs of a server, or of one of its sandboxes."""
    base, sandbox = origin(scope), scope.get(SANDBOX)
    parts = ["<h1>Understudy</h1><p>A mock server for batch-job APIs. Jobs are simulated; nothing is executed.</p>"]
    if sandbox:
        parts.append(f"<p>This is the sandbox <b>{escape(sandbox)}</b>, a separate world.</p>")
    looks = "".join(f'<a href="_mock/{name}">{name}</a>' for name in LOOKS)
    parts.append(f'<nav><span>View</span>{looks}<a href="_mock/docs/">docs</a></nav>')
    control = '<a href="_mock/ui/control/">the control API</a>'
    parts.append(
        f'<p>Control time, faults and jobs with {control} (<a href="_mock/spec/control.json">document</a>).</p>'
    )
    parts += [_api(spec, base) for spec in apis]
    script = '<script src="_mock/pages/page.js" defer></script>'
    return framed("Understudy", f'<main data-base="{escape(base)}">{"".join(parts)}</main>', root="", extra_head=script)


def _api(spec: Spec, base: str) -> str:
    links = f'<a href="_mock/ui/{spec.name}/">Swagger UI</a> · <a href="_mock/spec/{spec.name}.json">document</a>'
    return (
        f"<h2>{escape(spec.title)} <small>{escape(spec.version)}</small></h2>"
        f'<p><code class="address">{escape(base + (spec.base_path or "/"))}</code> · {links}</p>'
        f'<div class="line"><code class="address">{escape(first_call(spec).curl(base))}</code>'
        '<button class="copy" hidden>Copy</button></div>'
    )


def origin(scope: Mapping[str, Any]) -> str:
    """Scheme, host and sandbox prefix as the client sees them."""
    host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
    prefix = f"/sandbox/{quote(scope[SANDBOX], safe='')}" if scope.get(SANDBOX) else ""
    return f"{scope.get('scheme', 'http')}://{host}{prefix}"
