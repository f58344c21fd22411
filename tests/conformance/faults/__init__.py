"""Deliberately broken mocks: each fault breaks exactly one promise, and names the requirement that must notice."""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import specs
from conformance.traffic.operations import Operations

App = Callable[..., Any]
Json = Any
Apply = Callable[[App], contextlib.AbstractContextManager[App]]
EVERY = "*"


@dataclass(frozen=True)
class Fault:
    """One broken promise. `apply` takes the application and yields a broken one; `api` is `*` where it fits every API.

    `requirement` is what must notice it; where a fault shows in several places, `also` names what may notice it too.
    """

    id: str
    api: str
    requirement: str
    describe: str
    apply: Apply
    also: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """The area of the requirement."""
        return self.requirement.split("-")[1]


@dataclass
class Asked:
    """A request on its way to the mock, and what the fault remembers of its world.

    Edits may change body, query and path.
    """

    operation: str
    role: str  # the role that the operation plays, or ""
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: Json  # None where there is none or it is not JSON
    values: dict[str, str]
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass
class Told:
    """An answer on its way back; edits change it in place."""

    status: int
    headers: dict[str, str]
    body: Json  # None where it is not JSON


Edit = Callable[[Asked], None]
Revision = Callable[[Asked, Told], None]


def answers(api: str, where: str | tuple[str, ...], revise: Revision) -> Apply:
    """Change answers of operations, named by id or by role (`submit`, `read`, `list`, `cancel`, `delete`, `start`, or
    `*`)."""
    return _tampering(api, where, revise=revise)


def requests(api: str, where: str | tuple[str, ...], edit: Edit) -> Apply:
    """Change requests before the mock sees them."""
    return _tampering(api, where, edit=edit)


def both(api: str, where: str | tuple[str, ...], edit: Edit, revise: Revision) -> Apply:
    """Change requests and their answers."""
    return _tampering(api, where, edit=edit, revise=revise)


PLACES: set[str] = set()
"""Every place of the mock that a fault replaces."""


def patched(place: str, make: Callable[[Any], Any]) -> Apply:
    """Replace an attribute of the mock by `make(original)` for as long as the fault lasts.

    `place` is `package.module:name` or `package.module:Class.name`.
    """
    PLACES.add(place)

    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        owner, name, original = found(place)
        setattr(owner, name, make(original))
        try:
            yield app
        finally:
            setattr(owner, name, original)

    return apply


def found(place: str) -> tuple[Any, str, Any]:
    """Who has the attribute that a place names, its name, and the attribute.

    Raises ImportError, AttributeError, KeyError.
    """
    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    return owner, name, owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)


def item_of(schema_pointer: str, body: Json) -> Json:
    """What stands at a pointer, or None."""
    for key in schema_pointer.split("/")[1:]:
        body = (
            body.get(key)
            if isinstance(body, dict)
            else body[int(key)]
            if isinstance(body, list) and int(key) < len(body)
            else None
        )
    return body


def every_job(api: str, change: Callable[[dict[str, Any], Asked], None]) -> Revision:
    """A revision that changes every job an answer shows, wherever the roles say that jobs are."""
    spec = specs.load(api)
    assert spec.lifecycle is not None

    def revise(asked: Asked, told: Told) -> None:
        if told.status >= 300:
            return
        for role in spec.lifecycle.roles.values():  # type: ignore[union-attr]
            if role.operation != asked.operation or role.status is None:
                continue
            single = item_of(role.status.rpartition("/")[0], told.body)
            shown = [single] if role.items is None else item_of(role.items, told.body) or []
            for job in shown:
                if isinstance(job, dict):
                    change(job, asked)

    return revise


def _tampering(
    api: str, where: str | tuple[str, ...], edit: Edit | None = None, revise: Revision | None = None
) -> Apply:
    @contextlib.contextmanager
    def apply(app: App) -> Iterator[App]:
        yield Tampered(app, api, (where,) if isinstance(where, str) else where, edit, revise)

    return apply


class Tampered:
    """An application around the mock that changes what goes in and out."""

    def __init__(self, app: App, api: str, where: tuple[str, ...], edit: Edit | None, revise: Revision | None) -> None:
        spec = specs.load(api)
        self._app, self._directory, self._edit, self._revise = app, Operations(spec), edit, revise
        self._roles = {role.operation: name for name, role in spec.lifecycle.roles.items()} if spec.lifecycle else {}
        self._where = where
        self._memory: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        found = self._directory.find(scope["method"], scope["path"]) if scope["type"] == "http" else None
        role = self._roles.get(found[0].id, "") if found else ""
        if found is None or not (EVERY in self._where or found[0].id in self._where or (role and role in self._where)):
            await self._app(scope, receive, send)
            return
        raw = await _whole(receive)
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        memory = self._memory.setdefault(headers.get("x-mock-sandbox", ""), {})
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        asked = Asked(
            found[0].id, role, scope["method"], scope["path"], query, headers, _parsed(raw), dict(found[1]), memory
        )
        if self._edit is not None:
            scope, raw = self._edited(scope, raw, asked)
        await self._app(
            scope, _once(raw, receive), send if self._revise is None else _Rewriter(asked, self._revise, send)
        )

    def _edited(self, scope: dict[str, Any], raw: bytes, asked: Asked) -> tuple[dict[str, Any], bytes]:
        before = json.dumps(asked.body)
        query = list(asked.query)
        assert self._edit is not None
        self._edit(asked)
        changed = raw if json.dumps(asked.body) == before else json.dumps(asked.body).encode()
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in asked.headers.items()
            if name != "content-length"
        ]
        headers.append((b"content-length", str(len(changed)).encode()))
        told = scope["query_string"] if asked.query == query else urlencode(asked.query).encode()
        raw_path = scope.get("raw_path") if asked.path == scope["path"] else asked.path.encode()
        return {**scope, "headers": headers, "query_string": told, "path": asked.path, "raw_path": raw_path}, changed


class _Rewriter:
    """Stands where an application sends its answer, and changes it."""

    def __init__(self, asked: Asked, revise: Revision, send: Any) -> None:
        self._asked, self._revise, self._send = asked, revise, send
        self._start: dict[str, Any] = {}
        self._body = bytearray()

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._start.get("headers", ())
        }
        told = Told(self._start["status"], headers, _parsed(bytes(self._body)))
        before = json.dumps(told.body)
        self._revise(self._asked, told)
        body = bytes(self._body) if json.dumps(told.body) == before else json.dumps(told.body).encode()
        told.headers.pop("content-length", None)
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.headers.items()]
        if "transfer-encoding" not in told.headers:
            sent.append((b"content-length", str(len(body)).encode()))
        await self._send({"type": "http.response.start", "status": told.status, "headers": sent})
        await self._send({"type": "http.response.body", "body": body})


async def _whole(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _once(raw: bytes, receive: Any) -> Any:
    pending = [{"type": "http.request", "body": raw, "more_body": False}]

    async def again() -> dict[str, Any]:
        return pending.pop() if pending else await receive()

    return again


def _parsed(raw: bytes) -> Json:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


@functools.cache
def all_faults(api: str | None = None) -> tuple[Fault, ...]:
    """Every fault of one API, or of all; a fault for every API is there once per API, as `api:id`."""
    found: list[Fault] = []
    for owner in ("common", *specs.names()):
        if api is not None and owner not in (api, "common"):
            continue
        package = importlib.import_module(f"{__name__}.{owner}")
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            found += getattr(importlib.import_module(module.name), "FAULTS", ())
    return tuple(fault for fault in found if api is None or fault.api == api)
