"""Reads path, query and header parameters: split by style, turned into what the schema says, checked, defaults filled
in.

A text that does not look like the declared type stays a text and fails its schema. A parameter that is no array may be
sent once. Query members that no parameter declares are ignored, but refused by our own control API (`is_own`) and
where others of their kind are declared: `filter[foo]` beside `filter[status]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

from jsonschema_rs import Draft202012Validator

from mockserver.adapters.exchange import NOTHING, Refusal, Violation
from mockserver.http.contract.explanation import explain, shown, unknown
from mockserver.http.contract.schema import Place, Schemas, violations
from mockserver.http.limits import INTEGER_HIGH, INTEGER_LOW
from specs import Operation

Values = Mapping[str, Any]

_INTEGER = re.compile(r"-?[0-9]{1,20}\Z", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,4})?\Z", re.ASCII)
# OpenAPI: such header parameters have no effect
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
_DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter, compiled. `delimiter` splits one text into an array's items; None where items are
    repeated.
    """

    name: str
    place: str
    required: bool
    default: Any
    read: Callable[[str], Any]
    is_array: bool
    delimiter: str | None
    validator: Draft202012Validator
    schemas: Schemas
    explain: Callable[[Any], tuple[Violation, ...]] | None = None

    def value(self, texts: list[str], found: list[Violation]) -> Any:
        """The value of the sent texts; violations are added to `found`."""
        value: Any
        if self.is_array:
            if self.delimiter is not None:
                texts = [part for text in texts for part in text.split(self.delimiter)]
            value = [self.read(text) for text in texts]
        elif len(texts) > 1:
            found.append(
                Violation(
                    self.place,
                    (self.name,),
                    "repeated",
                    1,
                    texts,
                    f"{self.name} is sent {len(texts)} times, once is expected",
                )
            )
            return None
        else:
            value = self.read(texts[0])
        if not self.validator.is_valid(value):
            own = () if self.explain is None else self.explain(value)
            found.extend(own or violations(self.validator, value, self.place, (self.name,), self.schemas.forms))
        return value


class Parameters:
    """All parameters of one operation; `wants_query` says that an empty query means something, `wants_headers` that any
    header does.
    """

    def __init__(self, schemas: Schemas, operation: Operation, *, is_own: bool = False) -> None:
        self._is_own = is_own
        compiled = [_compile(schemas, place, node, is_own=is_own) for place, node in _declared(schemas, operation)]
        by_name = {parameter.name: parameter for parameter in compiled if parameter.place == "path"}
        order = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
        self._path = [by_name[name] for name in order]
        self._query = {parameter.name: parameter for parameter in compiled if parameter.place == "query"}
        self._families = tuple({name[: name.index("[") + 1] for name in self._query if "[" in name})
        self._missed = [
            parameter for parameter in self._query.values() if parameter.required or parameter.default is not None
        ]
        headers = [
            parameter
            for parameter in compiled
            if parameter.place == "header" and parameter.name.lower() not in _IGNORED_HEADERS
        ]
        self.wants_query = bool(self._missed)
        self._headers = [
            (parameter, parameter.name.lower(), parameter.name.lower().encode("latin-1")) for parameter in headers
        ]
        self.wants_headers = bool(headers)

    def path(self, values: tuple[str, ...], found: list[Violation]) -> Values:
        """The path parameters from the segments that matched them."""
        return {
            parameter.name: parameter.value([text], found) for parameter, text in zip(self._path, values, strict=True)
        }

    def query(self, query_string: bytes, found: list[Violation]) -> Values:
        """The query parameters. Raises Refusal if the query is not UTF-8."""
        if not self._query and not (self._is_own and query_string):
            return NOTHING
        values: dict[str, Any] = {}
        for name, texts in split_query(query_string).items() if query_string else ():
            parameter = self._query.get(name)
            if parameter is not None:
                values[name] = parameter.value(texts, found)
            elif self._families and name.startswith(self._families):
                known = [other for other in self._query if other.startswith(self._families)]
                found.append(Violation("query", (name,), "unknown", known, texts[0], unknown(name, known)))
            elif self._is_own:
                wrong = unknown(name, self._query) if self._query else f"unknown {shown(name)}; expected no query"
                words = f"query: {wrong}"
                found.append(Violation("query", (name,), "unknown", sorted(self._query), texts[0], words))
        for parameter in self._missed:
            if parameter.name not in values:
                _absent(parameter, parameter.name, values, found)
        return values

    def headers(self, fields: Mapping[bytes, bytes], found: list[Violation]) -> Values:
        """The header parameters, by lower-case name."""
        values: dict[str, Any] = {}
        for parameter, name, key in self._headers:
            sent = fields.get(key)
            if sent is not None:
                values[name] = parameter.value([sent.decode("latin-1").strip()], found)
            else:
                _absent(parameter, name, values, found)
        return values


def split_query(query_string: bytes) -> dict[str, list[str]]:
    """Names and texts of a query, percent-decoded, in order. Raises Refusal if it is not UTF-8."""
    sent: dict[str, list[str]] = {}
    part = ""
    try:
        for part in query_string.decode("utf-8").split("&"):
            name, _, text = part.partition("=")
            if "%" in part or "+" in part:
                name, text = unquote_plus(name, errors="strict"), unquote_plus(text, errors="strict")
            if part:
                sent.setdefault(name, []).append(text)
    except UnicodeDecodeError as error:
        raise _no_text(part, error) from error
    return sent


def _no_text(part: str, error: UnicodeDecodeError) -> Refusal:
    """The refusal of a query with a member that is not UTF-8; no member if the query as a whole is not ASCII."""
    message = f"the query is not UTF-8: {error.reason} at {error.start}"
    name = part.partition("=")[0] if part.isascii() else ""
    return Refusal.of(Violation("query", (name,) if name else (), "encoding", "UTF-8", part, message))


def _absent(parameter: Parameter, key: str, values: dict[str, Any], found: list[Violation]) -> None:
    if parameter.required:
        found.append(
            Violation(
                parameter.place, (parameter.name,), "required", parameter.name, None, f"{parameter.name} is required"
            )
        )
    elif parameter.default is not None:
        values[key] = parameter.default


def _declared(schemas: Schemas, operation: Operation) -> Iterable[tuple[Place, dict[str, Any]]]:
    """Each parameter with its place in the document; the operation's own come last and win."""
    found = {}
    item = ("paths", operation.path)
    for above in (item, operation.pointer):
        _, node = schemas.follow(above)
        for index, _ in enumerate(node.get("parameters", ())):
            place, parameter = schemas.follow((*above, "parameters", index))
            found[parameter["in"], parameter["name"]] = (place, parameter)
    return found.values()


def _compile(schemas: Schemas, place: Place, node: dict[str, Any], *, is_own: bool) -> Parameter:
    schema_place, schema = schemas.follow((*place, "schema"))
    types = _types(schemas, schema_place, schema)
    is_array = "array" in types
    if is_array:
        types = _types(schemas, *schemas.follow((*schema_place, "items"))) if "items" in schema else {"string"}
    style = node.get("style", "form" if node["in"] in ("query", "cookie") else "simple")
    repeated = node["in"] == "query" and node.get("explode", style == "form")
    return Parameter(
        name=node["name"],
        place=node["in"],
        required=bool(node.get("required")),
        default=schema.get("default") if isinstance(schema, dict) else None,
        read=_reader(types),
        is_array=is_array,
        delimiter=None if repeated else _DELIMITERS[style],
        validator=schemas.validator((*place, "schema")),
        schemas=schemas,
        explain=partial(_explained, schemas, (*place, "schema"), node) if is_own else None,
    )


def _explained(schemas: Schemas, place: Place, node: dict[str, Any], value: Any) -> tuple[Violation, ...]:
    return explain(schemas, place, value, node["in"], (node["name"],))


def _types(schemas: Schemas, place: Place, schema: Any) -> set[str]:
    """The JSON types a schema allows, looking through combinations; text if it does not say."""
    if not isinstance(schema, dict):
        return {"string"}
    named = schema.get("type")
    if named is not None:
        return {named} if isinstance(named, str) else set(named)
    found: set[str] = set()
    for keyword in ("allOf", "anyOf", "oneOf"):
        for index, _ in enumerate(schema.get(keyword, ())):
            found |= _types(schemas, *schemas.follow((*place, keyword, index)))
    return found or {"string"}


def _reader(types: set[str]) -> Callable[[str], Any]:
    """The conversion of a text to one of these types; the most specific type that matches wins."""
    if types <= {"string", "array", "object"}:
        return str
    readers = [reader for name, reader in _READERS if name in types]

    def read(text: str) -> Any:
        for reader in readers:
            value = reader(text)
            if value is not _NOT:
                return value
        return text

    return read


_NOT = object()


def _integer(text: str) -> Any:
    if _INTEGER.match(text) and INTEGER_LOW <= (value := int(text)) <= INTEGER_HIGH:
        return value
    return _NOT


def _number(text: str) -> Any:
    value = _integer(text)
    if value is _NOT and _NUMBER.match(text) and abs(number := float(text)) != float("inf"):
        return number
    return value


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text.lower(), _NOT)


def _null(text: str) -> Any:
    return None if text in ("", "null") else _NOT


_READERS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("integer", _integer),
    ("number", _number),
    ("boolean", _boolean),
    ("null", _null),
)
