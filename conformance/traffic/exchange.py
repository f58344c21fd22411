"""What was asked and what was answered.

Immutable, with the instant, the operation it means and a curl line that repeats it.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from conformance.traffic.json_pointer import MISSING, Json

Headers = tuple[tuple[str, str], ...]
REDACTED = "[redacted]"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Half of a pair, or a whole one: escaped, or as bytes that are no UTF-8 and are read all the same."""
_MOST_SHOWN = 2000
"""Bytes of a body that a command shows; a longer one, or one that is no text, is named as a file."""


@dataclass(frozen=True)
class Request:
    """One request: `target` is path and query as sent, `url` the scheme and host before it."""

    method: str
    url: str
    target: str
    headers: Headers = ()
    body: bytes | None = None

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return _header(self.headers, name)

    @cached_property
    def json(self) -> Json:
        """The body parsed, or MISSING where it is no JSON."""
        return _parsed(self.body)


@dataclass(frozen=True)
class Response:
    """One answer; `cut` says that more came than was read."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    cut: bool = False

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return _header(self.headers, name)

    @property
    def is_success(self) -> bool:
        """Whether the request was granted."""
        return 200 <= self.status < 300

    @property
    def is_overloaded(self) -> bool:
        """Whether the server has too much to do: that says nothing about the request, which may be sent again."""
        return self.status in (429, 503)

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Json:
        """The body parsed, or MISSING where it is no JSON."""
        return _parsed(self.body)


@dataclass(frozen=True)
class Exchange:
    """A request with its answer.

    `sent` and `received` are real seconds since 1970, `at` the target's own clock where it can be
    asked.

    `operation` is the document's operation that the request means, `values` what its path names; `tenant` and
    `credential` who asked, in the target file's words.
    """

    request: Request
    response: Response
    sent: float = 0.0
    received: float = 0.0
    at: float | None = None
    operation: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    tenant: str = ""
    credential: str = "good"

    @property
    def line(self) -> str:
        """The exchange in one line."""
        return f"{self.request.method} {self.request.target} -> {self.response.status}"

    def shortened(self, most: int) -> Exchange:
        """The exchange with at most so many bytes of the answer's body."""
        if len(self.response.body) <= most:
            return self
        answer = replace(self.response, body=self.response.body[:most], cut=True)
        return replace(self, response=answer)

    @property
    def curl(self) -> str:
        """A command that sends the request again; what is hidden is a variable of the shell there."""
        asked = self.request
        words = ["curl", "-sS", "-i", "-X", shlex.quote(asked.method), _word(asked.url + asked.target, "PASSWORD")]
        for name, value in asked.headers:
            words += ["-H", _word(f"{name}: {value}", re.sub(r"\W", "_", name.upper()))]
        return " ".join([*words, *_data(asked.body)])


def _word(text: str, variable: str) -> str:
    """A word of a command; hidden parts of it are the variable's value."""
    if REDACTED not in text:
        return shlex.quote(text)
    escaped = re.sub(r'([\\"$`])', r"\\\1", text)
    return f'"{escaped.replace(REDACTED, "${" + variable + "}")}"'


def _data(body: bytes | None) -> list[str]:
    """The words that send a body."""
    if body is None:
        return []
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if (
        len(body) > _MOST_SHOWN
        or (body and not text)
        or any(letter < " " and letter not in "\t\r\n" for letter in text)
    ):
        return ["--data-binary", "@body", f"# a file with the {len(body)} bytes of the body"]
    return ["--data-binary", _word(text, "SECRET")]


def _header(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


def _parsed(body: bytes | None) -> Json:
    """A body as JSON. A lone surrogate, which no encoding has, becomes the text that spells it (`\\ud800`)."""
    if not body:
        return MISSING
    try:
        value = json.loads(body, parse_constant=_refuse)
        return _spelled(value) if _SURROGATE.search(body) else value
    except (ValueError, RecursionError):
        return MISSING


def _spelled(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list):
        return [_spelled(item) for item in value]
    return {_spelled(key): _spelled(item) for key, item in value.items()} if isinstance(value, dict) else value
