"""Regular expressions and JSONPath expressions of clients, compiled so that no input makes them slow.

Regular expressions run in linear time (RE2's syntax: no look-around, no back-references). JSONPath expressions may walk
through a body once, not once per member: that is checked when the expression is compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery
from jsonpath_rfc9535.filter_expressions import (
    Expression,
    FilterQuery,
    FunctionExtension,
    RootFilterQuery,
    StringLiteral,
)
from jsonpath_rfc9535.function_extensions import ExpressionType, FilterFunction
from jsonpath_rfc9535.segments import JSONPathRecursiveDescentSegment
from jsonpath_rfc9535.selectors import FilterSelector
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from mockserver.http.limits import (
    PATTERN_BYTES,
    PATTERN_CHOICES,
    PATTERN_FILTERS,
    PATTERN_LENGTH,
    SEARCHED_LENGTH,
)

Search = Callable[[str], bool]
_OPTIONS = RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES)


def regex(pattern: str) -> Search:
    """Whether a text (of a long one its beginning) contains what `pattern` describes, as a function. Raises
    ValueError.
    """
    _check_length(pattern)
    try:
        search = Draft202012Validator({"pattern": pattern}, pattern_options=_OPTIONS).is_valid
    except ValidationError as error:
        words = "not a regular expression of RE2's syntax (which has no look-around and no back-references)"
        raise ValueError(f"{words}, or one too large when compiled") from error
    return lambda text: search(text[:SEARCHED_LENGTH])


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled JSONPath expression; `walks` says that it may look at any value of a body, `searches` how many times
    it may search each text of it.
    """

    query: JSONPathQuery
    walks: bool
    searches: int

    def find(self, body: Any) -> list[Any]:
        """The values that it selects of a body."""
        try:
            return self.query.find(body).values()
        except JSONPathError:  # the body is deeper than the expression's limit
            return []


def json_path(expression: str) -> Query:
    """A JSONPath expression. Raises ValueError."""
    _check_length(expression)
    try:
        query = _ENVIRONMENT.compile(expression)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(f"not a JSONPath expression: {error}") from error
    _check_cost(query)
    return Query(query, walks=not query.singular_query(), searches=expression.count("("))


def _check_length(pattern: str) -> None:
    if len(pattern) > PATTERN_LENGTH:
        raise ValueError(f"expected at most {PATTERN_LENGTH} characters")


def _check_cost(query: JSONPathQuery) -> None:
    """Raises ValueError for an expression that could visit a body's members more than a few times each."""
    queries = list(_queries(query))
    descents = sum(_descends(segment) for one in queries for segment in one.segments)
    selectors = (selector for one in queries for segment in one.segments for selector in segment.selectors)
    filters = [selector for selector in selectors if isinstance(selector, FilterSelector)]
    if descents > 1 or descents > sum(map(_descends, query.segments)):
        raise ValueError("expected `..` at most once, and not in a filter")
    if len(filters) > PATTERN_FILTERS or any(_nested(one) for one in filters):
        raise ValueError(f"expected at most {PATTERN_FILTERS} filters, none of them within another")
    for one in queries:
        choices = 1
        for segment in one.segments:
            choices *= len(segment.selectors)
        if choices > PATTERN_CHOICES:
            raise ValueError(f"expected at most {PATTERN_CHOICES} combinations of the selectors in brackets")


def _descends(segment: object) -> bool:
    return isinstance(segment, JSONPathRecursiveDescentSegment)


def _queries(query: JSONPathQuery) -> Iterator[JSONPathQuery]:
    """The query, and every query in its filters."""
    yield query
    for segment in query.segments:
        for selector in segment.selectors:
            if isinstance(selector, FilterSelector):
                for part in _parts(selector.expression):
                    if isinstance(part, FilterQuery):
                        yield from _queries(part.query)


def _parts(expression: Expression) -> Iterator[Expression]:
    """The expression and all it is made of. Raises ValueError for what would search the whole body for each member."""
    yield expression
    if isinstance(expression, RootFilterQuery) and not expression.query.singular_query():
        raise ValueError("expected `$` in a filter only with names and numbers behind it")
    if isinstance(expression, FunctionExtension):
        if expression.name in ("match", "search"):
            _check_literal(expression)
        for argument in expression.args:
            yield from _parts(argument)
    for name in ("expression", "left", "right"):
        inner = getattr(expression, name, None)
        if isinstance(inner, Expression):
            yield from _parts(inner)


def _nested(selector: FilterSelector) -> bool:
    inner = (part.query for part in _parts(selector.expression) if isinstance(part, FilterQuery))
    selectors = (one for query in inner for segment in query.segments for one in segment.selectors)
    return any(isinstance(one, FilterSelector) for one in selectors)


def _check_literal(call: FunctionExtension) -> None:
    pattern = call.args[1]
    if not isinstance(pattern, StringLiteral):
        raise ValueError(f"expected the second argument of {call.name}() as a text in quotes")
    regex(pattern.value)


class _Regex(FilterFunction):
    """The functions match (of the whole text) and search, by the linear engine."""

    arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012  (as the library declares it)
    return_type = ExpressionType.LOGICAL

    def __init__(self, around: str) -> None:
        self._around = around
        self._compiled: dict[str, Search] = {}

    def __call__(self, text: object, pattern: object) -> bool:
        if not isinstance(text, str) or not isinstance(pattern, str):
            return False
        search = self._compiled.get(pattern)
        if search is None:
            if len(self._compiled) >= PATTERN_LENGTH:
                self._compiled.clear()
            search = self._compiled[pattern] = regex(self._around.format(pattern))
        return search(text)


class _Environment(JSONPathEnvironment):
    def setup_function_extensions(self) -> None:
        """The functions of RFC 9535, those with patterns by the linear engine."""
        super().setup_function_extensions()
        self.function_extensions["match"] = _Regex("^(?:{})$")
        self.function_extensions["search"] = _Regex("{}")


_ENVIRONMENT = _Environment()
