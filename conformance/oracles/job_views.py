"""Finds the jobs that an answer shows, whatever the operation: the places come from the lifecycle's roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, mapped
from specs import Role, Spec

MOST_VIEWS = 5000
"""Most jobs of one answer that are looked at."""


@dataclass(frozen=True)
class View:
    """A job as one answer shows it.

    `data` are its members, `role` says what the answer was to (submit, read, list, …).
    """

    id: str
    state: str
    data: Json
    role: str
    exchange: Exchange


@dataclass(frozen=True)
class ViewMap:
    """Where answers show jobs: the lifecycle's roles, and further operations that a catalogue names.

    `identity` is the pointer, inside a job's members, of what reports jobs apart where the public id does not.
    """

    spec: Spec
    identity: str | None = None
    further: Mapping[str, Role] | None = None

    def views(self, exchange: Exchange) -> Iterator[View]:
        """Every job that a granted request's answer shows."""
        lifecycle = self.spec.lifecycle
        if lifecycle is None or exchange.operation is None or not exchange.response.is_success:
            return
        for name, role in (*lifecycle.roles.items(), *(self.further or {}).items()):
            if role.operation == exchange.operation and role.status is not None:
                yield from self._shown(name, role, exchange)

    def _shown(self, name: str, role: Role, exchange: Exchange) -> Iterator[View]:
        answer = exchange.response.json
        members = items_of(role, answer) if role.items is not None else [get(answer, root(role))]
        inner = "" if role.items is not None else root(role)
        for data in islice(members, MOST_VIEWS):
            if not isinstance(data, dict):
                continue
            state = get(data, (role.status or "")[len(inner) :])
            found = get(data, self.identity or (role.id or self._id_pointer(role))[len(inner) :])
            if isinstance(state, str) and isinstance(found, str):
                yield View(found, state, data, name, exchange)

    def _id_pointer(self, role: Role) -> str:
        """Where a single job's answer holds its id: as in the answer to the submission."""
        lifecycle = self.spec.lifecycle
        submit = lifecycle.roles["submit"] if lifecycle else role
        return root(role) + "/" + (submit.id or "").rpartition("/")[2]


def root(role: Role) -> str:
    """The pointer of the job inside an answer that shows one."""
    return (role.status or "").rpartition("/")[0]


def items_of(role: Role, answer: Json) -> list[Json]:
    """The items of a list's answer; none where there is no list.

    An envelope that calls its only list something else holds them there.
    """
    found = get(answer, role.items or "")
    if found is MISSING and isinstance(answer, dict):
        lists = [value for value in answer.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else MISSING
    return found if isinstance(found, list) else []


def view_in(spec: Spec, exchange: Exchange, id_: str, body: Json = None) -> Json:
    """The members of one job in an answer that shows one or many, or MISSING.

    `body` made the job: of several with its id, the one whose members fit the body's counts.
    """
    roles = spec.lifecycle.roles if spec.lifecycle else {}
    for role in roles.values():
        if role.operation != exchange.operation:
            continue
        if role.items is None:
            return get(exchange.response.json, root(role)) if role.status else MISSING
        fitting = [item for item in items_of(role, exchange.response.json) if get(item, role.id or "") == id_]
        return max(fitting, key=lambda item: _likeness(item, body), default=MISSING)
    return MISSING


def _likeness(item: Json, body: Json) -> int:
    told = dict(_leaves(body))
    return sum(1 for key, value in item.items() if key in told and told[key] == value) if isinstance(item, dict) else 0


def _leaves(value: Json) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict):
                yield from _leaves(item)
            else:
                yield key, item


def fill(template: Json, id_: str, body: Json) -> Json:
    """A template of a call's body: `{id}` is the job's id, `{body:/pointer}` what its submission said."""

    def change(text: str) -> str:
        if text == "{id}":
            return id_
        if text.startswith("{body:") and text.endswith("}"):
            return str(get(body, text[6:-1]))
        return text

    return mapped(template, change)


def made_by(spec: Spec, exchange: Exchange) -> str:
    """The id of the job that an exchange made; empty where it made none.

    Jobs are not only made by the operation that plays the role: whatever is posted, and answered by a job that the path
    does not name, has made one.
    """
    if spec.lifecycle is None or exchange.request.method != "POST" or not exchange.response.is_success:
        return ""
    found = get(exchange.response.json, spec.lifecycle.roles["submit"].id or "")
    return found if isinstance(found, str) and found not in exchange.values.values() else ""
