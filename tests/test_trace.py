"""Traces: both formats, and bad lines refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from mockserver.simulation.errors import TraceError
from mockserver.trace import TracedJob, read

HEADER = "submit_s,cpu,mem,gpu,run_s,status\n"
SWF = "; Computer: a cluster\n;\n1 0 5 100 4 -1 2048 4 200 -1 1 7 1 -1 1 -1 -1 -1\n"


def trace(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_csv_is_read_in_order_of_submission(tmp_path: Path) -> None:
    file = trace(tmp_path, "jobs.csv", HEADER + "5,2,4,0.5,60,failed\n\n0.5,1,0,0,10,completed\n")

    assert read(file) == [TracedJob(0.5, 10, 1), TracedJob(5, 60, 2, memory=4 << 30, gpu=0.5, ending="failed")]


def test_the_standard_workload_format_is_read(tmp_path: Path) -> None:
    file = trace(tmp_path, "jobs.swf", SWF)

    assert read(file) == [TracedJob(0, 100, 4, memory=4 * 2048 * 1024, ending="completed", limit=200, owner="user-7")]


@pytest.mark.parametrize(
    ("fields", "job"),
    [
        ("2 10 -1 30 8 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1", TracedJob(10, 30, 8, ending="failed")),
        ("2 10 -1 30 8 -1 10 2 20 20 5 -1 -1 -1 -1 -1 -1 -1", TracedJob(10, 30, 2, memory=2 * 20 * 1024, ending="cancelled", limit=20)),
    ],
)
def test_what_a_line_leaves_out_is_taken_from_what_it_has(tmp_path: Path, fields: str, job: TracedJob) -> None:
    assert read(trace(tmp_path, "a.swf", fields)) == [job]


def test_a_job_that_was_cancelled_before_it_ran_is_left_out(tmp_path: Path) -> None:
    gone = "2 10 -1 -1 -1 -1 -1 -1 -1 -1 5 -1 -1 -1 -1 -1 -1 -1\n"

    assert len(read(trace(tmp_path, "a.swf", SWF + gone))) == 1


def test_only_as_many_lines_are_read_as_are_asked_for(tmp_path: Path) -> None:
    file = trace(tmp_path, "jobs.csv", HEADER + "0,1,1,0,1,completed\n" * 3 + "this line is never reached\n")

    assert len(read(file, 3)) == 3


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "when,what\n", "line 1: expected the columns submit_s,cpu,mem,gpu,run_s,status, got 'when,what'"),
        ("a.csv", HEADER + "0,1,1,0,1,completed\n0,1,1,0,1\n", "line 3: expected 6 fields, got 5"),
        ("a.csv", HEADER + "0,many,1,0,1,completed\n", "line 2: cpu: expected a number from 0 to 1.09951e+12, got 'many'"),
        ("a.csv", HEADER + "0,1,1,0,-1,completed\n", "line 2: run_s: expected a number from 0 to 1e+09, got '-1'"),
        ("a.csv", HEADER + "0,1,1,0,nan,completed\n", "line 2: run_s: expected a number"),
        ("a.csv", HEADER + "0,1,1,0,1,done\n", "line 2: status: expected one of completed, failed, cancelled, got 'done'"),
        ("a.csv", HEADER, "expected at least one job, got none"),
        ("a.csv", "", "line 1: expected the columns"),
        ("a.swf", SWF + "1 2 3\n", "line 4: expected 18 fields, got 3"),
        ("a.swf", SWF.replace("100", "x"), "line 3: expected numbers, got 'x'"),
        ("a.swf", SWF.replace(" 1 7 ", " 9 7 "), "line 3: field 11 (status): expected a whole number from -1 to 5, got 9"),
        ("a.swf", SWF.replace("1 0 5", "1 -2 5"), "line 3: field 2 (submit time): expected a number"),
        ("a.swf", SWF.replace(" 100 ", " -1 "), "line 3: field 4 (run time): expected a number of at least 0, got -1"),
        ("a.swf", SWF.replace(" 4 ", " 0 "), "line 3: field 8 or 5 (processors): expected a number of at least 1, got 0"),
        ("a.swf", SWF.replace(" 100 ", " 1e30 "), "line 3: field 4 (run time): expected a number of at most 1e+09, got 1e+30"),
    ],
)
def test_a_bad_line_is_refused_with_file_and_line(tmp_path: Path, name: str, text: str, told: str) -> None:
    file = trace(tmp_path, name, text)

    with pytest.raises(TraceError) as refused:
        read(file)

    assert str(refused.value).startswith(str(file))
    assert told in str(refused.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    binary = tmp_path / "a.swf"
    binary.write_bytes(b"\xff\xfe\x00")

    for file in (tmp_path / "missing.csv", binary):
        with pytest.raises(TraceError, match="cannot be read"):
            read(file)
