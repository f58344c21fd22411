"""The measurement of the kill ratio measures what it says: nothing is left out that a fault could change, and nothing
is lost.
"""

from __future__ import annotations

import io
from typing import Any

import pytest

from benchmarks.exclusive import broken_by, suite
from benchmarks.kill_ratio import gathered
from benchmarks.kill_report import summed_up
from benchmarks.kill_run import Job, Told, work
from benchmarks.progress import Progress
from benchmarks.recording import touched
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.faults import Fault, all_faults

API = "openyuanrong"
WRAPPED, PATCHED = f"{API}:stopped-not-listed", f"{API}:any-role"


def fault(id_: str) -> Fault:
    return next(one for one in all_faults(API) if one.id == id_)


def test_only_conversations_that_a_fault_changes_are_had_again() -> None:
    known = suite(API)

    names = touched(fault(WRAPPED).apply, known.traffic)

    assert 0 < len(names) < len(known.traffic) / 2
    assert touched(fault(PATCHED).apply, known.traffic) == set(known.traffic), (
        "what a patch changes cannot be told from outside"
    )


@pytest.mark.parametrize("id_", [WRAPPED, PATCHED])
def test_leaving_out_what_is_untouched_finds_what_a_whole_run_finds(id_: str) -> None:
    with fault(id_).apply(create_app([API])) as app, Target.in_process(app, API) as target:
        whole = run(target, Options(repetitions=0))

    broken, _ = broken_by(API, fault(id_))

    assert fault(id_).requirement in broken
    assert {one.requirement for one in whole.of(Verdict.FAIL, Verdict.WARN, Verdict.INFO, Verdict.CONFLICT)} == broken


def test_progress_is_a_line_per_fifty_runs_where_nobody_looks() -> None:
    stream, instants = io.StringIO(), iter(float(second) for second in range(200))
    progress = Progress(120, stream=stream, clock=lambda: next(instants))

    for number in range(120):
        progress.step(f"fault {number}")

    assert [line.partition(":")[0] for line in stream.getvalue().splitlines()] == [
        "50/120 in 1 s, about 1 s left",
        "100/120 in 2 s, about 0 s left",
        "120/120 in 3 s, about 0 s left",
    ]


def test_what_fails_on_our_side_is_an_error_of_that_run() -> None:
    told = work(Job(API, ("no-such-fault",)))

    assert told.broken == []
    assert "KeyError" in told.errors[0]


def test_an_interruption_keeps_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.kill_ratio.multiprocessing.get_context", lambda kind: _Interrupted)

    told, was_interrupted = gathered(
        lambda job: None, [Job(API, (WRAPPED,)), Job(API)], lambda one: one.job.name, workers=1
    )

    assert was_interrupted
    assert summed_up(told)["areas"] == {
        "LST": {"seeded": 1, "killed": 1, "rightly": 1, "exact": 1, "failed": 1, "compared": 0, "baseline": 0}
    }


class _Interrupted:
    """A pool whose second run is interrupted."""

    def __init__(self, workers: int, **options: Any) -> None:
        self.workers = workers

    @classmethod
    def Pool(cls, workers: int, **options: Any) -> _Interrupted:
        return cls(workers, **options)

    def __enter__(self) -> _Interrupted:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def imap_unordered(self, do: Any, todo: list[Job]) -> Any:
        yield Told(todo[0], [fault(WRAPPED).requirement], [], exit=1)
        raise KeyboardInterrupt

    def terminate(self) -> None:
        """It ends with the test."""
