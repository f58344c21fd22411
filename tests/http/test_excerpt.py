"""What is wrong with a large value is found in an excerpt of it, and said of the true value."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.http.contract.schema import violations
from mockserver.http.limits import EXCERPT_MEMBERS, EXCERPT_VALUES, VIOLATIONS
from specs.excerpt import excerpt

MANY = EXCERPT_VALUES * 40
MEBIBYTE = 1024 * 1024


def found(schema: dict[str, Any], value: Any) -> list[tuple[str, Any]]:
    """Pointer and offending value of each violation."""
    validator = jsonschema_rs.Draft202012Validator(schema)
    return [("/".join(map(str, one.pointer)), one.got) for one in violations(validator, value, "body")]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        pytest.param({"items": {"type": "string"}}, [1] * MANY, id="a list of wrong items"),
        pytest.param({"additionalProperties": {"type": "string"}}, {f"k{n}": n for n in range(MANY)}, id="a free map"),
        pytest.param({"items": {"items": {"type": "string"}}}, [[1] * 100] * (MANY // 100), id="lists in a list"),
        pytest.param({"items": {"anyOf": [{"type": "null"}, {"type": "string"}]}}, [1] * MANY, id="alternatives"),
        pytest.param({"items": {"required": ["a"]}}, [{"b": 1}] * MANY, id="objects without a member"),
        pytest.param({"type": "object"}, [1] * MANY, id="a list for an object"),
    ],
)
def test_many_violations_cost_no_more_memory_than_the_first_of_them(schema: dict[str, Any], value: Any) -> None:
    tracemalloc.start()

    wrong = found(schema, value)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 1 <= len(wrong) <= VIOLATIONS
    assert peak < 8 * MEBIBYTE


def test_a_violation_far_behind_is_found() -> None:
    assert found({"items": {"type": "integer"}}, [1] * MANY + ["last"]) == [(str(MANY), "last")]
    assert found({"required": ["z"]}, {f"k{n}": n for n in range(MANY)})[0][0] == ""


def test_what_was_cut_is_not_blamed() -> None:
    object_ = {f"k{n}": n for n in range(MANY)} | {"z": 1}

    assert found({"required": ["z"]}, object_) == []
    assert found({"minItems": MANY}, [1] * MANY) == []
    assert found({"required": ["z"], "properties": {"k1": {"type": "string"}}}, object_) == [("k1", 1)]


def test_the_true_value_is_reported() -> None:
    value = [[n] * (EXCERPT_MEMBERS + 5) for n in range(EXCERPT_VALUES)]

    assert found({"items": {"type": "string"}}, value)[3] == ("3", value[3])


SMALL = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=30,
)


@given(SMALL)
def test_a_small_value_is_its_own_excerpt(value: Any) -> None:
    assert excerpt(value, EXCERPT_MEMBERS, EXCERPT_VALUES) == (value, set())


@given(st.lists(st.integers(0, 3 * EXCERPT_MEMBERS), min_size=EXCERPT_VALUES // 40, max_size=EXCERPT_VALUES // 10))
def test_an_excerpt_is_small_and_the_beginning_of_the_value(lengths: list[int]) -> None:
    value = [["x"] * length for length in lengths]

    short, cut = excerpt(value, EXCERPT_MEMBERS, EXCERPT_VALUES)

    assert len(json.dumps(short)) <= 6 * (EXCERPT_VALUES + len(value)) + 2
    for place, inner in enumerate(short):
        assert inner == value[place][: len(inner)]
        assert (len(inner) < len(value[place])) == ((place,) in cut)
