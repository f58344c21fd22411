"""Validates answers against the document, and turns them into bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator

from mockserver.adapters.exchange import Reply, Violation
from mockserver.http.contract.media import is_json
from mockserver.http.contract.schema import Place, Schemas, split, violations

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class _Declared:
    """What the document says about one status."""

    validators: Mapping[str, Draft202012Validator | None]  # by media type; empty where no body is declared
    headers: tuple[str, ...]  # those that must be there, in lower case


class Answers:
    """The declared answers of one operation, each status compiled when it is first needed."""

    def __init__(self, schemas: Schemas, place: Place) -> None:
        self._schemas, self._place = schemas, place
        self._statuses: dict[int, _Declared | None] = {}

    def judge(self, reply: Reply) -> tuple[Violation, ...]:
        """How an answer breaks the document; empty when it does not."""
        status = reply.status
        declared = self._statuses.get(status) or self._looked_up(status)
        if declared is None:
            return (
                _broken(
                    "responses",
                    sorted(self._schemas.follow(self._place)[1]),
                    status,
                    f"status {status} is not declared",
                ),
            )
        for name in declared.headers:
            if name not in reply.headers and name not in map(str.lower, reply.headers):
                return (_broken("headers", name, None, f"header {name} is missing"),)
        if reply.empty or not declared.validators:
            if reply.empty and not declared.validators:
                return ()
            return (
                _broken(
                    "content",
                    list(declared.validators),
                    reply.media_type,
                    "a body is declared and none sent, or the reverse",
                ),
            )
        medium = reply.media_type
        if medium not in declared.validators:
            medium = medium.partition(";")[0]
        if medium not in declared.validators:
            return (
                _broken(
                    "content",
                    list(declared.validators),
                    reply.media_type,
                    f"media type {reply.media_type} is not declared",
                ),
            )
        validator = declared.validators[medium]
        value = reply.body if reply.text is None else reply.text
        return () if validator is None or validator.is_valid(value) else violations(validator, value, "answer")

    def _looked_up(self, status: int) -> _Declared | None:
        if status not in self._statuses:
            self._statuses[status] = self._declared(status)
        return self._statuses[status]

    def _declared(self, status: int) -> _Declared | None:
        place, responses = self._schemas.follow(self._place)
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in responses:
                here, node = self._schemas.follow((*place, key))
                validators: dict[str, Draft202012Validator | None] = {}
                for media_type, medium in node.get("content", {}).items():
                    judged = "schema" in medium and media_type != "text/event-stream"
                    validators[media_type] = (
                        self._schemas.validator((*here, "content", media_type, "schema")) if judged else None
                    )
                headers = node.get("headers", {})
                needed = (name for name in headers if self._schemas.follow((*here, "headers", name))[1].get("required"))
                return _Declared(validators, tuple(name.lower() for name in needed))
        return None


class ErrorAnswers:
    """The shape of errors that belong to no operation: the document's `x-error-schema`."""

    def __init__(self, schemas: Schemas) -> None:
        reference = schemas.document.get("x-error-schema")
        self._validator = schemas.validator(split(reference)) if reference else None

    def judge(self, reply: Reply) -> tuple[Violation, ...]:
        """How an error answer breaks the document's error schema."""
        if self._validator is None or self._validator.is_valid(reply.body):
            return ()
        return violations(self._validator, reply.body, "answer")


def _broken(keyword: str, expected: Any, got: Any, message: str) -> Violation:
    return Violation("answer", (), keyword, expected, got, message)


@lru_cache(maxsize=64)
def _medium(media_type: str) -> tuple[bool, Header]:
    """Whether a media type is JSON, and its header field."""
    return is_json(media_type.partition(";")[0]), (b"content-type", media_type.encode("latin-1"))


def encode(reply: Reply) -> tuple[bytes, list[Header]]:
    """The body and header fields of a reply; a stream has no body here.

    Raises TypeError when the body is not JSON, ValueError for a header that would be two.
    """
    body, headers = b"", []
    if not reply.empty:
        as_json, field = _medium(reply.media_type)
        headers.append(field)
        if as_json and reply.text is None:
            body = dumps(reply.body)
        elif reply.text is not None:
            body = reply.text.encode("utf-8")
    if reply.stream is None and reply.status != 204:
        headers.append((b"content-length", b"%d" % len(body)))
    for name, value in reply.headers.items():
        if not value.isprintable() and ("\n" in value or "\r" in value):
            raise ValueError(f"header {name} holds the end of a line: {value!r}")
        headers.append((name.lower().encode("latin-1"), value.encode("latin-1", "replace")))
    return body, headers


def dumps(value: Any) -> bytes:
    """JSON, also for integers beyond 64 bits, which the fast encoder does not support. Raises TypeError."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")
