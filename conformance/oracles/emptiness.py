"""The emptiness oracle: a list that has nothing in it is a list in the answer to a submission too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from conformance.oracles.job_views import View, ViewMap
from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange

EMPTY = "JOB-RSP-008"


class Emptiness:
    """Remembers what was null of a new job; where that is an empty list later, it should have been one at first."""

    def __init__(self, views: ViewMap) -> None:
        self._views = views
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()
        self._new: dict[str, View] = {}

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Compare every job that the answer shows with what was shown of it when it was new."""
        for view in self._views.views(exchange):
            if view.role == "submit":
                self._new[view.id] = view
            elif (first := self._new.get(view.id)) is not None:
                lists = [name for name, value in view.data.items() if value == [] and name in first.data]
                self.examined[EMPTY] += bool(lists)
                nulls = [name for name in lists if first.data[name] is None]
                if nulls:
                    del self._new[view.id]
                    message = f"{nulls[0]} of a new job is null, and an empty list in a later answer"
                    yield Violation(EMPTY, message, (first.exchange, exchange))
