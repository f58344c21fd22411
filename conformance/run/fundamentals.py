"""Looks first at what most checks stand on, so that a server on which that is broken is judged quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from conformance.errors import Inconclusive, NotApplicable
from conformance.oracles.job_views import view_in
from conformance.session.expect import needed
from conformance.session.session import HORIZON, SILENT, Ground, JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, shown
from specs.lifecycle import TERMINAL

JOBS = 3
"""So many jobs show it alike, where it is broken."""
SOON = 10.0
"""Seconds of the target's clock after which a job is in the list, can be read, and has a state, at the latest."""
STEP = 2.0


@dataclass(frozen=True)
class Broken:
    """A ground that is not there: the requirement that says so, what was seen, and the answer that shows it.

    There is no such answer where it is only that jobs do not get on, for which nobody knows how long to wait.
    """

    requirement: str
    seen: str
    shown_by: Exchange | None = None

    def reason(self, judged: tuple[str, ...]) -> str:
        """Why a case that judges these requirements says nothing."""
        return self.seen if self.requirement in judged else f"not judged because of {self.requirement}: {self.seen}"


def broken_grounds(session: Session) -> dict[Ground, Broken]:
    """What is not as it must be for most checks, seen three times; empty where even that cannot be said."""
    found: dict[Ground, Broken] = {}
    try:
        with session:
            jobs = [session.submit() for _ in range(JOBS)]
            for ground, broken in _looked_at(session, jobs):
                found[ground] = broken
    except (Inconclusive, NotApplicable):  # whoever judges submissions says why
        return found
    return found


def reasons(broken: Mapping[Ground, Broken], judged: tuple[str, ...]) -> dict[Ground, str]:
    """What a case is told that judges these requirements; the one that a ground breaks is judged itself.

    Ordinary lives, which judge none, go on asking for lists: the oracles look at the answers.
    """
    return {
        ground: one.reason(judged)
        for ground, one in broken.items()
        if one.shown_by is None or (one.requirement not in judged and (judged or ground != "list"))
    }


def _looked_at(session: Session, jobs: list[JobRef]) -> Iterator[tuple[Ground, Broken]]:
    if "list" in session.roles and not _soon(session, lambda: _is_list(session)):
        told = session.exchanges[-1]
        broken = _blamed(session, "JOB-LST-002", told, _no_list(session, told))
        yield "list", broken
        if "read" not in session.roles:
            yield "read", broken
            return
    if not _soon(session, lambda: any(_is_read(session, job) for job in jobs)):
        told = session.exchanges[-1]
        usual, seen = ("JOB-LST-002", "no new job is in the list")
        if "read" in session.roles:
            usual, seen = "JOB-CRT-005", f"a new job was read and answered {told.response.status}"
        yield "read", _blamed(session, usual, told, seen)
        return
    if not _soon(session, lambda: any(session.phase(job) for job in jobs)):
        told, state = session.exchanges[-1], session.state(jobs[-1])
        seen = f"a job is shown as {shown(state)}, which is no state" if state else "no job is shown with a state"
        yield "state", _blamed(session, "JOB-STM-001", told, seen)
        return
    yield from _time(session, jobs)


def _time(session: Session, jobs: list[JobRef]) -> Iterator[tuple[Ground, Broken]]:
    """Whether jobs get on."""
    first, moved, waited = [session.state(job) for job in jobs], False, 0.0
    for passed in session.ticks(HORIZON, STEP):
        waited = passed
        states = [session.state(job) for job in jobs]
        if any(session.phase_of(state) in TERMINAL for state in states):
            return
        moved = moved or states != first
    still = f"{JOBS} jobs are still {shown(first[0])} after {waited:g} seconds"
    if not moved:
        yield "move", Broken("JOB-STM-005", still)
    yield "end", Broken("JOB-STM-005", f"none of {JOBS} jobs ended within {waited:g} seconds" if moved else still)


def _soon(session: Session, holds: Callable[[], bool]) -> bool:
    """Whether something holds now or in a moment: a server may be late to know what it was told."""
    return any(holds() for _ in session.ticks(SOON, STEP))


def _is_read(session: Session, job: JobRef) -> bool:
    exchange = _not_now(session.read(job))
    return exchange.response.is_success and view_in(session.spec, exchange, job.id, job.body) is not MISSING


def _is_list(session: Session) -> bool:
    exchange = _not_now(session.list_jobs())
    return exchange.response.is_success and _holds_a_list(exchange.response.json, session.role("list").items or "")


def _not_now(exchange: Exchange) -> Exchange:
    """The exchange; Inconclusive where its status only says that nobody is answered so or now."""
    needed(exchange.response.status not in (*SILENT, 429, 503), f"answered {exchange.response.status}")
    return exchange


def _holds_a_list(answer: Json, pointer: str) -> bool:
    if isinstance(get(answer, pointer), list):
        return True
    return isinstance(answer, dict) and sum(isinstance(value, list) for value in answer.values()) == 1


def _no_list(session: Session, told: Exchange) -> str:
    if not told.response.is_success:
        return f"the list was answered {told.response.status}"
    return f"the list's answer has no list at {session.role('list').items or 'its top'}"


def _blamed(session: Session, usual: str, told: Exchange, seen: str) -> Broken:
    """The requirement that the oracles found to be broken by such an answer, or else the usual one."""
    found = [one.requirement for one in session.violations if one.exchanges and one.exchanges[-1] is told]
    known = session.oracles.catalogue.requirements
    musts = [id_ for id_ in found if known[id_].level == "MUST"]
    return Broken(usual if usual in musts or not musts else musts[0], seen, told)
