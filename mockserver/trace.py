"""Reads traces of real clusters: the Standard Workload Format, or a plain CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from math import ceil
from pathlib import Path

from mockserver.simulation.errors import TraceError
from mockserver.simulation.scenario.distribution import MOST_SECONDS

COLUMNS = ("submit_s", "cpu", "mem", "gpu", "run_s", "status")
ENDINGS = ("completed", "failed", "cancelled")
_GIB = 1 << 30
_MOST_AMOUNT = 2.0**40
_SWF_FIELDS = 18
_SWF_ENDINGS = {
    0: "failed",
    1: "completed",
    2: "completed",
    3: "completed",
    4: "failed",
    5: "cancelled",
    -1: "completed",
}


@dataclass(frozen=True, slots=True)
class TracedJob:
    """One job of a trace: seconds until it was submitted and that it ran, cores, bytes and GPUs, how it ended.

    `limit` is the run time its owner asked for, if the trace says so (it may have run longer); `owner` who that was.
    """

    submit: float
    run: float
    cpu: float
    memory: int = 0
    gpu: float = 0.0
    ending: str = "completed"
    limit: float | None = None
    owner: str = ""


def read(file: Path, most: int | None = None) -> list[TracedJob]:
    """The jobs of a trace in order of submission, at most the first `most` of the file.

    A name ending in .csv is a CSV, any other is in the Standard Workload Format.

    Raises TraceError with file, line and expectation.
    """
    lines = _csv if file.suffix.lower() == ".csv" else _swf
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            jobs = list(islice(lines(opened, lambda number, words: TraceError(f"{file} line {number}: {words}")), most))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TraceError(
            f"trace {str(file)!r} cannot be read ({error}); "
            "expected a text file in the Standard Workload Format or a .csv"
        ) from error
    if not jobs:
        raise TraceError(f"{file}: expected at least one job, got none")
    return sorted(jobs, key=lambda job: job.submit)


_Refusal = Callable[[int, str], TraceError]


def _csv(lines: Iterator[str], refusal: _Refusal) -> Iterator[TracedJob]:
    """Rows of `submit_s,cpu,mem,gpu,run_s,status`, memory in GiB; the first line names the columns."""
    rows = csv.reader(lines)
    header = next(rows, [])
    if tuple(name.strip() for name in header) != COLUMNS:
        raise refusal(1, f"expected the columns {','.join(COLUMNS)}, got {','.join(header)!r}")
    for row in rows:
        number = rows.line_num
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise refusal(number, f"expected {len(COLUMNS)} fields, got {len(row)}")
        submit, cpu, memory, gpu, run = (
            _number(text, name, number, refusal) for name, text in zip(COLUMNS[:5], row[:5], strict=True)
        )
        ending = row[5].strip()
        if ending not in ENDINGS:
            raise refusal(number, f"status: expected one of {', '.join(ENDINGS)}, got {ending!r}")
        yield TracedJob(submit, run, cpu, memory=int(memory * _GIB), gpu=gpu, ending=ending)


def _number(text: str, name: str, line: int, refusal: _Refusal) -> float:
    most = MOST_SECONDS if name.endswith("_s") else _MOST_AMOUNT
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise refusal(line, f"{name}: expected a number from 0 to {most:g}, got {text!r}")
    return value


def _swf(lines: Iterator[str], refusal: _Refusal) -> Iterator[TracedJob]:
    """Lines of eighteen numbers, -1 if a value is not known; a semicolon begins a comment.

    Memory is in KiB per processor.
    """
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith(";"):
            continue
        fields = text.split()
        if len(fields) != _SWF_FIELDS:
            raise refusal(number, f"expected {_SWF_FIELDS} fields, got {len(fields)}")
        try:
            values = [float(field) for field in fields]
        except ValueError as error:
            raise refusal(number, f"expected numbers, got {error.args[0].rpartition(': ')[2]}") from error
        job = _swf_job(values, number, refusal)
        if job is not None:
            yield job


def _swf_job(values: list[float], line: int, refusal: _Refusal) -> TracedJob | None:
    """The job of one line; None for one that was cancelled before it ran, of which nothing else is known."""
    _, submit, _, run, used, _, used_memory, wanted, limit, wanted_memory, status, user, *_ = values
    processors = wanted if wanted > 0 else used
    memory = wanted_memory if wanted_memory > 0 else used_memory
    if status not in _SWF_ENDINGS:
        raise refusal(line, f"field 11 (status): expected a whole number from -1 to 5, got {status:g}")
    if not 0 <= submit <= MOST_SECONDS:
        raise refusal(line, f"field 2 (submit time): expected a number from 0 to {MOST_SECONDS:g}, got {submit:g}")
    ending = _SWF_ENDINGS[int(status)]
    if processors <= 0 or run < 0:
        if ending == "cancelled" or status == -1:
            return None
        if run < 0:
            raise refusal(line, f"field 4 (run time): expected a number of at least 0, got {run:g}")
        raise refusal(line, f"field 8 or 5 (processors): expected a number of at least 1, got {processors:g}")
    _check_bounds(run, processors, memory, line, refusal)
    cores = ceil(processors)
    return TracedJob(
        submit,
        run,
        cores,
        memory=int(max(memory, 0) * 1024) * cores,
        ending=ending,
        limit=limit if limit > 0 else None,
        owner=f"user-{user:g}" if user >= 0 else "",
    )


def _check_bounds(run: float, processors: float, memory: float, line: int, refusal: _Refusal) -> None:
    for name, value, most in (
        ("field 4 (run time)", run, MOST_SECONDS),
        ("field 8 or 5 (processors)", processors, _MOST_AMOUNT),
        ("field 10 or 7 (memory)", memory, _MOST_AMOUNT),
    ):
        if not value <= most:
            raise refusal(line, f"{name}: expected a number of at most {most:g}, got {value:g}")
