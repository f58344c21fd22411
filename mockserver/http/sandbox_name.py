"""How a request names its sandbox, and what can be a name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mockserver.adapters.exchange import Refusal, Violation

DEFAULT = "default"
HEADER = b"x-mock-sandbox"
PREFIX = "/sandbox/"
SANDBOX = "understudy.sandbox"  # where a scope keeps the name that its path began with
_LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


def check_name(name: str) -> None:
    """Raise a Refusal for an invalid sandbox name."""
    if not _NAME.match(name):
        got = _cut(name)
        expected = f"1 to {_LONGEST_NAME} letters, digits, dots, dashes and underscores"
        message = f"'{got}' is no sandbox name; expected {expected}"
        raise Refusal.of(Violation("header", ("X-Mock-Sandbox",), "name", expected, got, message))


def sent_twice(name: str) -> Refusal:
    """The refusal of a header field that can be sent once only."""
    message = f"header {name} is sent more than once"
    return Refusal.of(Violation("header", (name,), "once", "one field of that name", "more than one", message))


def sandbox_names(scope: Mapping[str, Any]) -> list[str]:
    """What a request names as its sandbox: the prefix of its path, and every header field of that name."""
    in_path = [scope[SANDBOX]] if SANDBOX in scope else []
    return [*in_path, *(value.decode("latin-1") for name, value in scope["headers"] if name == HEADER)]


def sandbox_name(scope: Mapping[str, Any]) -> str:
    """The sandbox that a request names, or the default one. Raises Refusal for two header fields, and for a header that
    names another one than the path.
    """
    names = sandbox_names(scope)
    if len(names) > 1 + (SANDBOX in scope):
        raise sent_twice(HEADER.decode())
    if len({*names}) > 1:
        message = f"the path names the sandbox '{_cut(names[0])}', header X-Mock-Sandbox '{_cut(names[1])}'"
        expected = "one of the two, or the same name in both"
        raise Refusal.of(
            Violation("header", ("X-Mock-Sandbox",), "sandbox", expected, names[1], f"{message}; expected {expected}")
        )
    return names[0] if names else DEFAULT


def _cut(name: str) -> str:
    return name if len(name) <= 2 * _LONGEST_NAME else name[: 2 * _LONGEST_NAME] + "…"
