"""Pages for people: what is served at `/`, each document as JSON, and a Swagger UI per API.

All addresses in pages, documents and redirects are relative, so that a reader stays in the sandbox, and behind the
proxy, that was asked. Nothing here is read before somebody looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mockserver.http.pages.docs import docs
from mockserver.http.pages.landing import landing
from mockserver.http.pages.page import Page, moved
from mockserver.http.pages.swagger import document, swagger, swagger_file
from mockserver.http.sandbox_name import SANDBOX
from specs import Spec

UI, DOCUMENT, OWN_FILES, DOCS = "/_mock/ui/", "/_mock/spec/", "/_mock/pages/", "/_mock/docs/"
BARE = "understudy.bare"
"""Where a scope says that a sandbox's prefix came without a slash behind it."""

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FILES = {file.name: file for file in Path(__file__).parent.iterdir() if file.suffix in _TYPES}


class Pages:
    """The pages of one server: of its job APIs, and of its control API."""

    def __init__(self, apis: Sequence[Spec], *, strict: bool) -> None:
        self._apis, self._strict = {spec.name: spec for spec in apis}, strict

    def find(self, path: str, scope: Mapping[str, Any]) -> Page | None:
        """The page at a path, if there is one."""
        if path == "/":
            bare = scope.get(BARE)
            return moved(quote(scope[SANDBOX], safe="") + "/") if bare else landing(self._job_apis, scope)
        if path == "/favicon.ico":
            return _own_file("favicon.svg")
        if path.startswith(OWN_FILES):
            return _own_file(path.removeprefix(OWN_FILES))
        if path.startswith(DOCS):
            return docs(path.removeprefix(DOCS))
        if path.startswith(DOCUMENT):
            spec = self._apis.get(path.removeprefix(DOCUMENT).removesuffix(".json"))
            return None if spec is None else document(spec)
        return self._swagger(path.removeprefix(UI), scope) if path.startswith(UI) else None

    @property
    def _job_apis(self) -> list[Spec]:
        return [spec for spec in self._apis.values() if spec.lifecycle is not None]

    def _swagger(self, rest: str, scope: Mapping[str, Any]) -> Page | None:
        name, slash, file = rest.partition("/")
        spec = self._apis.get(name)
        if spec is None:
            return None
        if not slash:
            return moved(f"{name}/")
        if file in ("", "index.html"):
            return swagger(spec, scope.get(SANDBOX), strict=self._strict)
        return swagger_file(file)


def _own_file(name: str) -> Page | None:
    file = _FILES.get(name)
    return None if file is None else Page(file.read_bytes(), _TYPES[file.suffix])
