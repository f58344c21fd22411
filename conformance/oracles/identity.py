"""The identity oracle: a new job has an id, and one that no other job has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from conformance.oracles.job_views import ViewMap, items_of
from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get
from specs import Spec

PRESENT, DISTINCT, ASKED = "JOB-CRT-002", "JOB-IDM-001", "JOB-IDM-003"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Identity:
    """Remembers the ids that submissions gave, with what else reports them apart.

    An id may come again once its job was deleted, or if it `fades` by itself.
    """

    def __init__(self, spec: Spec, views: ViewMap, match: Iterable[str] = (), fades: str | None = None) -> None:
        self._match, self._fades = tuple(match), fades
        self._roles = spec.lifecycle.roles if spec.lifecycle else {}
        self._views = views
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()
        self._given: dict[str, Exchange] = {}

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Judge the answer to a submission, and that an answer about one job is about the one that was asked for."""
        if not exchange.response.is_success or exchange.operation is None:
            return
        if "delete" in self._roles and exchange.operation == self._roles["delete"].operation:
            self._forget(exchange)
        if self._match:
            self._miss(exchange)
        if exchange.operation == self._roles["submit"].operation:
            yield from self._new(exchange)
        elif len(exchange.values) == 1 and self._views.identity is None:
            asked = next(iter(exchange.values.values()))
            for view in self._views.views(exchange):
                self.examined[ASKED] += 1
                if view.id != asked and not _is_one_uuid(view.id, asked):
                    yield Violation(ASKED, f"asked for {asked}, told of {view.id}", (exchange,))

    def _forget(self, exchange: Exchange) -> None:
        for id_ in exchange.values.values():
            self._given.pop(id_, None)
        if not exchange.values:
            self._given.clear()

    def _miss(self, exchange: Exchange) -> None:
        """A name that its client chose is free again once its job has left the list of all jobs, whose time to live may
        be over."""
        role = self._roles.get("list")
        if role is None or exchange.operation != role.operation or "?" in exchange.request.target:
            return
        shown = {str(get(one, role.id or "")) for one in items_of(role, exchange.response.json)}
        for key in [key for key in self._given if key.partition("|")[0] not in shown]:
            del self._given[key]

    def _new(self, exchange: Exchange) -> Iterable[Violation]:
        self.examined[PRESENT] += 1
        found = get(exchange.response.json, self._roles["submit"].id or "")
        if not isinstance(found, str) or not found:
            yield Violation(PRESENT, "the answer to the submission holds no id", (exchange,))
            return
        key = "|".join([found, *(str(get(exchange.request.json, pointer)) for pointer in self._match)])
        self.examined[DISTINCT] += 1
        if key in self._given:
            yield Violation(DISTINCT, f"{found} is the id of two jobs", (self._given[key], exchange))
        self._given[key] = exchange
        if self._fades is not None and get(exchange.request.json, self._fades) not in (MISSING, None):
            del self._given[key]


def _is_one_uuid(told: Json, asked: str) -> bool:
    """Whether both are one UUID, whose letters may be in either case."""
    return isinstance(told, str) and told.lower() == asked.lower() and _UUID.fullmatch(told) is not None
