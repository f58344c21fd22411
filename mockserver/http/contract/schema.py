"""Compiles schemas of one document, and turns validation errors into violations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, unquote

from jsonschema_rs import Draft202012Validator, Registry, ValidationError

from mockserver.adapters.exchange import Violation
from mockserver.http.limits import EXCERPT_MEMBERS, EXCERPT_TEXT, EXCERPT_VALUES, MESSAGE_LENGTH, VIOLATIONS
from specs import Spec
from specs.excerpt import excerpt, middle_cut, with_short_texts
from specs.json_pointer import keys, pointer_to
from specs.printable import as_json as shown

Place = tuple[str | int, ...]
NO_FORMS: Mapping[str, str] = MappingProxyType({})


class Schemas:
    """The schemas of one document, compiled on demand."""

    def __init__(self, spec: Spec) -> None:
        self.document = spec.document
        self.uri = f"urn:understudy:{spec.name}"
        self._registry: Registry | None = None
        self._forms: dict[str, str] | None = None

    @property
    def forms(self) -> dict[str, str]:
        """What each pattern of the document means, in words (`x-expected`); a person reads no regular expression."""
        if self._forms is None:
            self._forms = dict(_forms(self.document))
        return self._forms

    def follow(self, place: Place) -> tuple[Place, Any]:
        """The place that references lead to, and the value there; None if there is none."""
        here: Place = ()
        node: Any = self.document
        for key in place:
            node = node.get(key) if isinstance(node, dict) else node[int(key)]
            here = (*here, key)
            while isinstance(node, dict) and isinstance(node.get("$ref"), str):
                here, node = self.follow(split(node["$ref"]))
        return here, node

    def validator(self, place: Place) -> Draft202012Validator:
        """Compile the schema at a place; formats are asserted."""
        if self._registry is None:
            self._registry = Registry([(self.uri, self.document)])
        fragment = quote(pointer_to(place), safe="~/")
        return Draft202012Validator({"$ref": f"{self.uri}#{fragment}"}, registry=self._registry, validate_formats=True)


def _forms(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        pattern, words = node.get("pattern"), node.get("x-expected")
        if isinstance(pattern, str) and isinstance(words, str):
            yield pattern, words
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _forms(inner)


def split(reference: str) -> Place:
    """The keys of a local reference such as `#/components/schemas/Job`."""
    return tuple(keys(unquote(reference.removeprefix("#"))))


def violations(
    validator: Draft202012Validator, value: Any, place: str, above: Place = (), forms: Mapping[str, str] = NO_FORMS
) -> tuple[Violation, ...]:
    """How a value breaks its schema, up to the limit: every way, or in a large value those that are seen in an excerpt
    of it.

    The validator works out all errors before it gives the first one, each with a copy of what is wrong: of a large
    value only an excerpt is given to it. The values that are reported are the true ones. `forms` says patterns in
    words.
    """
    short, cut = excerpt(value, EXCERPT_MEMBERS, EXCERPT_VALUES)
    short, has_long_text = with_short_texts(short, EXCERPT_TEXT)
    found: list[Violation] = []
    for error in validator.iter_errors(short):
        if error.kind.name == "type" or tuple(error.instance_path) not in cut:  # a type is seen whatever was cut
            found.extend(_violations(error, place, above, forms))
        if len(found) >= VIOLATIONS:
            break
    if cut or has_long_text:
        found = [replace(one, got=_at(value, one.pointer[len(above) :])) for one in found] or _first(
            validator, value, place, above, forms
        )
    return tuple(found[:VIOLATIONS])


def _first(
    validator: Draft202012Validator, value: Any, place: str, above: Place, forms: Mapping[str, str]
) -> list[Violation]:
    """The first way in which a value breaks its schema, if any."""
    try:
        validator.validate(value)
    except ValidationError as error:
        return list(_violations(error, place, above, forms))
    return []


def _at(value: Any, pointer: Place) -> Any:
    for key in pointer:
        value = value[key]
    return value


def _violations(error: ValidationError, place: str, above: Place, forms: Mapping[str, str]) -> Iterator[Violation]:
    kind = error.kind
    if kind.name == "anyOf":
        alternatives: list[list[ValidationError]] = kind.value
        branches = [branch for branch in alternatives if not _only_null(branch)]
        # "or null" alone was the alternative: the other branch says what is wrong
        if len(branches) == 1 < len(alternatives):
            for inner in branches[0]:
                yield from _violations(inner, place, above, forms)
            return
    expected = kind.value
    if kind.name in ("anyOf", "oneOf"):
        messages = (inner.message for branch in kind.value or () for inner in branch)
        expected = [middle_cut(message, MESSAGE_LENGTH) for message in islice(messages, VIOLATIONS)]
    words = forms.get(expected) if kind.name == "pattern" else _exclusion(kind)
    expected, told = (words, f"expected {words}, got {shown(error.instance)}") if words else (expected, error.message)
    if kind.name == "enum":
        told = f"{shown(error.instance)} is not one of {_choices(expected)}"
    message = middle_cut(told, MESSAGE_LENGTH)
    yield Violation(place, (*above, *error.instance_path), kind.name, expected, error.instance, message)


def _exclusion(kind: Any) -> str | None:
    """What a `not` means, in words; None if the document does not say it."""
    excluded = kind.schema if kind.name == "not" else None
    return excluded.get("x-expected") if isinstance(excluded, dict) else None


def _choices(values: Sequence[Any]) -> str:
    """All choices; those that differ by the case of their letters only count once."""
    by_case: dict[Any, Any] = {}
    for value in values:
        by_case.setdefault(value.lower() if isinstance(value, str) else repr(value), value)
    *most, last = map(shown, by_case.values())
    words = f"{', '.join(most)} or {last}" if most else last
    return words if len(by_case) == len(values) else f"{words}, in any case"


def _only_null(branch: list[ValidationError]) -> bool:
    return len(branch) == 1 and branch[0].kind.name == "type" and branch[0].kind.value == ["null"]
