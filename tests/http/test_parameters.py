"""Parameters are split, turned into what the schema says, checked, and given their defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import specs
from mockserver.adapters.exchange import Refusal, Violation
from mockserver.http.contract.parameters import Parameters, split_query
from mockserver.http.contract.schema import Schemas
from tests.specs.small import DOCUMENT, changed, write


def parameters(folder: Path, *declared: dict[str, Any]) -> Parameters:
    """The parameters of an operation that declares these, beside its path parameter `id`."""
    document = changed(DOCUMENT, "paths./jobs/{id}.get.parameters", list(declared))
    spec = specs.read(write(folder, document=document))
    return Parameters(Schemas(spec), spec.operations["small_read"])


def query(folder: Path, schema: dict[str, Any], text: str, **more: Any) -> tuple[Any, list[Violation]]:
    """What a query means to a parameter `q` of this schema."""
    found: list[Violation] = []
    values = parameters(folder, {"name": "q", "in": "query", "schema": schema, **more}).query(text.encode(), found)
    return values.get("q", ...), found


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "q=12", 12),
        ({"type": "integer"}, "q=-12", -12),
        ({"type": "integer"}, "q=18446744073709551615", 2**64 - 1),
        ({"type": "number"}, "q=12", 12),
        ({"type": "number"}, "q=-1.5e3", -1500.0),
        ({"type": "boolean"}, "q=true", True),
        ({"type": "boolean"}, "q=False", False),
        ({"type": "string"}, "q=12", "12"),
        ({"type": "string"}, "q=a%20b+c%2B", "a b c+"),
        ({"type": "string"}, "q=", ""),
        ({"type": "string"}, "other=1", ...),
        ({"type": "string", "default": "d"}, "", "d"),
        ({"type": ["integer", "null"]}, "q=null", None),
        ({"type": ["integer", "null"]}, "q=", None),
        ({"type": ["integer", "string"]}, "q=12", 12),
        ({"type": ["integer", "string"]}, "q=x", "x"),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "q=true", True),
        ({}, "q=12", "12"),
        (True, "q=12", "12"),
        ({"type": "array", "items": {"type": "integer"}}, "q=1&q=2", [1, 2]),
        ({"type": "array"}, "q=1", ["1"]),
    ],
)
def test_a_text_becomes_what_the_schema_says(tmp_path: Path, schema: Any, text: str, value: Any) -> None:
    assert query(tmp_path, schema, text) == (value, [])


@pytest.mark.parametrize(
    ("style", "explode", "text"),
    [
        ("form", False, "q=1,2"),
        ("spaceDelimited", False, "q=1%202"),
        ("pipeDelimited", False, "q=1|2"),
        ("form", True, "q=1&q=2"),
    ],
)
def test_an_array_is_split_by_its_style(tmp_path: Path, style: str, text: str, *, explode: bool) -> None:
    schema = {"type": "array", "items": {"type": "integer"}}

    assert query(tmp_path, schema, text, style=style, explode=explode) == ([1, 2], [])


@pytest.mark.parametrize(
    ("schema", "text", "keyword"),
    [
        ({"type": "integer"}, "q=1.0", "type"),
        ({"type": "integer"}, "q=99999999999999999999", "type"),
        ({"type": "number"}, "q=nan", "type"),
        ({"type": "number"}, "q=1e999", "type"),
        ({"type": "boolean"}, "q=1", "type"),
        ({"type": "integer", "minimum": 3}, "q=2", "minimum"),
        ({"type": "string", "enum": ["a"]}, "q=b", "enum"),
        ({"type": "string", "format": "date-time"}, "q=b", "format"),
        ({"type": "array", "items": {"type": "integer"}}, "q=1&q=x", "type"),
        ({"type": "integer"}, "q=1&q=2", "repeated"),
    ],
)
def test_what_the_schema_does_not_allow_is_found(tmp_path: Path, schema: Any, text: str, keyword: str) -> None:
    _, found = query(tmp_path, schema, text)

    assert [(one.place, one.pointer[0], one.keyword) for one in found] == [("query", "q", keyword)]


def test_a_required_parameter_must_be_there(tmp_path: Path) -> None:
    _, found = query(tmp_path, {"type": "string"}, "", required=True)

    assert [(one.place, one.pointer, one.keyword) for one in found] == [("query", ("q",), "required")]


def test_headers_are_read_by_lower_case_name(tmp_path: Path) -> None:
    found: list[Violation] = []
    declared = [
        {"name": "X-Count", "in": "header", "schema": {"type": "integer"}},
        {"name": "X-Size", "in": "header", "schema": {"type": "integer", "default": 7}},
        {"name": "Accept", "in": "header", "required": True, "schema": {"type": "string"}},
    ]
    read = parameters(tmp_path, *declared)

    assert read.headers({b"x-count": b" 12 "}, found) == {"x-count": 12, "x-size": 7}
    assert found == []
    read.headers({b"x-count": b"twelve"}, found)
    assert [(one.place, one.keyword) for one in found] == [("header", "type")]


def test_an_operations_own_parameter_wins_over_its_paths(tmp_path: Path) -> None:
    found: list[Violation] = []
    read = parameters(tmp_path, {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}})

    assert read.path(("12",), found) == {"id": 12}
    read.path(("x",), found)
    assert [(one.place, one.pointer, one.keyword) for one in found] == [("path", ("id",), "type")]


def test_a_query_that_is_no_utf_8_is_refused() -> None:
    for raw in (b"a=\xff", b"a=%ff", b"%ff=1"):
        with pytest.raises(Refusal, match="not UTF-8"):
            split_query(raw)


def test_a_query_keeps_order_and_repetition() -> None:
    assert split_query(b"a=1&b=2&a=3&c&&d=x=y") == {"a": ["1", "3"], "b": ["2"], "c": [""], "d": ["x=y"]}
