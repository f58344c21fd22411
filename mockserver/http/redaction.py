"""Hides secrets in what is shown: values whose names say so, and secrets in URLs, commands and JSON inside a text.

The name may be a member's, a header field's, an option's, or what a member `name` holds that stands beside a member
`value`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from specs.command_secrets import HIDDEN, VAGUE, hidden, hidden_items
from specs.secret_names import is_secret

_USER = re.compile(r"(://)[^/?#\s@\"'<>]+@(?:[^/?#\s@\"'<>]*@)*")
_MEMBER = re.compile(r"([?&])([^=&#\s?]{1,100})=[^&#\s\"'<>]*")
_NAMES = ("name", "key", "variable", "header", "field")
_VALUES = frozenset({"value", "values", "val", "content", "default"})
_PLACES, _INPUTS = ("loc", "pointer", "path"), frozenset({"input", "got", "value"})

_STRING = (
    r'(?:"(?:[^"\\]|\\.)*"?|\'(?:[^\'\\]|\\.)*\'?'
    r'|\\"(?:[^"\\]|\\\\\\\\|\\\\\\"|\\\\[^"\\])*(?:\\")?'  # JSON inside a string of JSON
    r'|\\{2,8}"[^"\\]*(?:\\{2,8}")?)'  # and deeper
)
_QUOTE = r"""(?:\\{0,8}["'])"""
_NAME = r"(?<![A-Za-z0-9_.-])(%s[A-Za-z0-9_.-]{1,100})"
_KEY = re.compile(rf"""(?<![A-Za-z0-9_.-])({_QUOTE}?)([A-Za-z0-9_.-]{{1,100}})\1\s{{0,8}}[:=]\s{{0,8}}""")
_QUOTED_KEY = re.compile(rf"""({_QUOTE})([A-Za-z0-9_.-]{{1,100}})\1\s{{0,8}}:\s{{0,8}}""")
_VALUE = re.compile(
    rf"""(?:(?:Bearer|Basic|Token|Digest)\s{{1,8}})?(?:{_STRING}|[^\s,;&}}\]{{\["'][^\s,;&}}\]]*)""",
    re.DOTALL | re.IGNORECASE,
)
"""What follows a name, unless it is an object or a list."""

_LABEL = rf"{_QUOTE}(?:name|key|variable){_QUOTE}\s{{0,8}}:\s{{0,8}}"
_LABELLED = rf"{_QUOTE}value{_QUOTE}\s{{0,8}}:\s{{0,8}}"
_NAMED = re.compile(rf"({_LABEL})({_STRING})(\s{{0,8}},\s{{0,8}}{_LABELLED})({_STRING})", re.DOTALL)
_VALUED = re.compile(rf"({_LABELLED})({_STRING})(\s{{0,8}},\s{{0,8}}{_LABEL})({_STRING})", re.DOTALL)
_BRACKET = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)

_ASSIGNED = re.compile(rf"{_NAME % ''}(=|:\s{{0,2}}(?=[\"']))({_STRING}|[^\s\"'&;,]+)", re.DOTALL)
"""A name and its value within a text that a person or a shell reads: `--api-key=…`, `TOKEN=…`, `password: "…"`."""

_OPTED = re.compile(rf"{_NAME % '--'}(\s{{1,8}})({_STRING}|[^\s-]\S*)", re.DOTALL)
"""An option of a command with the word behind it."""

_OPTED_ITEM = re.compile(
    rf"""(["'])(--?[A-Za-z][A-Za-z0-9_.-]{{0,100}})(\1\s{{0,8}},\s{{0,8}})({_STRING})""", re.DOTALL
)
_CUT_USER = re.compile(r"(://)[^/?#\s@\"'<>:]{0,100}:(?![0-9]{0,5}\Z)[^/?#\s@\"'<>]*\Z")
"""The beginning of a URL of which no more is there than a user and part of a password."""

_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9_.-]{0,100}\Z")


def redacted(value: Any) -> Any:
    """A JSON value with its secrets hidden, at any depth."""
    if isinstance(value, dict):
        return _redacted_object(value)
    if isinstance(value, list | tuple):
        return list(_redacted_items(value))
    return redacted_string(value) if isinstance(value, str) else value


def _redacted_object(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """The members of an object, which may be a name with its value, or tell of a place what was found there."""
    names = [value[name] for name in _NAMES if isinstance(value.get(name), str)] if _VALUES & value.keys() else []
    hides_values = any(is_secret(name) for name in names)
    hides_inputs = any(_leads_to_secret(value.get(name)) for name in _PLACES)
    value, shown = _with_whole_command(value), {}
    for name, inner in value.items():
        is_label = name == "key" and bool(names)
        is_hidden = is_secret(str(name)) and not is_label
        is_hidden |= (hides_values and name in _VALUES) or (hides_inputs and name in _INPUTS)
        shown[name] = HIDDEN if is_hidden and inner is not None else redacted(inner)
    return shown


def _with_whole_command(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """An object whose arguments are looked at together with the command they belong to."""
    command = value.get("command", value.get("entrypoint"))
    words = command.split() if isinstance(command, str) else command
    name = next((name for name in ("args", "arguments") if isinstance(value.get(name), list)), None)
    if not isinstance(words, list) or name is None:
        return value
    whole = [*words, *value[name]]
    if not all(isinstance(word, str) for word in whole):
        return value
    return {**value, name: list(hidden_items(whole))[len(words) :]}


def _leads_to_secret(place: Any) -> bool:
    """Whether a list of keys, or a pointer or path of them, leads into something secret."""
    parts = place if isinstance(place, list | tuple) else re.split(r"[/.\[\]]", place) if isinstance(place, str) else []
    return any(isinstance(part, str) and is_secret(part) for part in parts)


def _redacted_items(items: Iterable[Any]) -> Iterator[Any]:
    """The items of a list; of a command, the word behind an option for a secret is hidden."""
    items = list(items)
    if all(isinstance(item, str) for item in items):
        items = list(hidden_items(items))
    follows = False
    for item in items:
        is_option = isinstance(item, str) and _OPTION.match(item) is not None
        yield HIDDEN if follows and isinstance(item, str) and not is_option else redacted(item)
        follows = is_option and _asks(item)


def redacted_string(text: str) -> str:
    """A text with the secrets hidden that its URLs, assignments, commands and JSON hold."""
    if text[:1] in ("{", "[") and (shown := _redacted_json(text)) is not None:
        return shown
    if _QUOTED_KEY.search(text):
        text = _without_members(_without_pairs(text), _QUOTED_KEY)
    text = hidden(text)
    if "=" in text or ":" in text:
        text = _ASSIGNED.sub(_unassigned, text)
    if "--" in text:
        text = _OPTED.sub(_unassigned, text)
    return redacted_url(text) if "://" in text else text


def _redacted_json(text: str) -> str | None:
    """A text that is JSON without its secrets; None if it is none."""
    try:
        value = orjson.loads(text)
        shown = redacted(value)
        return text if shown == value else orjson.dumps(shown).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return None


def _unassigned(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{HIDDEN}" if _asks(found[1]) else found[0]


def _asks(name: str) -> bool:
    """Whether what follows an option or variable of that name is a secret."""
    return name not in VAGUE and is_secret(name)


def redacted_url(text: str) -> str:
    """A URL, or a text with URLs in it, with user names, passwords and secret members of the query hidden."""
    text = _USER.sub(rf"\1{HIDDEN}@", text)
    return _MEMBER.sub(lambda found: f"{found[1]}{found[2]}={HIDDEN}" if is_secret(found[2]) else found[0], text)


def redacted_fields(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Header fields as text, secrets hidden; of `Authorization` the scheme stays."""
    shown = []
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name.lower() == "authorization" and " " in value:
            value = f"{value.partition(' ')[0]} {HIDDEN}"
        else:
            value = HIDDEN if is_secret(name) else redacted_string(value)
        shown.append((name, value))
    return shown


def redacted_query(query_string: bytes) -> list[tuple[str, str]]:
    """Names and values of a query as they were sent (decoded), secrets hidden."""
    from urllib.parse import parse_qsl

    pairs = parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True)
    return [(name, HIDDEN if is_secret(name) else redacted_string(value)) for name, value in pairs]


def redacted_text(text: str) -> str:
    """Text that is not JSON (malformed, truncated, a form), with what follows a secret's name hidden."""
    text = _OPTED_ITEM.sub(
        lambda one: f"{one[1]}{one[2]}{one[3]}{HIDDEN}" if _asks(one[2]) else one[0], _without_pairs(text)
    )
    text = _CUT_USER.sub(rf"\1{HIDDEN}", _OPTED.sub(_unassigned, hidden(text)))
    return redacted_url(_without_members(text, _KEY))


def _without_pairs(text: str) -> str:
    """A text in which a name of a secret stands beside no `value`, before or behind it."""
    text = _NAMED.sub(lambda one: f"{one[1]}{one[2]}{one[3]}{HIDDEN}" if is_secret(one[2]) else one[0], text)
    return _VALUED.sub(lambda one: f"{one[1]}{HIDDEN}{one[3]}{one[4]}" if is_secret(one[4]) else one[0], text)


def _without_members(text: str, key: re.Pattern[str]) -> str:
    """A text without what follows the name of a secret."""
    parts, at = [], 0
    while (found := key.search(text, at)) is not None:
        parts.append(text[at : found.end()])
        at = found.end()
        if is_secret(found[2]):
            parts.append(HIDDEN)
            value = _VALUE.match(text, at)
            at = _end(text, at) if text[at : at + 1] in ("[", "{") else at if value is None else value.end()
    return "".join([*parts, text[at:]])


def _end(text: str, at: int) -> int:
    """Where the object or list ends that begins there, or the text."""
    depth = 0
    for found in _BRACKET.finditer(text, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.end()
    return len(text)
