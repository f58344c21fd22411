"""The oracle of derived members.

What a catalogue says in data of every view of a job, and of every answer of an operation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import jsonschema_rs

from conformance.catalogue import Catalogue, Requirement
from conformance.oracles.job_views import View, ViewMap
from conformance.oracles.oracle import Violation
from conformance.oracles.schema_errors import errors_of
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, shown

_FRACTION = re.compile(r"\.(\d+)")
_MILLISECONDS = 1e11  # a number above is milliseconds since 1970, below seconds


class MemberOracle:
    """Judges the members `view`, `ordered`, `span`, `constant`, `step` and `answer` of requirements."""

    def __init__(self, catalogue: Catalogue, views: ViewMap) -> None:
        self._views, self._unset = views, catalogue.unset
        of_views = ("view", "ordered", "span", "constant", "step")
        self._rules = [one for one in catalogue.requirements.values() if any(name in one.rules for name in of_views)]
        self._answers = [one for one in catalogue.requirements.values() if one.answer is not None]
        self._schemas: dict[str, Any] = {one.id: _validator(one.view) for one in self._rules if one.view is not None}
        self._schemas |= {one.id: _validator(one.answer["schema"]) for one in self._answers if "schema" in one.answer}
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()
        self._first: dict[tuple[str, str, str], tuple[Json, Exchange]] = {}
        self._last: dict[str, View] = {}

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Judge the answer, and every job it shows."""
        for requirement in self._answers:
            yield from self._answer(requirement, exchange)
        self._forget(exchange)
        if self._rules:
            for view in self._views.views(exchange):
                for requirement in self._rules:
                    yield from self._view(requirement, view)
                self._last[view.id] = view

    def _forget(self, exchange: Exchange) -> None:
        """A new job may have the id of one that was deleted."""
        lifecycle = self._views.spec.lifecycle
        if (
            lifecycle is None
            or exchange.operation != lifecycle.roles["submit"].operation
            or not exchange.response.is_success
        ):
            return
        found = get(exchange.response.json, lifecycle.roles["submit"].id or "")
        if isinstance(found, str) and self._last.pop(found, None) is not None:
            for key in [one for one in self._first if one[0] == found]:
                del self._first[key]

    def _view(self, requirement: Requirement, view: View) -> Iterator[Violation]:
        for message, *earlier in self._broken(requirement, view):
            yield Violation(requirement.id, f"job {view.id}: {message}", (*earlier, view.exchange))

    def _broken(self, requirement: Requirement, view: View) -> Iterator[tuple[Any, ...]]:
        if requirement.view is not None:
            self.examined[requirement.id] += 1
            yield from ((message,) for message in _complaints(self._schemas[requirement.id], view.data))
        if requirement.ordered is not None:
            yield from ((message,) for message in self._ordered(requirement, view.data))
        if requirement.span is not None:
            yield from ((message,) for message in self._span(requirement, view.data))
        if requirement.constant is not None:
            yield from self._constant(requirement, view)
        if requirement.step is not None:
            yield from self._step(requirement, view)

    def _ordered(self, requirement: Requirement, data: Json) -> Iterator[str]:
        told = [(pointer, instant(get(data, pointer))) for pointer in requirement.ordered]
        given = [(pointer, value) for pointer, value in told if value is not None]
        self.examined[requirement.id] += len(given) > 1
        for (before, one), (after, other) in pairwise(given):
            if one > other:
                yield f"{before} is {shown(get(data, before))}, after {after}, which is {shown(get(data, after))}"

    def _span(self, requirement: Requirement, data: Json) -> Iterator[str]:
        rule = requirement.span
        told, begin, end = get(data, rule["of"]), instant(get(data, rule["from"])), instant(get(data, rule["to"]))
        if told is MISSING or told is None or begin is None or end is None:
            return
        self.examined[requirement.id] += 1
        expected = (end - begin) * (1000 if rule.get("unit") == "ms" else 1)
        within = rule.get("within", 1.0)
        if not isinstance(told, int | float) or abs(told - expected) > within:
            yield f"{rule['of']} is {shown(told)}, from {rule['from']} to {rule['to']} are {expected:g}"

    def _constant(self, requirement: Requirement, view: View) -> Iterator[tuple[Any, ...]]:
        for pointer in requirement.constant:
            told = get(view.data, pointer)
            if told is MISSING or told is None or told == "":
                continue
            if (view.id, pointer, requirement.id) not in self._first and any(
                same_value(told, one) for one in self._unset
            ):
                continue
            first, where = self._first.setdefault((view.id, pointer, requirement.id), (told, view.exchange))
            self.examined[requirement.id] += where is not view.exchange
            if not same_value(first, told):
                yield f"{pointer} was {shown(first)} and is now {shown(told)}", where

    def _step(self, requirement: Requirement, view: View) -> Iterator[tuple[Any, ...]]:
        rule, before = requirement.step, self._last.get(view.id)
        if before is None or (rule.get("from") and before.state not in rule["from"]) or before.state == view.state:
            return
        self.examined[requirement.id] += 1
        if view.state not in rule["to"]:
            yield f"went from {before.state} to {view.state}, expected {' or '.join(rule['to'])}", before.exchange

    def _answer(self, requirement: Requirement, exchange: Exchange) -> Iterator[Violation]:
        rule, told = requirement.answer, exchange.response
        operations = [rule["operation"]] if isinstance(rule["operation"], str) else rule["operation"]
        if exchange.operation not in operations:
            return
        if "only" in rule and told.is_success:
            self.examined[requirement.id] += 1
            if told.status not in rule["only"]:
                yield Violation(
                    requirement.id,
                    f"answered {told.status}, expected {' or '.join(map(str, rule['only']))}",
                    (exchange,),
                )
        if told.status not in rule.get("status", ()) and not ("status" not in rule and told.is_success):
            return
        if "schema" in rule or "headers" in rule:
            self.examined[requirement.id] += 1
        if "schema" in rule:
            messages = (
                _complaints(self._schemas[requirement.id], told.json)
                if told.json is not MISSING
                else iter(["the body is not JSON"])
            )
            yield from (Violation(requirement.id, message, (exchange,)) for message in messages)
        for name, pattern in rule.get("headers", {}).items():
            value = told.header(name)
            if value is None or not re.search(pattern, value):
                yield Violation(requirement.id, f"the header {name} is {shown(value)}, expected {pattern}", (exchange,))


def instant(value: Json) -> float | None:
    """Seconds since 1970 of a date-time, of seconds or milliseconds as a number or in digits.

    None for anything else.
    """
    if isinstance(value, bool) or value is MISSING or value is None:
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return _date(value)
    if not isinstance(value, int | float):
        return None
    return value / 1000 if abs(value) > _MILLISECONDS else float(value)


def _date(text: str) -> float | None:
    """A date-time; Python reads at most six digits of a fraction."""
    try:
        found = datetime.fromisoformat(_FRACTION.sub(lambda match: f".{match[1][:6]:0<6}", text))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _validator(schema: Json) -> Any:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _complaints(validator: Any, data: Json) -> Iterator[str]:
    for error in errors_of(validator, data):
        place = "".join(f"/{part}" for part in error.instance_path)
        yield f"{place or 'the whole'}: {error.message}"[:400]
