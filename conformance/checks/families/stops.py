"""Stops of jobs that have ended."""

from __future__ import annotations

from typing import Any

from conformance.session.expect import expect
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import Json, get, same_value, without_nulls


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
