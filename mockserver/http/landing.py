"""Pages for people: what is served at `/`, each document as JSON, and a Swagger UI per API. Nothing here is loaded before somebody looks."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import orjson

from mockserver.adapters.exchange import Reply
from mockserver.http.first_call import first_call
from specs import Spec

UI, DOCUMENT = "/_mock/ui/", "/_mock/spec/"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "pre{background:#f4f4f4;padding:.8rem;overflow-x:auto}"
)


@dataclass(frozen=True, slots=True)
class Page:
    """A finished answer."""

    body: bytes
    media_type: str
    location: str | None = None

    @property
    def reply(self) -> Reply:
        """What the wire needs to know beside the bytes."""
        return Reply(307 if self.location else 200, media_type=self.media_type)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Header fields as bytes."""
        fields = [(b"content-type", self.media_type.encode("latin-1")), (b"content-length", b"%d" % len(self.body))]
        return [*fields, (b"location", self.location.encode("latin-1"))] if self.location else fields


class Pages:
    """The pages of one server: of its job APIs, and of its control API."""

    def __init__(self, apis: Sequence[Spec]) -> None:
        self._apis = {spec.name: spec for spec in apis}

    def find(self, path: str, scope: Mapping[str, Any]) -> Page | None:
        """The page at a path, if there is one."""
        if path == "/":
            return _html("Understudy", landing([spec for spec in self._apis.values() if spec.lifecycle is not None], origin(scope)))
        if path.startswith(DOCUMENT) and path.removeprefix(DOCUMENT).removesuffix(".json") in self._apis:
            spec = self._apis[path.removeprefix(DOCUMENT).removesuffix(".json")]
            here = {**spec.document, "servers": [{"url": origin(scope) + spec.base_path, "description": "this mock"}]}
            return Page(orjson.dumps(here), "application/json")
        if path.startswith(UI):
            name, slash, file = path.removeprefix(UI).partition("/")
            if name in self._apis:
                return self._swagger(self._apis[name], file) if slash else Page(b"", "text/plain", location=f"{UI}{name}/")
        return None

    def _swagger(self, spec: Spec, file: str) -> Page | None:
        from swagger_ui_bundle import swagger_ui_path

        if file in ("", "index.html"):
            setup = orjson.dumps({"url": f"{DOCUMENT}{spec.name}.json", "dom_id": "#ui", "deepLinking": True}).decode()
            links = '<link rel="stylesheet" href="swagger-ui.css"><div id="ui"></div><script src="swagger-ui-bundle.js"></script>'
            return _html(spec.title, f"{links}<script>SwaggerUIBundle({setup})</script>", style="")
        folder = Path(swagger_ui_path).resolve()
        wanted = (folder / file).resolve()
        if wanted.parent != folder or not wanted.is_file():
            return None
        return Page(wanted.read_bytes(), mimetypes.guess_type(file)[0] or "application/octet-stream")


def landing(apis: Sequence[Spec], base: str) -> str:
    """The body of the page at `/`: each API with its base URL, a first call and a link to its Swagger UI; and the control API's."""
    parts = ["<h1>Understudy</h1><p>A stand-in for batch-compute job APIs. Nothing here computes; jobs only pretend to.</p>"]
    parts.append(f'<p>Time, faults and whatever else a test wants: <a href="{UI}control/">the control API</a>.</p>')
    for spec in apis:
        ui = f'<a href="{UI}{spec.name}/">Swagger UI</a> · <a href="{DOCUMENT}{spec.name}.json">document</a>'
        parts.append(f"<h2>{escape(spec.title)} <small>{escape(spec.version)}</small></h2>")
        parts.append(f"<p><code>{escape(base + (spec.base_path or '/'))}</code> · {ui}</p>")
        parts.append(f"<pre>{escape(first_call(spec).curl(base))}</pre>")
    return "".join(parts)


def origin(scope: Mapping[str, Any]) -> str:
    """Scheme, host and sandbox prefix as the client sees them."""
    host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
    prefix = f"/sandbox/{scope['understudy.sandbox']}" if scope.get("understudy.sandbox") else ""
    return f"{scope.get('scheme', 'http')}://{host}{prefix}"


def _html(title: str, body: str, *, style: str = _STYLE) -> Page:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{style}</style>'
    return Page(f"{head}<body>{body}</body></html>".encode(), "text/html; charset=utf-8")
