"""Instants and durations that a job reports, as compared with when they were seen to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from conformance.errors import NotApplicable
from conformance.oracles.members import instant
from conformance.session.expect import expect, needed
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import Json, get, shown

DAY_ALONE = len("2026-01-01")


def instants(view: Json, *pointers: str) -> list[float]:
    """The instants at these pointers, in seconds.

    Inconclusive where one is missing, NotApplicable where one is a day and no instant.
    """
    values = {pointer: get(view, pointer) for pointer in pointers}
    for pointer, value in values.items():
        if isinstance(value, str) and len(value) == DAY_ALONE and "-" in value:
            raise NotApplicable(f"{pointer} is a day and no instant: {value}")
    found = {pointer: instant(value) for pointer, value in values.items()}
    missing = [pointer for pointer, value in found.items() if value is None]
    needed(not missing, f"the job reports no instant at {', '.join(missing)}")
    return [value for value in found.values() if value is not None]


def seconds_between(view: Json, begin: str, end: str) -> float:
    """Seconds from one instant of a job to another."""
    first, last = instants(view, begin, end)
    return last - first


def duration_fits(view: Json, member: str, span: tuple[str, str], *, within: float = 1.0, what: str) -> None:
    """A member is a number of seconds, those between the two instants of a span."""
    value = get(view, member)
    expect(isinstance(value, int | float), f"{what} has the {member[1:]} {shown(value)}")
    lasted = seconds_between(view, *span)
    message = f"{what} has the {member[1:]} {value:g}, from start to end are {lasted:g} seconds"
    expect(abs(value - lasted) <= within, message)


@dataclass(frozen=True)
class Seen:
    """Between which seconds of the session's clock something happened: after one look and before the next."""

    after: float
    before: float

    def since(self, other: Seen | float) -> Seen:
        """The same, counted from something else that was seen, or from a moment."""
        earliest, latest = (other.after, other.before) if isinstance(other, Seen) else (other, other)
        return Seen(self.after - latest, self.before - earliest)


def moment(session: Session) -> float:
    """What the session's clock shows now."""
    return session.now or 0.0


def see(session: Session, job: JobRef, *phases: str, step: float = 1.0, within: float = 400.0) -> Seen:
    """When the job comes into one of these phases, or ends. Inconclusive where it never does."""
    before = moment(session)
    for state in session.watch(job, within=within, step=step):
        if session.phase_of(state) in (phases or ("succeeded", "failed", "cancelled")):
            return Seen(before, moment(session))
        before = moment(session)
    needed(False, f"the job was never {' or '.join(phases or ('ended',))}")
    return Seen(before, before)


def expect_seen(reported: float, seen: Seen | float, what: str, *, within: float) -> None:
    """So many seconds as a job reports are those that were seen, give or take."""
    seen = seen if isinstance(seen, Seen) else Seen(seen, seen)
    message = f"{what}: reported are {reported:g} seconds, seen were from {seen.after:g} to {seen.before:g}"
    expect(seen.after - within <= reported <= seen.before + within, message)


def created_apart(
    session: Session, pauses: Sequence[float], created: str, *, within: float, draft: bool = False, shape: str = "quick"
) -> None:
    """Jobs that are made these seconds apart report that, after the last of them was made."""
    jobs = [session.submit(shape, draft=draft)]
    for pause in pauses:
        session.advance(pause)
        jobs.append(session.submit(shape, draft=draft))
    reported = [instants(session.view(job), created)[0] for job in jobs]
    for (earlier, later), pause in zip(pairwise(reported), pauses, strict=True):
        expect_seen(later - earlier, pause, "between the creations of two jobs", within=within)


def reports_nothing(view: Json, pointers: Sequence[str], what: str, unset: Sequence[Json] = ()) -> None:
    """None of these members is set."""
    for pointer in pointers:
        value = get(view, pointer)
        expect(not value or value in unset, f"{what} reports {shown(value)} at {pointer}")
