"""Checks that go on at the same time share their waiting, and never change a verdict."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue as catalogues
from conformance.errors import SafetyStop
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.oracle import Violation
from conformance.run.cases import Case, Outcome, cases_of
from conformance.run.execution import Execution
from conformance.run.quiet import Quiet
from conformance.run.results import Options, Report
from conformance.run.runner import Run
from conformance.run.schedule import scheduled
from conformance.run.side_by_side import HOLDERS, side_by_side
from conformance.run.verdict import Verdict
from conformance.session.made_jobs import MadeJobs, left_over
from conformance.session.session import LONG_WAIT, Session
from conformance.target.budget import Budget
from conformance.target.target import Target
from tests.conformance.small_servers.ionworks import create_app
from tests.conformance.small_servers.runai import Server
from tests.conformance.small_servers.serving import served
from tests.conformance.test_small_ionworks import SETTINGS as IONWORKS
from tests.conformance.test_small_runai import CHOICES, SCALE, SETTINGS

MEET = 10.0
"""Seconds within which threads that go on at the same time must have met."""


def cases(count: int, **facts: Any) -> list[Case]:
    return [Case(f"case {number}", lambda session: None, number=number, **facts) for number in range(1, count + 1)]


def broken(requirement: str = "JOB-CRT-001", message: str = "wrong") -> Outcome:
    return Outcome(Verdict.FAIL, message, [Violation(requirement, message)])


def executed(play: Callable[[Case], Outcome], found: list[Case], lanes: int = 4) -> dict[int, Outcome]:
    execution = Execution(play, lambda outcome, alone: None, lanes=lanes, stop=lambda: None)
    return {case.number: outcome for case, outcome in execution.outcomes(found)}


class Playing:
    """Counts what is under way at the same time, and how often each case was played."""

    def __init__(self, outcome: Callable[[Case, int, int], Outcome]) -> None:
        self._outcome, self._lock = outcome, threading.Lock()
        self.played: Counter[int] = Counter()
        self.now: set[int] = set()
        self.together: list[frozenset[int]] = []

    def __call__(self, case: Case) -> Outcome:
        with self._lock:
            self.now.add(case.number)
            self.played[case.number] += 1
            self.together.append(frozenset(self.now))
            beside = len(self.now) - 1
        try:
            return self._outcome(case, self.played[case.number], beside)
        finally:
            with self._lock:
                self.now.discard(case.number)


def test_checks_wait_at_the_same_time() -> None:
    meeting = threading.Barrier(4)

    def play(case: Case) -> Outcome:
        meeting.wait(MEET)
        return Outcome(Verdict.PASS)

    outcomes = executed(play, cases(8))

    assert [outcome.verdict for outcome in outcomes.values()] == [Verdict.PASS] * 8


def test_a_check_that_needs_the_target_alone_has_it_alone() -> None:
    playing = Playing(lambda case, time_, beside: Outcome(Verdict.PASS))
    found = cases(6)
    alone = [Case("alone", lambda session: None, number=number, alone=True) for number in (7, 8)]

    executed(playing, [*alone, *found])

    assert [one for one in playing.together if one & {7, 8}] == [{7}, {8}]


def test_few_checks_hold_places_of_the_target_at_the_same_time() -> None:
    meeting = threading.Barrier(HOLDERS)

    def outcome(case: Case, time_: int, beside: int) -> Outcome:
        meeting.wait(MEET)
        return Outcome(Verdict.PASS)

    playing = Playing(outcome)
    list(side_by_side(cases(3 * HOLDERS, holds=True), playing, lanes=12, stop=lambda: None))

    assert max(map(len, playing.together)) == HOLDERS


@pytest.mark.parametrize(
    "beside_others",
    [broken(), Outcome(Verdict.INCONCLUSIVE, "job 7 was pending"), Outcome(Verdict.NOT_APPLICABLE, "no room")],
    ids=lambda outcome: outcome.verdict.word,
)
def test_what_only_happens_beside_others_is_no_verdict(beside_others: Outcome) -> None:
    """Jobs of other checks hold the target's places: a check that fails only then passes."""
    meeting = threading.Barrier(4)

    def outcome(case: Case, time_: int, beside: int) -> Outcome:
        if time_ > 1:
            return Outcome(Verdict.PASS)
        meeting.wait(MEET)
        copied = Outcome(beside_others.verdict, beside_others.reason, list(beside_others.violations))
        return copied if case.number == 2 else Outcome(Verdict.PASS)

    playing = Playing(outcome)
    outcomes = executed(playing, cases(4))

    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.PASS}
    assert playing.played == {1: 1, 2: 2, 3: 1, 4: 1}
    assert playing.together[-1] == {2}


def test_a_failure_counts_when_it_was_seen_three_times_once_of_them_alone() -> None:
    playing = Playing(lambda case, time_, beside: broken() if case.number == 3 else Outcome(Verdict.PASS))

    outcomes = executed(playing, cases(4))

    assert [number for number, outcome in outcomes.items() if outcome.violations] == [3]
    assert playing.played[3] == 3
    assert frozenset({3}) in playing.together


def test_of_those_that_fail_alike_one_is_confirmed() -> None:
    """An answer that is wrong everywhere is not seen three times by every check."""
    for lanes in (1, 4):
        playing = Playing(lambda case, time_, beside: Outcome(Verdict.PASS, violations=broken().violations))

        outcomes = executed(playing, cases(20), lanes)

        assert all(outcome.violations for outcome in outcomes.values())
        assert sorted(playing.played.values()) == [1] * 19 + [3]


@pytest.mark.parametrize("lanes", [1, 4])
def test_a_failure_that_does_not_come_again_is_a_flake(lanes: int) -> None:
    playing = Playing(lambda case, time_, beside: broken() if time_ == 1 else Outcome(Verdict.PASS))

    (outcome,) = executed(playing, cases(1, requirements=("JOB-CRT-001",)), lanes).values()

    assert outcome.violations == []
    assert outcome.verdict is (Verdict.INCONCLUSIVE if lanes == 1 else Verdict.PASS)


def test_those_that_are_undecided_alike_share_their_second_wait() -> None:
    """Where one alone still says nothing, the places that others held were not the reason."""
    meeting = threading.Barrier(4)

    def outcome(case: Case, time_: int, beside: int) -> Outcome:
        if time_ == 2 and case.number > 1:
            meeting.wait(MEET)
        return Outcome(Verdict.INCONCLUSIVE, f"job {case.number} was pending")

    playing = Playing(outcome)
    outcomes = executed(playing, cases(5))

    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.INCONCLUSIVE}
    assert set(playing.played.values()) == {2}


def test_what_needs_the_target_alone_has_it_while_others_only_rest() -> None:
    """A long wait with no job under way keeps neither doubts nor what stands alone from being judged."""
    quiet, judged_alone = Quiet(), threading.Event()

    def outcome(case: Case, time_: int, beside: int) -> Outcome:
        if case.number == 1:
            with quiet.resting():
                assert judged_alone.wait(MEET)
        if case.number == 2 and time_ == 1:
            return broken()
        if case.alone:
            judged_alone.set()
        return Outcome(Verdict.PASS)

    playing = Playing(outcome)
    found = [*cases(3), Case("alone", lambda session: None, number=4, alone=True)]
    execution = Execution(playing, lambda outcome, alone: None, lanes=4, stop=lambda: None, quiet=quiet)
    outcomes = {case.number: outcome for case, outcome in execution.outcomes(found)}

    assert {outcome.verdict for outcome in outcomes.values()} == {Verdict.PASS}
    assert playing.played == {1: 1, 2: 2, 3: 1, 4: 1}


def test_who_has_rested_waits_for_the_one_that_is_alone() -> None:
    quiet, resting, woken = Quiet(), threading.Event(), threading.Event()
    steps: list[str] = []

    def rest() -> None:
        with quiet.at_work():
            with quiet.resting():
                resting.set()
                woken.wait(MEET)
            steps.append("at work again")

    thread = threading.Thread(target=rest)
    thread.start()
    resting.wait(MEET)
    with quiet.alone():
        woken.set()
        thread.join(0.05)
        steps.append("alone")
    thread.join(MEET)

    assert steps == ["alone", "at work again"]
    assert quiet.is_quiet


@pytest.mark.parametrize(("shape", "is_at_rest"), [("quick", True), ("waits", False)])
def test_a_check_rests_only_where_none_of_its_jobs_is_under_way(shape: str, is_at_rest: bool, tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(IONWORKS)
    with served(create_app(50.0)) as url, Target.at("ionworks", url, file=file, scale=50.0) as target:
        session = Session(target, AllOracles(target.spec, catalogues.load("ionworks")), name="rest")
        rested: list[float] = []

        @contextmanager
        def rest() -> Iterator[None]:
            rested.append(1)
            yield

        session.rest = rest
        job = session.submit(shape)
        if shape == "quick":
            session.until(job)
        session.read(job)
        session.connection.advance = lambda seconds: None  # type: ignore[method-assign]  # nothing is waited for
        session.advance(LONG_WAIT * 50.0 - 1)
        assert not rested
        session.advance(LONG_WAIT * 50.0)

    assert bool(rested) is is_at_rest


def test_an_interruption_ends_all_waiting_at_once() -> None:
    budget, entered = Budget(), threading.Barrier(3)

    def play(case: Case) -> Outcome:
        if case.number == 1:
            entered.wait(MEET)
            raise KeyboardInterrupt
        entered.wait(MEET)
        budget.sleep(3600)
        return Outcome(Verdict.PASS)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(side_by_side(cases(5), play, lanes=3, stop=budget.stop))

    assert time.monotonic() - began < 60


def test_a_stopped_run_still_cleans_up_and_another_can_begin() -> None:
    budget = Budget()
    budget.stop()

    with pytest.raises(SafetyStop):
        budget.before(is_submission=False)
    with budget.cleaning_up():
        budget.before(is_submission=False)
    budget.go_on()
    budget.before(is_submission=False)


def test_the_cleaning_up_of_one_check_opens_no_budget_to_others() -> None:
    budget, cleaning, tried = Budget(most_requests=1), threading.Event(), threading.Event()
    budget.requests = 5

    def clean() -> None:
        with budget.cleaning_up():
            cleaning.set()
            tried.wait(MEET)

    thread = threading.Thread(target=clean)
    thread.start()
    cleaning.wait(MEET)

    with pytest.raises(SafetyStop):
        budget.before(is_submission=False)
    tried.set()
    thread.join(MEET)


def test_the_rate_and_the_number_of_jobs_hold_whoever_asks() -> None:
    budget, granted, refused = Budget(most_jobs=5, rate=1000.0), list[float](), list[str]()

    def ask() -> None:
        for _ in range(5):
            try:
                budget.before(is_submission=True)
                granted.append(time.monotonic())
            except SafetyStop as stop:
                refused.append(str(stop))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MEET)

    assert (len(granted), len(refused)) == (5, 15)
    assert max(granted) - min(granted) >= 0.0035


def test_a_journal_holds_whole_lines_whoever_writes(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    journal = MadeJobs(file, api="ionworks", url="http://x", submit=("POST", "/jobs"))

    def write(name: str) -> None:
        for number in range(200):
            journal.made(f"{name}-{number}" * 50)
            journal.gone(f"{name}-{number}" * 50)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MEET)
    journal.close()

    assert len([json.loads(line) for line in file.read_text().splitlines()]) == 1 + 2 * 4 * 200
    assert left_over(file) == []


# -- whole runs


def judged(tmp_path: Path, jobs: int, **options: Any) -> tuple[Report, list[str]]:
    file = tmp_path / "tiny.yaml"
    file.write_text(SETTINGS)
    begun: list[str] = []
    with served(Server(SCALE)) as url, Target.at("runai", url, file=file, scale=SCALE) as target:
        run = Run(
            target,
            Options(only=CHOICES, jobs=jobs, **options),
            on_case=lambda number, count, case: begun.append(case.name),
        )
        return run(), begun


def test_verdicts_do_not_depend_on_how_many_checks_go_on_at_the_same_time(tmp_path: Path) -> None:
    one, _ = judged(tmp_path, 1)
    many, _ = judged(tmp_path, 16)

    verdicts = [{id_: result.verdict for id_, result in report.results.items()} for report in (one, many)]
    assert verdicts[0] == verdicts[1]
    assert many.exit is one.exit
    assert many.left_behind == one.left_behind == []


def test_the_order_follows_from_the_seed() -> None:
    catalogue = catalogues.load("runai")

    def names(seed: int) -> list[str]:
        found = cases_of(catalogue, catalogue.requirements.values())
        return [case.name for case in scheduled(found, catalogue, Options(seed=seed, shuffle=True, jobs=16))]

    assert names(3) == names(3) != names(4)


def test_a_check_of_several_requirements_is_played_once() -> None:
    catalogue = catalogues.load("xio")
    chosen = [catalogue.requirements[id_] for id_ in ("JOB-IDM-001", "JOB-IDM-003")]

    (case,) = cases_of(catalogue, chosen)

    assert case.requirements == ("JOB-IDM-001", "JOB-IDM-003")
