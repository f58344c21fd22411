"""A run spends the minutes that it has on what matters most, says what it left out, and how long it will go on."""

from __future__ import annotations

import io
import math
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance import catalogue as catalogues
from conformance.cli.options import opened
from conformance.cli.progress import shown
from conformance.errors import Inconclusive, OutOfPatience
from conformance.oracles.all_oracles import AllOracles
from conformance.run.cases import Case, cases_of
from conformance.run.estimate import OVERHEAD, Pace, run_seconds
from conformance.run.progress import Progress
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.schedule import scheduled
from conformance.run.verdict import Exit, Verdict
from conformance.session.session import Session
from conformance.target.budget import Budget
from conformance.target.target import PATIENCE, Target
from tests.conformance.small_servers.runai import Server
from tests.conformance.small_servers.serving import served
from tests.conformance.test_small_runai import SETTINGS

API = "runai"


def ordered(seconds_left: float) -> list[Case]:
    catalogue = catalogues.load(API)
    return scheduled(
        cases_of(catalogue, catalogue.requirements.values()),
        catalogue,
        Options(jobs=4),
        seconds_left=seconds_left,
        estimated=lambda cases: run_seconds(cases, Pace(patience=PATIENCE), lanes=4),
    )


def test_where_time_is_short_musts_come_first_and_of_those_what_takes_least() -> None:
    found = ordered(60.0)

    assert [(case.rank, case.seconds) for case in found] == sorted((case.rank, case.seconds) for case in found)
    assert (found[0].rank, found[-1].rank) == (0, 2)


def test_where_there_is_time_enough_what_takes_longest_comes_first() -> None:
    found = ordered(math.inf)

    assert [case.seconds for case in found] == sorted((case.seconds for case in found), reverse=True)


def test_what_there_was_no_time_for_is_inconclusive_and_said(tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(SETTINGS)
    budget = Budget(most_seconds=90.0)
    with (
        served(Server(1.0)) as url,
        Target.at(API, url, file=file, budget=budget) as target,
    ):
        report = run(target, Options(only=("JOB-CRT-001", "JOB-STM-004"), jobs=4))

    left_out = report.results["JOB-STM-004"]
    assert left_out.verdict is Verdict.INCONCLUSIVE
    assert left_out.reason.startswith("left out: it takes about ")
    assert left_out.reason.endswith(" s are left of 1.5 minutes")
    assert report.results["JOB-CRT-001"].verdict is Verdict.PASS
    assert "1 check was left out: 1.5 minutes were not enough" in report.sentence
    assert report.exit is not Exit.SAFETY_STOP


def test_no_wait_begins_that_the_time_left_is_too_short_for() -> None:
    with served(Server(1.0)) as url, Target.at(API, url, patience=900.0, budget=Budget(most_seconds=30.0)) as target:
        session = Session(target, AllOracles(target.spec, catalogues.load(API)), name="wait")
        with pytest.raises(OutOfPatience, match="100 seconds of the target's clock"):
            session.advance(100)


def test_a_wait_that_only_what_was_waited_before_makes_too_long_may_do_another_time() -> None:
    with served(Server(1000.0)) as url, Target.at(API, url, scale=1000.0, patience=0.02) as target:
        session = Session(target, AllOracles(target.spec, catalogues.load(API)), name="wait")
        session.advance(15)
        with pytest.raises(Inconclusive) as error:
            session.advance(15)

    assert not isinstance(error.value, OutOfPatience)


@pytest.mark.parametrize(
    ("patience", "minutes", "expected"),
    [(None, None, PATIENCE), (7.0, None, 7.0), (7.0, 10.0, 7.0), (None, 10.0, 600.0)],
)
def test_a_check_waits_as_long_as_the_run_may_take_unless_said_otherwise(
    patience: float | None, minutes: float | None, expected: float
) -> None:
    options: dict[str, Any] = dict.fromkeys(("app", "file", "control", "ca", "cert", "key"))
    options |= {"headers": {}, "scale": 1.0, "timeout": 1.0}
    with opened(API, "http://127.0.0.1:9", patience=patience, max_minutes=minutes, **options) as target:
        assert target.patience == expected


@pytest.mark.parametrize(("scale", "expected"), [(0.5, 150.0), (1.0, 150.0), (60.0, 60.0), (200.0, 30.0)])
def test_a_fast_clock_is_waited_for_less(scale: float, expected: float) -> None:
    """An hour of it is enough, and half a minute of ours the least."""
    with Target.at(API, "http://127.0.0.1:9", scale=scale) as target:
        assert target.patience == expected


def test_a_run_takes_as_long_as_its_longest_check_or_as_its_lanes_have_work() -> None:
    case = Case("", lambda session: None, seconds=100.0)
    long, short, alone = case, replace(case, seconds=10.0), replace(case, alone=True)

    def seconds(cases: list[Case], lanes: int = 2, scale: float = 1.0) -> float:
        return run_seconds(cases, Pace(scale), lanes=lanes) / run_seconds([short], Pace(), lanes=1)

    unit = 10.0 + OVERHEAD
    assert seconds([long, short]) == pytest.approx((100 + OVERHEAD) / unit)
    assert seconds([short] * 6) == pytest.approx(3.0)
    assert seconds([alone, alone]) == pytest.approx(2 * (100 + OVERHEAD) / unit)
    assert seconds([replace(case, holds=True)] * 5, lanes=16) == pytest.approx(2 * (100 + OVERHEAD) / unit)
    assert seconds([long], scale=200.0) == pytest.approx((0.5 + OVERHEAD) / unit)


def test_progress_says_what_is_waited_for_and_the_time_left() -> None:
    now = [0.0]
    progress = Progress(Pace(), clock=lambda: now[0])
    first = Case("a job ends", lambda session: None, ("JOB-STM-004",), number=1, seconds=130.0)
    progress.expect([first, replace(first, number=2, requirements=("JOB-STM-007",), seconds=0.0)])
    progress.begin(first)
    now[0] = 65.0

    assert str(progress) == "0 of 2 checks after 1:05, about 1:06 left; waiting for JOB-STM-004 a job ends"
    progress.end()
    assert str(progress).startswith("1 of 2 checks after 1:05, about 0:01 left")
    progress.activity = "the state machine plays"
    assert str(progress) == "the state machine plays after 1:05"


def test_a_long_run_that_is_piped_prints_a_line_now_and_then() -> None:
    written = threading.Event()

    class Pipe(io.StringIO):
        def flush(self) -> None:
            written.set()

    pipe = Pipe()
    with shown(Progress(Pace()), API, every=0.01, out=pipe):
        assert written.wait(10)

    assert pipe.getvalue().splitlines()[0].startswith("runai: 0 of 0 checks after 0:00")


def test_a_short_run_that_is_piped_prints_nothing() -> None:
    pipe = io.StringIO()
    with shown(Progress(Pace()), API, out=pipe):
        pass

    assert pipe.getvalue() == ""
