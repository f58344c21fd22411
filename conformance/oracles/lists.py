"""The list oracle: no job twice on one page, no page longer than asked for, and lists that agree with what single
answers tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from conformance.oracles.job_views import View, ViewMap
from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange
from specs import Spec

ONCE = "JOB-LST-001"


class Listing:
    """Looks at every list of jobs."""

    def __init__(self, spec: Spec, views: ViewMap) -> None:
        self._views = views
        roles = [*(spec.lifecycle.roles if spec.lifecycle else {}).values(), *(views.further or {}).values()]
        self._lists = {role.operation for role in roles if role.items is not None}
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Judge a list."""
        if exchange.operation not in self._lists:
            return
        shown: list[View] = list(self._views.views(exchange))
        self.examined[ONCE] += 1
        for id_, count in Counter(view.id for view in shown).items():
            if count > 1:
                yield Violation(ONCE, f"job {id_} is listed {count} times on one page", (exchange,))
