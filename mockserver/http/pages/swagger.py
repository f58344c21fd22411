"""A Swagger UI over one document: the page, the document as it is served here, and the files of the installed Swagger
UI.
"""

from __future__ import annotations

import json
import mimetypes
from functools import lru_cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from mockserver.http.pages.page import Page, framed
from specs import CONTROL, Spec


def document(spec: Spec) -> Page:
    """The document with this mock as its server, relative to where the document is: sandbox and proxy prefixes stay."""
    here = {**spec.document, "servers": [{"url": f"../..{spec.base_path or '/'}", "description": "this mock"}]}
    if spec.name == CONTROL:  # asked for only by a server that others can reach; the page lets it be filled in
        schemes = {
            "token": {"type": "http", "scheme": "bearer", "description": "The control token, where there is one"}
        }
        here |= {"components": {**here["components"], "securitySchemes": schemes}, "security": [{"token": []}, {}]}
    return Page(orjson.dumps(here), "application/json")


def swagger(spec: Spec, sandbox: str | None, *, strict: bool) -> Page:
    """The page of one API's Swagger UI."""
    where = f"<span>sandbox <b>{escape(sandbox)}</b></span>" if sandbox else ""
    facts = {"document": f"../../spec/{spec.name}.json", "credentials": json.dumps({} if strict else credentials(spec))}
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in facts.items())
    bar = f'<nav class="bar"><a href="../../../">Understudy</a><span>{escape(spec.title)}</span>{where}</nav>'
    head = (
        '<link rel="stylesheet" href="swagger-ui.css"><script src="swagger-ui-bundle.js" defer></script>'
        '<script src="../../pages/swagger.js" defer></script>'
    )
    page = framed(spec.title, f'{bar}<div id="ui" {data}></div>', root="../../../", extra_head=head)
    return Page(page.body.replace(b"<body>", b'<body class="swagger">', 1))


def credentials(spec: Spec) -> dict[str, str]:
    """A value for each scheme of the first way to authenticate that the document asks for everywhere; a lenient mock
    takes any.
    """
    ways: list[dict[str, Any]] = spec.document.get("security") or []
    return dict.fromkeys(next(iter(ways), {}), "any-token")


def swagger_file(name: str) -> Page | None:
    """A file of the installed Swagger UI, if it has one of that name."""
    file = _files().get(name)
    return (
        None if file is None else Page(file.read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream")
    )


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    """The files by name; flask_swagger_ui is found but not imported, since importing it imports Flask."""
    found = find_spec("flask_swagger_ui")
    assert found is not None
    assert found.origin is not None
    return {file.name: file for file in (Path(found.origin).parent / "dist").iterdir() if file.is_file()}
