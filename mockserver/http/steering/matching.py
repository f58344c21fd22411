"""Which requests a rule or fault applies to: API, operation, method, path, header fields, JSONPath over the body."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

import msgspec

import specs
from mockserver.http.contract.explanation import nearest, unknown
from mockserver.http.limits import (
    CONDITIONS,
    PATTERN_KEPT_BYTES,
    PATTERN_LENGTH,
    SEARCHED_COST,
    SEARCHED_LENGTH,
    SEARCHED_VALUES,
    VALUE_COST,
)
from mockserver.http.sandbox_name import PREFIX
from mockserver.http.steering.descriptions import TOKEN, refuse
from mockserver.simulation.job_limits import footprint

Test = Callable[["Asked"], bool]
Check = Callable[[Any], bool]

_MISSING = object()
_ANCHORED = re.compile(r"\^[A-Za-z0-9]")  # a path begins with a slash


@dataclass(slots=True)
class Asked:
    """The facts of a request that can be matched: its operation, how it was sent, and (once parsed) its body."""

    api: str
    operation: str
    method: str
    path: str
    fields: Mapping[bytes, bytes]
    body: Any = None
    searchable: int = SEARCHED_COST
    """What may still be searched, in characters."""
    _content: tuple[int, int] | None = None

    def affords(self, characters: int) -> bool:
        """Whether anything may still be searched; this much will be."""
        is_left = self.searchable > 0
        self.searchable -= characters
        return is_left

    @property
    def content(self) -> tuple[int, int]:
        """How many values the body has (or one more than are searched), and characters of texts among them; they are
        counted once.
        """
        if self._content is None:
            self._content = _count(self.body)
        return self._content


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests match; members that are left out match everything.

    `path` is a pattern with `*` and `?` over the whole path as sent, without query and sandbox prefix; `path_regex` is
    searched for (RE2's syntax). `headers` names header fields, `body` JSONPath expressions (RFC 9535); each with the
    value expected, or with one of `{"equals": …}`, `{"regex": …}`, `{"exists": true}`.
    """

    api: str | None = None
    operation: str | None = None
    method: str | None = None
    path: str | None = None
    path_regex: str | None = None
    headers: dict[str, Any] = {}
    body: dict[str, Any] = {}


def compiled(scope: Scope, what: str, place: str) -> Test:
    """A function that says whether a request matches. Raises Refusal for unknown names, bad patterns and
    expressions.
    """
    conditions = len(scope.headers) + len(scope.body)
    if conditions > CONDITIONS:
        raise refuse(what, (place,), conditions, f"expected at most {CONDITIONS} header fields and expressions")
    tests: list[Test] = []
    if scope.api is not None:
        if scope.api not in specs.names():
            raise refuse(what, (place, "api"), scope.api, unknown(scope.api, specs.names()))
        api = scope.api
        tests.append(lambda asked: asked.api == api)
    if scope.operation is not None:
        tests.append(_operation(scope, scope.operation, what, place))
    if scope.method is not None:
        method = _method(scope, scope.method.upper(), what, place)
        tests.append(lambda asked: asked.method == method)
    if scope.path is not None:
        _check_path(scope.path, scope.path[:1] in ("/", "*", "?"), what, (place, "path"))
        whole = re.compile(translate(_bounded(scope.path, what, (place, "path"))))
        tests.append(lambda asked: whole.match(asked.path) is not None)
    if scope.path_regex is not None:
        _check_path(scope.path_regex, _ANCHORED.match(scope.path_regex) is None, what, (place, "path_regex"))
        search = _regex(scope.path_regex, what, (place, "path_regex"))
        tests.append(lambda asked: asked.affords(len(asked.path)) and search(asked.path))
    tests += [_header(name, wanted, what, (place, "headers", name)) for name, wanted in scope.headers.items()]
    tests += [_expression(path, wanted, what, (place, "body", path)) for path, wanted in scope.body.items()]
    return lambda asked: all(test(asked) for test in tests)


def kept_bytes(scope: Scope, description: Any) -> int:
    """About how many bytes a rule or fault takes as long as it is there."""
    conditions = len(scope.headers) + len(scope.body) + (scope.path_regex is not None) + 1
    return footprint(msgspec.json.encode(description)) + PATTERN_KEPT_BYTES * conditions


def _operation(scope: Scope, operation: str, what: str, place: str) -> Test:
    homes = [scope.api] if scope.api is not None else specs.names()
    if not any(operation in specs.load(home).operations for home in homes):
        hint = nearest(operation, [name for home in homes for name in specs.load(home).operations])
        known = f": {', '.join(specs.load(homes[0]).operations)}" if len(homes) == 1 else ""
        reason = f"expected an operationId of {' or '.join(homes)}{hint or known}"
        raise refuse(what, (place, "operation"), operation, reason)
    return lambda asked: asked.operation == operation


def _method(scope: Scope, method: str, what: str, place: str) -> str:
    """A method that requests in the scope can have. Raises Refusal."""
    homes = [scope.api] if scope.api is not None else specs.names()
    operations = [one for home in homes for name, one in specs.load(home).operations.items()]
    known = {one.method for one in operations if scope.operation in (None, one.id)}
    known |= {"HEAD"} if "GET" in known else set()
    if method not in known:
        whose = f" of {scope.operation}" if scope.operation else f" of {scope.api}" if scope.api else ""
        raise refuse(what, (place, "method"), scope.method, f"expected a method{whose}: {', '.join(sorted(known))}")
    return method


def _check_path(pattern: str, can_match: bool, what: str, pointer: tuple[str | int, ...]) -> None:
    """Raises Refusal for a pattern that no path can match."""
    if not can_match:
        raise refuse(what, pointer, pattern, f"expected a pattern that begins with /, such as /{pattern.lstrip('^')}")
    if pattern.lstrip("^").startswith(PREFIX):
        raise refuse(what, pointer, pattern, f"expected a path without {PREFIX}NAME: this sandbox is meant anyway")


def _header(name: str, wanted: Any, what: str, pointer: tuple[str | int, ...]) -> Test:
    if not TOKEN.match(name):
        raise refuse(what, pointer, name, "expected the name of a header field")
    if not _is_of_text(wanted):
        forms = '{"equals": text}, {"regex": text} or {"exists": true or false}'
        raise refuse(what, pointer, wanted, f"header fields are text; expected a text, or one of {forms}")
    key = name.lower().encode("latin-1", "replace")
    check = _check(wanted, what, pointer)

    def test(asked: Asked) -> bool:
        sent = asked.fields.get(key)
        if sent is None:
            return check(_MISSING)
        return asked.affords(len(sent)) and check(sent.decode("latin-1"))

    return test


def _is_of_text(wanted: Any) -> bool:
    """Whether a header field, which is text, can be what is wanted."""
    if isinstance(wanted, dict) and len(wanted) == 1:
        return isinstance(wanted.get("equals"), str) or "regex" in wanted or "exists" in wanted
    return isinstance(wanted, str)


def _expression(path: str, wanted: Any, what: str, pointer: tuple[str | int, ...]) -> Test:
    from mockserver.http.steering import patterns

    try:
        query = patterns.json_path(path)
    except ValueError as error:
        raise refuse(what, pointer, path, str(error)) from error
    check = _check(wanted, what, pointer)

    def test(asked: Asked) -> bool:
        if asked.body is None:
            return check(_MISSING)
        if query.walks:
            count, characters = asked.content
            if count > SEARCHED_VALUES:
                return check(_MISSING)
            if not asked.affords(VALUE_COST * count + query.searches * characters):
                return False
        values = query.find(asked.body)
        return any(_affords(asked, value) and check(value) for value in values) if values else check(_MISSING)

    return test


def _affords(asked: Asked, value: Any) -> bool:
    return not isinstance(value, str) or asked.affords(len(value))


def _count(body: Any) -> tuple[int, int]:
    """How many values a body has, or one more than are searched, and how many characters of texts that are searched."""
    found, characters, todo = 0, 0, [body]
    while todo and found <= SEARCHED_VALUES:
        value = todo.pop()
        if isinstance(value, dict | list):
            found += len(value)
            todo.extend(value.values() if isinstance(value, dict) else value)
        elif isinstance(value, str):
            characters += min(len(value), SEARCHED_LENGTH)
    return min(found, SEARCHED_VALUES + 1), characters


def _check(wanted: Any, what: str, pointer: tuple[str | int, ...]) -> Check:
    if isinstance(wanted, dict) and len(wanted) == 1:
        if "regex" in wanted:
            search = _regex(wanted["regex"], what, (*pointer, "regex"))
            return lambda value: isinstance(value, str) and search(value)
        if "exists" in wanted:
            if not isinstance(wanted["exists"], bool):
                raise refuse(what, (*pointer, "exists"), wanted["exists"], "expected true or false")
            return lambda value: (value is not _MISSING) is wanted["exists"]
        wanted = wanted.get("equals", wanted)
    kind = bool if isinstance(wanted, bool) else object
    return lambda value: value == wanted and isinstance(value, bool) is (kind is bool)


def _regex(pattern: Any, what: str, pointer: tuple[str | int, ...]) -> Callable[[str], bool]:
    if not isinstance(pattern, str):
        raise refuse(what, pointer, pattern, "expected a regular expression")
    from mockserver.http.steering import patterns

    try:
        return patterns.regex(pattern)
    except ValueError as error:
        raise refuse(what, pointer, pattern, str(error)) from error


def _bounded(pattern: str, what: str, pointer: tuple[str | int, ...]) -> str:
    if len(pattern) > PATTERN_LENGTH:
        raise refuse(what, pointer, pattern, f"expected at most {PATTERN_LENGTH} characters")
    return pattern
