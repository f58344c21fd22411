"""The lifecycle oracle: follows every job through the states it is seen in and compares with the lifecycle file."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterable

from conformance import catalogue as catalogues
from conformance.oracles.job_views import View, ViewMap
from conformance.oracles.oracle import Violation
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get
from specs import Lifecycle, Spec
from specs.document import answer_schema, schemas_at

KNOWN, ORDER, FINAL, FIRST = "JOB-STM-001", "JOB-STM-002", "JOB-STM-004", "JOB-CRT-003"


KEPT = 8
"""So many looks at a job are remembered: those that may overlap with one to come."""


class LifecycleOracle:
    """Remembers looks at every job, each with the time in which the job was in that state, and asks whether any course
    of the job explains them all.

    States between two looks may have been skipped; of looks that overlap nobody can say which was the earlier. `slack`
    is how many seconds a look may be behind.
    """

    def __init__(self, spec: Spec, views: ViewMap, *, slack: float = 0.0) -> None:
        self._views = views
        self._spec = spec
        self._slack = slack
        self._reach = reach(spec.lifecycle, catalogues.load(spec.name).obscure) if spec.lifecycle else {}
        self._leaving = catalogues.load(spec.name).leaving
        self.forget()

    def forget(self) -> None:
        """Forget everything: another world begins."""
        self.examined: Counter[str] = Counter()
        self._looks: dict[str, deque[View]] = {}

    def state_of(self, id_: str) -> str:
        """The state in which a job was seen last; empty where it was not."""
        looks = self._looks.get(id_)
        return looks[-1].state if looks else ""

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Judge every job that the answer shows."""
        self._forget(exchange)
        for view in self._views.views(exchange):
            yield from self._judge(view)

    def _judge(self, view: View) -> Iterable[Violation]:
        lifecycle = self._spec.lifecycle
        assert lifecycle is not None  # or there would be no views
        looks = [one for one in self._looks.get(view.id, ()) if one.exchange is not view.exchange]
        earlier = [one for one in looks if one.exchange.received + self._slack <= view.exchange.sent]
        if earlier and view.state != earlier[-1].state and view.state in self._leaving:
            return
        self.examined[KNOWN] += 1
        if view.state not in lifecycle.states:
            yield from self._unknown(view, earlier)
            return
        if view.role == "submit":
            self.examined[FIRST] += 1
            if lifecycle.states[view.state].phase in ("succeeded", "cancelled"):
                yield Violation(FIRST, f"a new job is {view.state} already", (view.exchange,))
        if looks:
            self.examined[FINAL if lifecycle.states[looks[-1].state].is_terminal else ORDER] += 1
        contradiction = self._after(view, earlier) or self._beside(view, [one for one in looks if one not in earlier])
        if contradiction is not None:
            yield contradiction
            self._looks.pop(view.id, None)  # what follows is compared with the new state
        self._looks.setdefault(view.id, deque(maxlen=KEPT)).append(view)

    def _unknown(self, view: View, earlier: list[View]) -> Iterable[Violation]:
        """A word that the lifecycle does not know; where the set of states is open, a job may not come back with it."""
        if not self._is_open(view):
            yield Violation(KNOWN, f"'{view.state}' is no documented state", (view.exchange,))
            return
        ended = next((one for one in reversed(earlier) if self._has_ended(one)), None)
        if ended is not None:
            yield self._came_back(ended, view)

    def _after(self, view: View, earlier: list[View]) -> Violation | None:
        """An earlier look from which no way leads to this one."""
        for one in reversed(earlier):
            if not self._leads(one, view):
                if self._has_ended(one):
                    return self._came_back(one, view)
                message = f"job {view.id} went from {one.state} to {view.state}, which no way leads to"
                return Violation(ORDER, message, (one.exchange, view.exchange))
        return None

    def _beside(self, view: View, others: list[View]) -> Violation | None:
        """A look at about the same time that no course of the job explains together with this one."""
        for one in others:
            if not self._leads(one, view) and not self._leads(view, one):
                message = (
                    f"job {view.id} was {one.state} and {view.state} at about the same time, and no way leads from one "
                    "to the other"
                )
                return Violation(ORDER, message, (one.exchange, view.exchange))
        return None

    def _leads(self, one: View, other: View) -> bool:
        return one.state == other.state or other.state in self._reach[one.state]

    def _has_ended(self, view: View) -> bool:
        lifecycle = self._spec.lifecycle
        return lifecycle is not None and lifecycle.states[view.state].is_terminal

    def _came_back(self, ended: View, view: View) -> Violation:
        message = f"job {view.id} had ended as {ended.state} and is now {view.state}"
        return Violation(FINAL, message, (ended.exchange, view.exchange))

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
                self._looks.pop(found, None)

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
