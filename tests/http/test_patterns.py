"""Patterns that clients send: what they find, which are refused, and that none of them can be made slow."""

from __future__ import annotations

from time import process_time
from typing import Any

import pytest

from mockserver.adapters.exchange import Refusal
from mockserver.http import limits
from mockserver.http.limits import SEARCHED_LENGTH, SEARCHED_VALUES
from mockserver.http.steering import patterns
from mockserver.http.steering.faults import Faults
from mockserver.http.steering.matching import Asked
from mockserver.http.steering.rules import Rules


def asked(body: Any, path: str = "/jobs") -> Asked:
    """A request with this body."""
    return Asked("ionworks", "submit_job_jobs_post", "POST", path, {b"x-long": b"x" * 60_000}, body)


DEEP: dict[str, Any] = {"a": {"b": [{"c": 1, "name": "blue-1"}, {"c": 2, "name": "red-2"}]}}
NASTY = ["^/jobs/(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){12}$", "([a-z]+)*=", r"^(\w+\s?)*$", "(?:a?){30}a{30}$"]


@pytest.mark.parametrize("pattern", NASTY)
def test_no_text_makes_a_regular_expression_slow(pattern: str) -> None:
    search, text = patterns.regex(pattern), "/jobs/" + "a" * 50_000 + "!"

    began = process_time()
    search(text)

    assert process_time() - began < 0.2


@pytest.mark.parametrize("pattern", NASTY)
def test_no_text_makes_a_regular_expression_in_a_filter_slow(pattern: str) -> None:
    find = patterns.json_path(f"$[?search(@, '{pattern}')]".replace("\\", "\\\\")).find

    began = process_time()
    find(["a" * 50_000 + "!"])

    assert process_time() - began < 0.2


@pytest.mark.parametrize(
    "pattern",
    ["(", "[a-z", "(?=a)b", "(?<!a)b", r"(a)\1", "a{1000}{1000}", "*", "x" * 501, "(?P<x>a)(?P=x)", r"\Z", "a{2,1}"],
)
def test_a_pattern_that_the_engine_does_not_know_is_refused_when_the_rule_or_fault_is_made(pattern: str) -> None:
    for add in (
        lambda: Rules().add({"match": {"path_regex": pattern}, "answer": {"status": 500}}),
        lambda: Rules().add({"match": {"headers": {"x": {"regex": pattern}}}, "answer": {"status": 500}}),
        lambda: Rules().add({"match": {"body": {"$.a": {"regex": pattern}}}, "answer": {"status": 500}}),
        lambda: Faults().add({"kind": "drop", "scope": {"path_regex": pattern}}),
    ):
        with pytest.raises(Refusal) as refused:
            add()
        assert refused.value.kind == "invalid"
        assert "regular expression" in refused.value.message or "at most 500 characters" in refused.value.message


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("$.a.b[*].c", [1, 2]),
        ("$..c", [1, 2]),
        ("$..[?@.c > 1].name", ["red-2"]),
        ("$.a.b[?search(@.name, 'lue')].c", [1]),
        ("$.a.b[?match(@.name, 'blue-[0-9]')].c", [1]),
        ("$.a.b[?match(@.name, 'lue|red')].c", []),
        ("$.a.b[?@.c == $.a.b[0].c].name", ["blue-1"]),
        ("$.a.b[0,1]['c','name']", [1, "blue-1", 2, "red-2"]),
        ("$.none", []),
    ],
)
def test_what_an_expression_finds(expression: str, found: list[Any]) -> None:
    assert patterns.json_path(expression).find(DEEP) == found


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("$.[", "not a JSONPath expression"),
        ("$..*..*..*", "`..` at most once"),
        ("$[?@..a]", "`..` at most once, and not in a filter"),
        ("$[?$..a]", "`$` in a filter only with names"),
        ("$[?$[*]]", "`$` in a filter only with names"),
        ("$[?count($[*]) > 1]", "`$` in a filter only with names"),
        ("$[?@[?@.a]]", "none of them within another"),
        ("$" + "[?@.a]" * 6, "at most 5 filters"),
        ("$" + "['a','a']" * 7, "at most 100 combinations"),
        ("$[?@" + "['a','a']" * 7 + "]", "at most 100 combinations"),
        ("$[?search(@.a, @.b)]", "as a text in quotes"),
        ("$[?search(@.a, '(')]", "not a regular expression"),
        ("$.a" + "." * 500, "at most 500 characters"),
        ("$[?" + "(" * 480, "not a JSONPath expression"),
    ],
)
def test_an_expression_that_could_visit_a_body_many_times_is_refused_in_one_sentence(
    expression: str, reason: str
) -> None:
    with pytest.raises(Refusal) as refused:
        Rules().add({"match": {"body": {expression: 1}}, "answer": {"status": 500}})

    assert reason in refused.value.message
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "expression",
    ["$..*", "$..[?@.x]", "$..['a','b','c']", "$[?@[*][*]]", "$[*][*][*]", "$[*]['a','a','a']['a','a','a']", "$[::1]"],
)
def test_no_body_makes_an_expression_slow(expression: str) -> None:
    rules = Rules()
    rules.add({"match": {"body": {expression: 1}}, "answer": {"status": 500}})
    bodies: tuple[Any, ...] = (
        [[[0]]] * 12_000,
        {str(number): {"a": {"a": 1}} for number in range(16_000)},
        [0] * 2_000_000,
    )

    began = process_time()
    for body in bodies:
        rules.match(asked(body))

    assert process_time() - began < 1.5


def test_the_bounds_of_what_is_searched_are_as_told() -> None:
    for expression, count, is_met in (
        ("$[*]", SEARCHED_VALUES + 1, False),
        ("$[*]", SEARCHED_VALUES, True),
        ("$[1]", SEARCHED_VALUES + 1, True),
    ):
        rules = Rules()
        rules.add({"match": {"body": {expression: {"exists": True}}}, "answer": {"status": 500}})
        assert (rules.match(asked([0] * count)) is not None) is is_met
    assert patterns.regex("b")("a" * (SEARCHED_LENGTH - 1) + "b")
    assert not patterns.regex("b")("a" * SEARCHED_LENGTH + "b")


def test_a_rule_meets_what_its_expressions_find() -> None:
    rules = Rules()
    rules.add({"match": {"body": {"$..c": 2}}, "answer": {"status": 500}})

    assert rules.match(Asked("xio", "xio_create_job", "POST", "/v1/jobs", {}, DEEP)) is not None


LONG = ".{300}"
MANY: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a path": ({"path_regex": LONG + "!"}, {"path": "/" + "x" * 60_000}),
    "header fields": ({"headers": {"x-long": {"regex": LONG + "!"}}}, {}),
    "values of a body": ({"body": {"$..*": {"regex": LONG + "!"}}}, {"body": ["x" * 60_000] * 100}),
    "filters": ({"body": {f"$[?search(@, '{LONG}!')]": 1}}, {"body": ["x" * 60_000] * 100}),
    "a large body": ({"body": {"$..[?@.x == 1]": 1}}, {"body": [[[[0]]]] * 12_000}),
}


@pytest.mark.parametrize("kind", MANY)
def test_as_many_rules_as_there_may_be_do_not_make_a_request_slow(kind: str) -> None:
    scope, request = MANY[kind]
    rules = Rules()
    for _ in range(limits.RULES):
        rules.add({"match": scope, "answer": {"status": 500}})

    began = process_time()
    rules.match(asked(request.get("body"), request.get("path", "/jobs")))

    assert process_time() - began < 1.5


def test_a_rule_or_fault_has_at_most_so_many_conditions() -> None:
    scope = {"headers": {f"x-{number}": "x" for number in range(limits.CONDITIONS + 1)}}

    for add in (
        lambda: Rules().add({"match": scope, "answer": {"status": 500}}),
        lambda: Faults().add({"kind": "drop", "scope": scope}),
    ):
        with pytest.raises(Refusal) as refused:
            add()
        assert f"at most {limits.CONDITIONS}" in refused.value.message
