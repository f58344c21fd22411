"""Plays cases, each in a world of its own, and keeps what their sessions leave: traffic, and jobs to clean up."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from conformance.catalogue import Catalogue
from conformance.errors import SafetyStop
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.oracle import Violation
from conformance.run.cases import Case, Outcome, play
from conformance.run.estimate import Pace, case_seconds
from conformance.run.fundamentals import Broken, broken_grounds, reasons
from conformance.run.preflight import preflight
from conformance.run.progress import Progress
from conformance.run.quiet import Quiet
from conformance.run.results import Report
from conformance.run.verdict import Verdict
from conformance.session.made_jobs import MadeJobs
from conformance.session.session import Ground, Session
from conformance.target.target import Target

OnCase = Callable[[int, int, Case], None]
KEPT_BODY, KEPT_TRAFFIC = 256 << 10, 64 << 20
"""Most bytes of one answer, and of all answers of a run, that are kept for its HAR."""
KEPT_FOR_REPEATS = 0.1
"""The share of a run's time in which nothing is judged for the first time: what failed is judged again."""


class Player:
    """Plays the cases of one run; several threads may ask at the same time.

    `left_out` counts the cases for which there was no time; `broken` is what most checks stand on and is not there.
    """

    def __init__(
        self, target: Target, catalogue: Catalogue, report: Report, *, journal: MadeJobs | None, on_case: OnCase
    ) -> None:
        self.target, self.report, self.journal, self._on_case = target, report, journal, on_case
        self.options, self.left_out = report.options, 0
        self.pace = Pace.of(target)
        self.progress = Progress(self.pace, lanes=report.options.jobs)
        self.broken: dict[Ground, Broken] = {}
        self.quiet = Quiet()
        self.unfinished: list[tuple[str, str]] = []
        self._oracles = AllOracles(target.spec, catalogue, slack=target.settings.eventual / target.scale)
        self._lock = threading.Lock()
        self._played: Counter[int] = Counter()
        self._preflights = 0
        self._left_of_traffic = KEPT_TRAFFIC

    def play(self, case: Case) -> Outcome:
        """Play a case in a world of its own, whose name depends on the case's place and on how often it was played."""
        with self._lock:
            self._budget()
            self._played[case.number] += 1
            times = self._played[case.number]
            self._on_case(len(self._played), self.progress.total, case)
        if reason := self._no_time_for(case, is_first=times == 1):
            return Outcome(Verdict.INCONCLUSIVE, reason, is_final=True)
        session = self._session(f"{case.number}" if times == 1 else f"{case.number}x{times}", strict=case.strict)
        session.broken, session.rest = reasons(self.broken, case.requirements), self.quiet.resting
        began = time.monotonic()
        self.progress.begin(case)
        try:
            outcome = play(case, session)
        finally:
            self.progress.end()
            with self._lock:
                self._take_in(session)
        outcome.seconds = time.monotonic() - began
        return outcome

    def _no_time_for(self, case: Case, *, is_first: bool) -> str:
        """Why a case is left out, if the time that is left for the run is too short; some is kept for repeats."""
        budget = self.target.budget
        if budget.most_seconds is None:
            return ""
        kept = KEPT_FOR_REPEATS * budget.most_seconds if is_first else 0.0
        needed, left = case_seconds(case, self.pace), max(0.0, budget.seconds_left() - kept)
        if needed <= left:
            return ""
        self.left_out += is_first
        allowed = f"{budget.most_seconds / 60:g} minutes"
        return f"left out: it takes about {needed:.0f} s, and {left:.0f} s are left of {allowed}"

    def preflight(self) -> list[Violation]:
        """Ask whether the target can be judged, and what it breaks although it can. Raises Unready."""
        self._preflights += 1
        session = self._session(f"p{self._preflights}")
        try:
            return preflight(session)
        finally:
            with self._lock:
                self.report.left_behind += session.left_behind
                self.unfinished += session.unfinished()

    def look_at_fundamentals(self) -> None:
        """Find out what of that on which most checks stand is broken; those checks then say so at once."""
        session = self._session("f")
        self.progress.activity = "looking at what most checks stand on"
        try:
            self.broken = broken_grounds(session)
        finally:
            self.progress.activity = ""
            self._take_in(session)

    def _take_in(self, session: Session) -> None:
        """What a session leaves, however it ended."""
        self.report.requests += session.requests
        self.report.left_behind += session.left_behind
        self.unfinished += session.unfinished()
        for exchange in session.exchanges if self.options.keep_traffic else ():
            kept = exchange.shortened(min(KEPT_BODY, self._left_of_traffic))
            self._left_of_traffic -= len(kept.response.body)
            self.report.traffic.append(kept)

    def _budget(self) -> None:
        """Raise SafetyStop where no other case may begin."""
        most = self.options.most_requests
        if most is not None and self.report.requests >= most:
            raise SafetyStop(f"the budget of {most} requests is used up")

    def tidy(self) -> None:
        """Ask again to forget the jobs that would not go before: a stop that takes its time is over by now.

        Those that still stay are reported.
        """
        if not self.unfinished:
            return
        session = self._session("t")
        try:
            for pause in (0, 2, 8):
                if self.unfinished:
                    self.target.wait(pause)
                    session.retry(self.unfinished)
                    self.unfinished = session.unfinished()
        finally:
            stuck = session.left_behind + [id_ for id_, _ in session.unfinished() or self.unfinished]
            self.report.left_behind += list(dict.fromkeys(stuck))

    def _session(self, number: str, *, strict: bool = False) -> Session:
        return Session(
            self.target,
            self._oracles.fresh(),
            name=f"{self.options.name}{self.options.seed}-{number}",
            strict=strict,
            journal=self.journal,
        )
