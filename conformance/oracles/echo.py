"""The echo oracle: what a submission said, or the documented default of what it left out, is what views of the job
tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from conformance.catalogue import Catalogue, Requirement
from conformance.oracles.job_views import View, ViewMap
from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, same_value, shown, without_nulls
from specs import Spec


class Echo:
    """Remembers submissions by the id they got; judges the requirements of the catalogue that have `echo`."""

    def __init__(self, spec: Spec, catalogue: Catalogue, views: ViewMap) -> None:
        self._rules = [one for one in catalogue.requirements.values() if one.echo is not None]
        self._match: Mapping[str, str] = catalogue.match
        self._views = views
        self._roles = spec.lifecycle.roles if spec.lifecycle else {}
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()
        self._submissions: dict[str, Exchange] = {}

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Judge every job that the answer shows and whose submission was seen."""
        if exchange.operation is None or not exchange.response.is_success:
            return
        submit = self._roles["submit"]
        if exchange.operation == submit.operation and isinstance(
            found := get(exchange.response.json, submit.id or ""), str
        ):
            self._submissions[self._key(found, exchange.request.json, self._match.keys())] = exchange
        if self._rules:
            for view in self._views.views(exchange):
                public = get(view.data, self._public()) if self._match else view.id
                origin = self._submissions.get(self._key(public, view.data, self._match.values()))
                if origin is not None:
                    yield from self._judge(view, origin)

    def _public(self) -> str:
        return next((role.id for role in self._roles.values() if role.items is not None and role.id), "/id")

    def _key(self, id_: Any, data: Json, pointers: Iterable[str]) -> str:
        return repr([id_, *(get(data, pointer) for pointer in pointers)])

    def _judge(self, view: View, origin: Exchange) -> Iterable[Violation]:
        for requirement in self._rules:
            said = self._said(requirement, origin)
            if said is MISSING:
                continue
            self.examined[requirement.id] += 1
            told = get(view.data, requirement.echo["to"])
            if not agree(said, told, requirement.echo.get("as", "same")):
                message = (
                    f"{requirement.echo['to']} is {shown(told)}, submitted was {shown(said)} at "
                    f"{requirement.echo['from']}"
                )
                yield Violation(
                    requirement.id, message, (origin, view.exchange) if origin is not view.exchange else (origin,)
                )

    def _said(self, requirement: Requirement, origin: Exchange) -> Json:
        place, pointer = requirement.echo.get("in", "body"), requirement.echo["from"]
        if place == "body":
            found = get(origin.request.json, pointer)
        elif place == "header":
            found = value if (value := origin.request.header(pointer)) is not None else MISSING
        else:
            found = dict(parse_qsl(origin.request.target.partition("?")[2])).get(pointer, MISSING)
        return requirement.echo.get("default", MISSING) if found is MISSING else found


def agree(said: Json, told: Json, how: str) -> bool:
    """Whether a view reports what a submission said.

    The `same`, as a `number` or `text` however it is written, or with more beside it (`part`).
    """
    if said is None and told is MISSING:
        return True
    if how == "number":
        try:
            return float(said) == float(told)
        except (TypeError, ValueError):
            return False
    if how == "text":
        return str(said) == str(told)
    if how == "part" and isinstance(said, dict):
        return isinstance(told, dict) and all(
            agree(value, told.get(key, MISSING), "part") for key, value in said.items()
        )
    return same_value(without_nulls(said), without_nulls(told)) if told is not MISSING else False
