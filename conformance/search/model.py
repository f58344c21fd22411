"""What clients remember of the jobs they made, and what they may expect of them therefore, whatever else happened in
between."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.session.expect import expect
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, same_value, without_nulls
from specs.lifecycle import TERMINAL

STOP_WITHIN = 30.0
"""Seconds in which a stop must have come about."""


@dataclass
class Known:
    """One job: the shape it was made with, where it ended, whether it was ever seen running, whether somebody
    interfered, whether it was deleted."""

    job: JobRef
    shape: str
    ended: str = ""
    was_running: bool = False
    was_touched: bool = False
    is_gone: bool = False


@dataclass
class KnownJobs:
    """All jobs of one world. Its methods ask and compare.

    What is broken is raised as Failure, with the requirement before it.
    """

    session: Session
    jobs: list[Known] = field(default_factory=list)

    def read(self, known: Known) -> None:
        """Look at a job: an ended one stays where it ended and as it is, a deleted one is gone."""
        session = self.session
        exchange = session.read(known.job)
        if known.is_gone:
            alone = "read" in session.roles
            expect(
                not alone or not exchange.response.is_success, "JOB-LST-009: a deleted job can still be read", exchange
            )
            return
        view = session.view(known.job)
        if view is MISSING:
            return
        state = session.state(known.job)
        phase = session.phase_of(state)
        before = known.ended
        expect(
            before in ("", state),
            f"JOB-STM-004: job {known.job.id} had ended as {before} and is {state}",
            session.exchanges[-1],
        )
        known.was_running = known.was_running or phase == "running"
        if phase in TERMINAL:
            known.ended = state
            self._ended(known, phase)
            self._rests(known, view)

    def _ended(self, known: Known, phase: str) -> None:
        """A run that nobody touched ends as its shape says; a good one that never ran may have found no room."""
        shown = self.session.exchanges[-1]
        if known.was_touched:
            return
        expect(
            known.shape != "fails" or phase == "failed",
            f"JOB-STM-006: a job whose run fails ended as {known.ended}",
            shown,
        )
        good = known.shape == "quick" and known.was_running
        expect(not good or phase == "succeeded", f"JOB-STM-005: a job that ran well ended as {known.ended}", shown)

    def _rests(self, known: Known, before: Json) -> None:
        """At one instant two readings of an ended job say the same."""
        if self.session.now is None:
            return
        after = self.session.view(known.job)
        expect(
            same_value(without_nulls(before), without_nulls(after)),
            "JOB-IDM-004: two readings of an ended job differ",
            *self.session.exchanges[-2:],
        )

    def stop(self, known: Known) -> Exchange:
        """Ask to stop a job: one that ran or waited is then where the lifecycle says, or stays where there is no such
        way."""
        session = self.session
        before = session.state(known.job)
        phase = session.phase_of(before)
        known.was_touched = True
        answer = session.on("cancel", known.job)
        wanted = session.after_stop(before) if before else set()
        if phase in TERMINAL:
            after = session.state(known.job)
            expect(
                after in ("", before),
                f"JOB-STM-008: a job had ended as {before} and is {after} after a stop",
                answer,
                session.exchanges[-1],
            )
        if session.now is None or known.is_gone or not answer.response.is_success or phase not in ("running", "queued"):
            return answer
        if phase == "running" and not wanted:
            return answer
        state = before
        for _ in session.ticks(STOP_WITHIN if phase == "running" else 0.0):
            state = session.state(known.job)
            if session.phase_of(state) in TERMINAL or not state:
                break
        id_ = "JOB-STM-007" if phase == "running" else "JOB-STM-012"
        expect(
            state in (wanted or {before}),
            f"{id_}: a job that was {before} is {state} after it was stopped",
            answer,
            session.exchanges[-1],
        )
        return answer

    def delete(self, known: Known) -> Exchange:
        """Ask to forget a job."""
        known.was_touched = True
        answer = self.session.delete(known.job)
        known.is_gone = known.is_gone or (answer.response.is_success and b"false" not in answer.response.body)
        return answer
