"""What jobs hold of the nodes: who runs, who waits, and who runs next when a job leaves.

A check is a row of steps: something that happens, then the states of all jobs, one letter each in the order of their
submission. A capital letter is promised, a small one is needed before anything can be said, `-` is anything. What
happens is a job that is submitted (its members), one that leaves (its number, from 0), or time (seconds, a float).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.session.expect import expect, need_success, needed, same
from conformance.session.phases import leaves, need_phase
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import shown

Step = tuple[Mapping[str, Any] | int | float, str]


def states_of(session: Session, jobs: list[JobRef]) -> list[str]:
    """The state of each job, read one by one."""
    return [session.state(job) for job in jobs]


def as_many_run_as_fit(session: Session, submit: Callable[[], JobRef], fits: int, what: str) -> None:
    """Of equal jobs, one more than fit together, those that fit run and one waits."""
    jobs = [submit() for _ in range(fits + 1)]
    session.advance(10)
    running = sum(session.phase(job) in ("starting", "running", "succeeded") for job in jobs)
    needed(running, f"no job that asks for {what} runs")
    same(fits, running, f"the number of jobs that run together, each asking for {what},")


def makes_room(
    session: Session, holder: JobRef, waiting: JobRef, how: str, *, within: float, step: float = 1.0
) -> None:
    """A job that waits begins in time once the one that holds its room has left.

    It leaves by the call of a role (`cancel`, `delete`) or by its own `end`.
    """
    need_phase(session, waiting, "queued")
    if how != "end":
        need_success(session.on(how, holder), f"the call to {how} the job that has the room")
    if how != "delete":
        session.until(holder)
    what = f"{within:g} seconds after the one before it has left ({how})"
    expect(leaves(session, waiting, "queued", within=within, step=step), f"a job still waits {what}")


@dataclass(frozen=True)
class Vendor:
    """How one API words it: how a job is submitted and leaves, and which states a (capital) letter stands for.

    `settled` are the seconds after which whatever can be placed has been placed.
    """

    submit: Callable[[Session, Mapping[str, Any]], JobRef]
    leave: Callable[[Session, JobRef], object]
    letters: Mapping[str, Collection[str]]
    settled: float
    states: Callable[[Session, list[JobRef]], list[str]] = states_of

    def play(self, session: Session, *steps: Step) -> list[JobRef]:
        """Let the steps happen and look at the states after each; the jobs."""
        jobs: list[JobRef] = []
        for event, letters in steps:
            what = self._happens(session, jobs, event)
            states = self.states(session, jobs) if letters.strip("-") else []
            for number, letter in enumerate(letters):
                if letter == "-":
                    continue
                state, wanted = states[number], self.letters[letter.upper()]
                message = (
                    f"{what} job {number} is {state or 'unknown'}, expected {' or '.join(wanted)}; all: {shown(states)}"
                )
                (expect if letter.isupper() else needed)(state in wanted, message)
        return jobs

    def _happens(self, session: Session, jobs: list[JobRef], event: Mapping[str, Any] | int | float) -> str:
        if isinstance(event, float):
            session.advance(event)
            return f"{event:g} seconds later"
        if isinstance(event, int):
            self.leave(session, jobs[event])
            what = f"since job {event} has left"
        else:
            jobs.append(self.submit(session, event))
            what = f"since a job with {shown(dict(event))} was submitted"
        session.advance(self.settled)
        return what
