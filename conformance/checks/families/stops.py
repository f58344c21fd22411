"""What a stop leaves behind: a job that does not go on, and one that has ended as it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.session.expect import expect, needed, same
from conformance.session.session import STOPPING, JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls


def stopped_job_stays(
    session: Session, job: JobRef, holders: Iterable[JobRef] = (), *, within: float = 60.0, step: float = 10.0
) -> None:
    """A job that is stopped stays as it is, also when those that held the room it waited for are stopped after it."""
    session.cancel(job)
    before: Json = None
    for _ in session.ticks(STOPPING):
        before = session.view(job)
        if session.phase_of(session.state_in(before)) == "cancelled":
            break
    state = session.state_in(before)
    needed(session.phase_of(state) == "cancelled", f"a job that was stopped is {state}")
    for holder in holders:
        session.cancel(holder)
    for _ in session.ticks(within, step):
        same(before, session.view(job), "a job that was stopped")
    same(state, session.state(job), "the state of a job that was stopped, later")


def late_stop_changes_nothing(
    session: Session, job: JobRef, *, pause: float = 20.0, empty_is_null: bool = False, **options: Any
) -> Exchange:
    """No member of a job that has ended changes by a stop some seconds later; the answer to the stop."""

    def said(value: Json) -> Json:
        return without_nulls((value or None) if empty_is_null else value)

    before, state = session.view(job), session.state(job)
    session.advance(pause)
    answer = session.cancel(job, **options)
    after = session.view(job)
    changed = [name for name, value in before.items() if not same_value(said(value), said(get(after, f"/{name}")))]
    appeared = after.keys() - before.keys() if isinstance(after, dict) else set()
    changed += [name for name in sorted(appeared) if said(after[name]) is not None]
    expect(not changed, f"a stop of a job that was {state} changed {', '.join(changed)}", answer)
    return answer
