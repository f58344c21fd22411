"""Servers that are odd but allowed: each variation is an ASGI application around the mock, on which the judge must stay green."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import specs
from conformance.pointer import MISSING, get, put
from conformance.views import root
from specs.document import answer_schema, resolve, schemas_at
from tests.conformance.faults import App, Asked, Tampered, Told

Json = Any
Variation = Callable[[App, str], App]
_DATE = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)$")


def _answers(revise: Callable[[str, Asked, Told], None]) -> Variation:
    def vary(app: App, api: str) -> App:
        return Tampered(app, api, ("*",), None, lambda asked, told: revise(api, asked, told))

    return vary


def _everywhere(value: Json, change: Callable[[Json], Json]) -> Json:
    if isinstance(value, dict):
        return change({key: _everywhere(item, change) for key, item in value.items()})
    if isinstance(value, list):
        return [_everywhere(item, change) for item in value]
    return change(value)


def extra_properties(api: str, asked: Asked, told: Told) -> None:
    """Every shown job has members that no document names."""
    spec = specs.load(api)
    for role in spec.lifecycle.roles.values() if spec.lifecycle else ():
        if role.operation != asked.operation or role.status is None or told.status >= 300:
            continue
        if role.items is None:
            told.body = put(told.body, f"{root(role)}/zzExtra", {"of": "the vendor"})
        else:
            items = get(told.body, role.items)
            told.body = put(told.body, role.items, [{**item, "zzExtra": 1} for item in items])


def _optional(api: str, operation: str, body: Json) -> list[str]:
    """Pointers of the members of a flat answer that the document does not demand."""
    spec = specs.load(api)
    schema = answer_schema(spec.document, spec.operations[operation])
    roles = spec.lifecycle.roles.values() if spec.lifecycle else ()
    base = next((root(role) for role in roles if role.operation == operation and role.status and role.items is None), None)
    if base is None or not isinstance(get(body, base), dict):
        return []
    demanded = {name for node in schemas_at(spec.document, schema, base) for name in node.get("required", ())}
    return [f"{base}/{name}" for name in get(body, base) if name not in demanded]


def absent_for_null(api: str, asked: Asked, told: Told) -> None:
    """Optional members that are null are left out."""
    if told.status < 300:
        for pointer in _optional(api, asked.operation, told.body):
            if get(told.body, pointer) is None:
                told.body = put(told.body, pointer, MISSING)


def null_for_absent(api: str, asked: Asked, told: Told) -> None:
    """Optional members of the document that were left out are null."""
    if told.status >= 300:
        return
    spec = specs.load(api)
    roles = spec.lifecycle.roles.values() if spec.lifecycle else ()
    for role in roles:
        if role.operation == asked.operation and role.status and role.items is None and isinstance(get(told.body, root(role)), dict):
            schema = answer_schema(spec.document, spec.operations[role.operation])
            names = {name for node in schemas_at(spec.document, schema, root(role)) for name in node.get("properties", {})}
            for name in names - get(told.body, root(role)).keys():
                told.body = put(told.body, f"{root(role)}/{name}", None)


def other_key_order(api: str, asked: Asked, told: Told) -> None:
    """Members come in reverse."""
    told.body = _everywhere(told.body, lambda value: dict(reversed(value.items())) if isinstance(value, dict) else value)


def other_success_status(status: int) -> Callable[[str, Asked, Told], None]:
    """Another status of success where the document's own is assumed."""

    def revise(api: str, asked: Asked, told: Told) -> None:
        spec = specs.load(api)
        for key, raw in spec.operations[asked.operation].node["responses"].items():
            if str(key) == str(told.status) and told.status in (200, 201, 202) and resolve(spec.document, raw).get("x-provenance") == "assumed":
                told.status = status
                return

    return revise


def _dates(form: Callable[[re.Match[str]], str]) -> Callable[[str, Asked, Told], None]:
    def revise(api: str, asked: Asked, told: Told) -> None:
        told.body = _everywhere(told.body, lambda value: _DATE.sub(form, value) if isinstance(value, str) else value)

    return revise


def other_language(api: str, asked: Asked, told: Told) -> None:
    """Texts of refusals are in another language."""
    if told.status >= 400:
        told.body = _everywhere(told.body, _translated) if not isinstance(told.body, str) else "abgelehnt"


def _translated(value: Json) -> Json:
    if isinstance(value, dict):
        words = ("message", "msg", "details", "detail", "description")
        return {key: "abgelehnt" if key in words and isinstance(item, str) else item for key, item in value.items()}
    return value


def other_invalid_status(api: str, asked: Asked, told: Told) -> None:
    """400 for 422 and the other way round, where none is documented."""
    spec = specs.load(api)
    responses = spec.operations[asked.operation].node["responses"]
    if told.status in (400, 422):
        other = 822 - told.status
        node = resolve(spec.document, responses.get(str(told.status), responses.get("default", {})))
        if node.get("x-provenance") == "assumed":
            told.status = other


def forbidden_for_unauthorized(api: str, asked: Asked, told: Told) -> None:
    """403 for a wrong credential."""
    if told.status == 401:
        told.status = 403


def connections_closed(api: str, asked: Asked, told: Told) -> None:
    """Every answer ends its connection."""
    told.headers["connection"] = "close"


class Throttled:
    """Every twentieth submission is answered 429 with Retry-After."""

    def __init__(self, app: App, api: str) -> None:
        self._app, self._count = app, 0
        spec = specs.load(api)
        self._path = spec.base_path + spec.operations[spec.lifecycle.roles["submit"].operation].path if spec.lifecycle else ""
        self._api = api

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == self._path:
            self._count += 1
            if self._count % 20 == 0:
                body = json.dumps(_THROTTLED[self._api]).encode()
                headers = [(b"content-type", b"application/json"), (b"retry-after", b"0")]
                await send({"type": "http.response.start", "status": 429, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
        await self._app(scope, receive, send)


_THROTTLED: dict[str, Json] = {
    "openyuanrong": "too many requests",
    "runai": {"status": 429, "message": "too many requests", "details": "wait"},
    "xio": {"error": {"code": "rate_limited", "message": "wait"}},
    "ionworks": {"error_code": "THROTTLED", "message": "wait", "detail": None},
    "bytenite": {"code": 8, "message": "wait", "details": []},
}


def runai_unknown_state(api: str, asked: Asked, told: Told) -> None:
    """A state that the vendor does not list, where its set of states is open."""
    if api == "runai" and asked.role == "list" and told.status == 200:
        told.body = _everywhere(told.body, lambda value: "Initializing" if value == "ContainerCreating" else value)


VARIATIONS: dict[str, Variation] = {
    "extra-properties": _answers(extra_properties),
    "absent-for-null": _answers(absent_for_null),
    "null-for-absent": _answers(null_for_absent),
    "other-key-order": _answers(other_key_order),
    "success-200": _answers(other_success_status(200)),
    "success-201": _answers(other_success_status(201)),
    "success-202": _answers(other_success_status(202)),
    "dates-with-offset": _answers(_dates(lambda match: f"{match[1]}{match[2] or ''}+00:00")),
    "dates-with-nine-digits": _answers(_dates(lambda match: f"{match[1]}.{(match[2] or '.0')[1:]:0<9}Z")),
    "other-language": _answers(other_language),
    "other-invalid-status": _answers(other_invalid_status),
    "forbidden-for-unauthorized": _answers(forbidden_for_unauthorized),
    "connections-closed": _answers(connections_closed),
    "throttled-now-and-then": Throttled,
    "runai-unknown-state": _answers(runai_unknown_state),
}
"""What is allowed, by name: see the list in docs/judge-an-implementation.md."""
