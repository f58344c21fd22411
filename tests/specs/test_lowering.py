"""What 3.1 says in the words of 3.0.3."""

from __future__ import annotations

from typing import Any

import pytest

from specs import lowering
from tests.specs.small import DOCUMENT, changed


def lowered(schema: Any) -> Any:
    document = changed(DOCUMENT, "components.schemas.Order", schema)
    return lowering.lower(document)["components"]["schemas"]["Order"]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": "null"}, {"enum": [None]}),
        ({"type": ["array", "null"]}, {"items": {}, "type": "array", "nullable": True}),
        (
            {"type": ["string", "integer", "null"]},
            {"allOf": [{"anyOf": [{"type": "string"}, {"type": "integer"}, {"enum": [None]}]}]},
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"anyOf": [{"type": "integer"}, {"enum": [None]}]}),
        ({"const": "a"}, {"enum": ["a"]}),
        (
            {"exclusiveMinimum": 3, "exclusiveMaximum": 5},
            {"minimum": 3, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": True},
        ),
        ({"examples": [1, 2]}, {"example": 1}),
        ({"$ref": "#/a", "description": "d"}, {"allOf": [{"$ref": "#/a"}], "description": "d"}),
        ({"$ref": "#/a"}, {"$ref": "#/a"}),
        (True, {}),
        (False, {"not": {}}),
        ({"additionalProperties": False, "patternProperties": {"x": True}}, {"additionalProperties": False}),
        ({"properties": {"type": {"type": "null"}}}, {"properties": {"type": {"enum": [None]}}}),
        ({"default": {"schema": {"type": "null"}}}, {"default": {"schema": {"type": "null"}}}),
    ],
)
def test_a_schema_is_lowered(schema: Any, expected: Any) -> None:
    assert lowered(schema) == expected


def test_the_original_stays_as_it_was() -> None:
    before = repr(DOCUMENT)

    lowering.lower(DOCUMENT)

    assert repr(DOCUMENT) == before


def test_what_3_0_does_not_know_is_left_out() -> None:
    info = {**DOCUMENT["info"], "summary": "s", "license": {"name": "n", "identifier": "i"}}
    document = {**DOCUMENT, "webhooks": {}, "jsonSchemaDialect": "x", "info": info}

    view = lowering.lower(document)

    assert {"webhooks", "jsonSchemaDialect"}.isdisjoint(view)
    assert view["info"] == {"title": "Small", "version": "1", "license": {"name": "n"}}
