"""The lifecycle oracle: follows every job through the states it is seen in and compares with the lifecycle file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from conformance import catalogue as catalogues
from conformance.oracles.job_views import View, ViewMap
from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get
from specs import Lifecycle, Spec
from specs.document import answer_schema, schemas_at

KNOWN, ORDER, FINAL, FIRST = "JOB-STM-001", "JOB-STM-002", "JOB-STM-004", "JOB-CRT-003"


class Monitor:
    """Remembers the last state of every job. States between two looks may have been skipped.

    A way must lead there all the same.
    """

    def __init__(self, spec: Spec, views: ViewMap) -> None:
        self._views = views
        self._spec = spec
        self._reach = reach(spec.lifecycle, catalogues.load(spec.name).obscure) if spec.lifecycle else {}
        self._leaving = catalogues.load(spec.name).leaving
        self.forget()

    def forget(self) -> None:
        """Begin anew, in a world where nothing was seen yet."""
        self.examined: Counter[str] = Counter()
        self._last: dict[str, View] = {}

    def state_of(self, id_: str) -> str:
        """The state in which a job was seen last; empty where it was not."""
        view = self._last.get(id_)
        return view.state if view is not None else ""

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Judge every job that the answer shows."""
        self._forget(exchange)
        for view in self._views.views(exchange):
            yield from self._judge(view)

    def _judge(self, view: View) -> Iterable[Violation]:
        lifecycle = self._spec.lifecycle
        assert lifecycle is not None  # or there would be no views
        before = self._last.get(view.id)
        if (
            before is not None
            and before.exchange is not view.exchange
            and before.exchange.received > view.exchange.sent
        ):
            before = None  # of two answers that overlap nobody can say which state was the earlier one
        open_words = view.state not in lifecycle.states and self._is_open(view)
        if before is not None and view.state != before.state and view.state in self._leaving:
            return
        self.examined[KNOWN] += 1
        if view.state not in lifecycle.states:
            if not open_words:
                yield Violation(KNOWN, f"'{view.state}' is no documented state", (view.exchange,))
            elif before is not None and lifecycle.states[before.state].is_terminal:
                yield Violation(
                    FINAL,
                    f"job {view.id} had ended as {before.state} and is now {view.state}",
                    (before.exchange, view.exchange),
                )
            return
        if view.role == "submit":
            self.examined[FIRST] += 1
            if lifecycle.states[view.state].phase in ("succeeded", "cancelled"):
                yield Violation(FIRST, f"a new job is {view.state} already", (view.exchange,))
        self._last[view.id] = view
        if before is None or before.exchange is view.exchange:
            return
        ended = lifecycle.states[before.state].is_terminal
        self.examined[FINAL if ended else ORDER] += 1
        if view.state != before.state and view.state not in self._reach[before.state]:
            shown = (before.exchange, view.exchange)
            if ended:
                yield Violation(FINAL, f"job {view.id} had ended as {before.state} and is now {view.state}", shown)
            else:
                yield Violation(
                    ORDER, f"job {view.id} went from {before.state} to {view.state}, which no way leads to", shown
                )

    def _forget(self, exchange: Exchange) -> None:
        """A new job may have the id of one that was deleted."""
        lifecycle = self._spec.lifecycle
        if (
            lifecycle is not None
            and exchange.operation == lifecycle.roles["submit"].operation
            and exchange.response.is_success
        ):
            found = get(exchange.response.json, lifecycle.roles["submit"].id or "")
            if isinstance(found, str):
                self._last.pop(found, None)

    def _is_open(self, view: View) -> bool:
        """Whether the vendor's set of states is open: an unknown one is then no fault."""
        roles = self._spec.lifecycle.roles.values() if self._spec.lifecycle else ()
        role = next((one for one in roles if one.operation == view.exchange.operation), None)
        if role is None:
            return True
        pointer = (role.status or "") if role.items is None else f"{role.items}/0{role.status}"
        schemas = list(
            schemas_at(
                self._spec.document, answer_schema(self._spec.document, self._spec.operations[role.operation]), pointer
            )
        )
        return not any("enum" in schema or "const" in schema for schema in schemas)


def reach(lifecycle: Lifecycle, obscure: Collection[str] = ()) -> dict[str, frozenset[str]]:
    """For every state, those that can be seen after it, however much later.

    What no document explains is an `obscure` state: it may come after any state that is no end, and whatever can follow
    those can follow it, but for the first.
    """
    open_states = [name for name, state in lifecycle.states.items() if not state.is_terminal]
    steps = {*lifecycle.edges(), *((one, other) for other in obscure for one in open_states)}
    steps |= {(one, other) for one in obscure for other in lifecycle.states if other != lifecycle.initial}
    found: dict[str, frozenset[str]] = {}
    for start in lifecycle.states:
        seen: set[str] = set()
        frontier = [start]
        while frontier:
            here = frontier.pop()
            for source, target in steps:
                if source == here and target not in seen:
                    seen.add(target)
                    frontier.append(target)
        found[start] = frozenset(seen)
    return found
