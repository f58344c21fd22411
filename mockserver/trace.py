"""Reads what once was asked of a real cluster: the Standard Workload Format, or a plain CSV; either may be compressed
with gzip.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path

from mockserver.simulation.errors import TraceError, why_unreadable
from mockserver.simulation.scenario.distribution import MOST_SECONDS

COLUMNS = ("submit_s", "cpu", "mem", "gpu", "run_s", "status")
MORE_COLUMNS = ("job", "user", "project", "priority", "limit_s", "gpu_model")
"""Columns that a CSV may have besides."""

ENDINGS = ("completed", "failed", "cancelled")
GONE, PARTIAL, BAD = "cancelled before start", "partial executions", "bad lines"
"""Why lines are left out."""

_GIB = 1 << 30
_MOST_AMOUNT = 2.0**40
_LATEST = 1e11
"""Seconds since whenever a log began to count; Unix seconds are well below."""

_MOST_PRIORITY = 1 << 31
_SWF_FIELDS = 18
_SWF_ENDINGS = {0: "failed", 1: "completed", 5: "cancelled", -1: "completed"}
_SWF_PARTIAL = (2, 3, 4)


@dataclass(frozen=True, slots=True)
class TracedJob:
    """One job of a trace: seconds from the first submission to its own and that it ran, cores, bytes and GPUs, how it
    ended.

    `limit` is the run time its owner asked for, if the trace says so (it may have run longer); `owner` who that was;
    `number` is what the log itself calls it.
    """

    submit: float
    run: float
    cpu: float
    memory: int = 0
    gpu: float = 0.0
    ending: str = "completed"
    limit: float | None = None
    owner: str = ""
    number: str = ""
    project: str = ""
    priority: int = 0
    gpu_model: str | None = None


@dataclass(slots=True)
class Trace:
    """The jobs of a trace in order of submission, and how many of its lines were left out for which reason (`first_bad`
    tells one).
    """

    jobs: list[TracedJob] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    first_bad: str = ""

    @property
    def lines(self) -> int:
        """How many lines stand for something."""
        return len(self.jobs) + self.left_out.total()

    def sentence(self) -> str:
        """What was left out, in words; nothing if nothing was."""
        if not self.left_out:
            return ""
        reasons = ", ".join(
            reason if len(self.left_out) == 1 else f"{reason} {count:,}" for reason, count in self.left_out.items()
        )
        example = f"; the first bad one: {self.first_bad}" if self.first_bad else ""
        return f"{self.left_out.total():,} of {self.lines:,} left out: {reasons}{example}"


def read(file: Path, most: int | None = None, *, lenient: bool = False) -> Trace:
    """The jobs of a trace, at most the first `most` of the file; a name ending in .csv or .csv.gz is a CSV, any other
    SWF.

    Time counts from the first submission. Bad lines are left out if `lenient`. Raises TraceError with file, line and
    expectation.
    """
    is_csv = file.suffix.lower() == ".csv" or [suffix.lower() for suffix in file.suffixes[-2:]] == [".csv", ".gz"]
    trace = Trace()
    try:
        with _opened(file) as lines:
            rows = _csv(lines, file) if is_csv else _swf(lines)
            _fill(trace, rows, most, file=file, lenient=lenient)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise TraceError(
            f"trace '{file}' cannot be read ({why_unreadable(error)}); expected a text file in the Standard Workload "
            "Format or a .csv"
        ) from error
    if not trace.jobs:
        raise TraceError(
            f"{file}: expected at least one job, got none" + (f" ({trace.sentence()})" if trace.left_out else "")
        )
    first = min(job.submit for job in trace.jobs)
    if max(job.submit for job in trace.jobs) - first > MOST_SECONDS:
        raise TraceError(f"{file}: expected all submissions within {MOST_SECONDS:g} s")
    trace.jobs = sorted((replace(job, submit=job.submit - first) for job in trace.jobs), key=lambda job: job.submit)
    return trace


class _Bad(Exception):
    """What is wrong with a line."""


_Line = tuple[int, Callable[[], TracedJob | str]]
"""The number of a line, and what reads it: a job, or why there is none. Raises _Bad."""


def _opened(file: Path) -> io.TextIOWrapper:
    """The text of a file, compressed or not, with or without a byte order mark."""
    with file.open("rb") as opened:
        is_compressed = opened.read(2) == b"\x1f\x8b"
    return io.TextIOWrapper(gzip.open(file) if is_compressed else file.open("rb"), encoding="utf-8-sig", newline="")


def _fill(trace: Trace, rows: Iterator[_Line], most: int | None, *, file: Path, lenient: bool) -> None:
    seen: dict[str, int] = {}
    for number, reader in rows:
        try:
            job = reader()
            if isinstance(job, TracedJob) and job.number:
                if job.number in seen:
                    raise _Bad(
                        f"job {job.number} is there twice, first on line {seen[job.number]}; expected each number once"
                    )
                seen[job.number] = number
        except _Bad as error:
            sentence = f"{file} line {number}: {error}"
            if not lenient:
                raise TraceError(sentence) from error
            trace.left_out[BAD] += 1
            trace.first_bad = trace.first_bad or sentence
            continue
        if isinstance(job, str):
            trace.left_out[job] += 1
        else:
            trace.jobs.append(job)
            if most is not None and len(trace.jobs) >= most:
                return


def _csv(lines: Iterator[str], file: Path) -> Iterator[_Line]:
    """Rows of `submit_s,cpu,mem,gpu,run_s,status` and what else there may be, memory in GiB; the first line names the
    columns.
    """
    rows = csv.reader(lines)
    header = [name.strip() for name in next(rows, [])]
    expected = f"expected the columns {','.join(COLUMNS)}"
    if not set(COLUMNS) <= set(header) or len(set(header)) != len(header):
        raise TraceError(f"{file} line 1: {expected}, got {','.join(header)!r}")
    unknown = [name for name in header if name not in COLUMNS + MORE_COLUMNS]
    if unknown:
        raise TraceError(f"{file} line 1: {expected} and any of {','.join(MORE_COLUMNS)}, got {unknown[0]!r} as well")
    count = 0
    for row in rows:
        if row:
            count += 1
            yield rows.line_num, lambda row=row, count=count: _csv_job(header, row, count)  # type: ignore[misc]


def _csv_job(header: list[str], row: list[str], count: int) -> TracedJob:
    if len(row) != len(header):
        raise _Bad(f"expected {len(header)} fields, got {len(row)}")
    told = {name: text.strip() for name, text in zip(header, row, strict=True)}
    submit, cpu, memory, gpu, run = (_number(told[name], name) for name in COLUMNS[:5])
    if told["status"] not in ENDINGS:
        raise _Bad(f"status: expected one of {', '.join(ENDINGS)}, got {told['status']!r}")
    priority = told.get("priority", "")
    if priority and not (priority.removeprefix("-").isdecimal() and abs(int(priority[:12])) < _MOST_PRIORITY):
        raise _Bad(f"priority: expected a whole number below {_MOST_PRIORITY}, got {priority!r}")
    limit = _number(told["limit_s"], "limit_s") if told.get("limit_s") else 0.0
    return TracedJob(
        submit,
        run,
        cpu,
        memory=int(memory * _GIB),
        gpu=gpu,
        ending=told["status"],
        limit=limit or None,
        owner=told.get("user", ""),
        number=told.get("job", "") or f"job-{count}",
        project=told.get("project", ""),
        priority=int(priority or 0),
        gpu_model=told.get("gpu_model") or None,
    )


def _number(text: str, name: str) -> float:
    most = _LATEST if name == "submit_s" else MOST_SECONDS if name.endswith("_s") else _MOST_AMOUNT
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise _Bad(f"{name}: expected a number from 0 to {most:g}, got {text!r}")
    return value


def _swf(lines: Iterator[str]) -> Iterator[_Line]:
    """Lines of eighteen numbers, -1 where something is not known; what begins with a semicolon is a comment."""
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text and not text.startswith(";"):
            yield number, lambda text=text: _swf_job(text.split())  # type: ignore[misc]


def _swf_job(fields: list[str]) -> TracedJob | str:
    """The job of one line, memory in KiB a processor, or why it is none: cancelled before it ran, or a burst of a job
    that another line sums up.
    """
    if len(fields) != _SWF_FIELDS:
        raise _Bad(f"expected {_SWF_FIELDS} fields, got {len(fields)}")
    try:
        values = [float(one) for one in fields]
    except ValueError as error:
        raise _Bad(f"expected numbers, got {error.args[0].rpartition(': ')[2]}") from error
    name, submit, _, run, used, _, used_memory, wanted, limit, wanted_memory, status, user, *_ = values
    if status in _SWF_PARTIAL:
        return PARTIAL
    if status not in _SWF_ENDINGS:
        raise _Bad(f"field 11 (status): expected a whole number from -1 to 5, got {status:g}")
    if not 0 <= submit <= _LATEST:
        raise _Bad(f"field 2 (submit time): expected a number from 0 to {_LATEST:g}, got {submit:g}")
    processors = wanted if wanted > 0 else used
    memory = wanted_memory if wanted_memory > 0 else used_memory
    ending = _SWF_ENDINGS[int(status)]
    if (processors <= 0 or run < 0) and (ending == "cancelled" or status == -1):
        return GONE
    _check_swf(run, processors, memory)
    return TracedJob(
        submit,
        run,
        ceil(processors),
        memory=int(max(memory, 0) * 1024) * ceil(processors),
        ending=ending,
        limit=limit if 0 < limit <= MOST_SECONDS else None,
        owner=f"user-{user:g}" if user >= 0 else "",
        number=f"{name:.0f}" if 0 <= name < _LATEST else "",
    )


def _check_swf(run: float, processors: float, memory: float) -> None:
    if not run >= 0:
        raise _Bad(f"field 4 (run time): expected a number of at least 0, got {run:g}")
    if not processors > 0:
        raise _Bad(f"field 8 or 5 (processors): expected a number of at least 1, got {processors:g}")
    for name, value, most in (
        ("field 4 (run time)", run, MOST_SECONDS),
        ("field 8 or 5 (processors)", processors, _MOST_AMOUNT),
        ("field 10 or 7 (memory)", memory, _MOST_AMOUNT),
    ):
        if not value <= most:
            raise _Bad(f"{name}: expected a number of at most {most:g}, got {value:g}")
