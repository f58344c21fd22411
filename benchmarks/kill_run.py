"""One run of the judge for the kill ratio: against a broken mock, an odd one, or a clean one."""

from __future__ import annotations

import logging
import signal
import tempfile
import time
import traceback
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """One run to make: with faults by id, or on an allowed variation, or clean under a seed."""

    api: str
    faults: tuple[str, ...] = ()
    variation: str = ""
    seed: int = 1
    baseline: bool = False
    thorough: bool = False

    @property
    def name(self) -> str:
        """How it is called where progress is shown."""
        return "+".join(self.faults) or f"{self.api} {self.variation or f'seed {self.seed}'}"


@dataclass
class Told:
    """What one run gave. `baseline` is what schemathesis said first, "" if nothing, None if it was not asked."""

    job: Job
    broken: list[str]
    errors: list[str]
    exit: int = 0
    requests: int = 0
    seconds: float = 0.0
    baseline: str | None = None
    baseline_seconds: float = 0.0


def prepare() -> None:
    """Make a worker leave interruptions to the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # targets of the baseline are left with callbacks under way


def work(job: Job) -> Told:
    """Make one run; what fails on our side is told as an error of this run."""
    try:
        told = _judged(job)
        if job.baseline:
            _compare(told)
    except Exception:
        return Told(job, [], [traceback.format_exc(limit=-2).strip()])
    return told


def _judged(job: Job) -> Told:
    from conformance.run.results import Options
    from conformance.run.runner import run
    from conformance.run.verdict import Verdict
    from conformance.target.target import Target
    from mockserver.http.app import create_app
    from tests.conformance.tolerated_targets import VARIATIONS

    bad, began = (Verdict.FAIL, Verdict.WARN, *((Verdict.INFO,) if job.faults else ())), time.monotonic()
    known = _faults(job.api)
    with ExitStack() as stack:
        app: Any = create_app([job.api])
        for id_ in job.faults:
            app = stack.enter_context(known[id_].apply(app))
        if job.variation:
            app = stack.enter_context(VARIATIONS[job.variation].apply(app, job.api))
        file = _target_file(stack, VARIATIONS[job.variation].target) if job.variation else None
        target = stack.enter_context(Target.in_process(app, job.api, file=file))
        named = [(known[id_].requirement, *known[id_].also) for id_ in job.faults]
        report = (
            run(target, Options(only=tuple({id_ for ids in named for id_ in ids})))
            if named and not job.thorough
            else None
        )
        if report is None or not all({one.requirement for one in report.of(*bad)} & set(ids) for ids in named):
            report = run(target, Options(seed=job.seed, shuffle=True))
    warned = VARIATIONS[job.variation].warned if job.variation else ()
    errors = [f"{one.requirement}: {one.reason}" for one in report.of(Verdict.ERROR)]
    if report.exit in (3, 6):
        errors.append(report.sentence)
    return Told(
        job,
        [one.requirement for one in report.of(*bad) if one.requirement not in warned],
        errors,
        int(report.exit),
        report.requests,
        time.monotonic() - began,
    )


def _target_file(stack: ExitStack, text: str) -> Path | None:
    """The target file that a variation needs, if any."""
    if not text:
        return None
    file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "target.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def _compare(told: Told) -> None:
    from benchmarks.baseline import first_failure

    began = time.monotonic()
    told.baseline = first_failure(told.job.api, _faults(told.job.api)[told.job.faults[0]])
    told.baseline_seconds = time.monotonic() - began


def alone(job: tuple[str, str, tuple[str, ...]]) -> Any:
    """Whether a MUST, of an API, is caught alone under one of these faults."""
    from benchmarks.exclusive import Alone, judged

    api, requirement, ids = job
    known = _faults(api)
    try:
        return judged(api, requirement, [known[id_] for id_ in ids])
    except Exception:
        return Alone(api, requirement, others=[traceback.format_exc(limit=-2).strip()])


def _faults(api: str) -> dict[str, Any]:
    from tests.conformance.faults import all_faults

    return {fault.id: fault for fault in all_faults(api)}
