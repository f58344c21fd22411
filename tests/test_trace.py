"""Traces: both formats, and bad lines refused with file and line."""

from __future__ import annotations

import gzip
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

    assert read(file).jobs == [
        TracedJob(0, 10, 1, number="job-2"),
        TracedJob(4.5, 60, 2, memory=4 << 30, gpu=0.5, ending="failed", number="job-1"),
    ]


def test_the_standard_workload_format_is_read(tmp_path: Path) -> None:
    file = trace(tmp_path, "jobs.swf", SWF)

    assert read(file).jobs == [TracedJob(0, 100, 4, memory=4 * 2048 * 1024, limit=200, owner="user-7", number="1")]


@pytest.mark.parametrize(
    ("fields", "job"),
    [
        ("2 10 -1 30 8 -1 -1 -1 -1 -1 0 -1 -1 -1 -1 -1 -1 -1", TracedJob(0, 30, 8, ending="failed", number="2")),
        (
            "2 10 -1 30 8 -1 10 2 20 20 5 -1 -1 -1 -1 -1 -1 -1",
            TracedJob(0, 30, 2, memory=2 * 20 * 1024, ending="cancelled", limit=20, number="2"),
        ),
    ],
)
def test_what_a_line_leaves_out_is_taken_from_what_it_has(tmp_path: Path, fields: str, job: TracedJob) -> None:
    assert read(trace(tmp_path, "a.swf", fields)).jobs == [job]


GONE = "2 10 -1 -1 -1 -1 -1 -1 -1 -1 5 -1 -1 -1 -1 -1 -1 -1\n"
BURSTS = "3 -1 0 40 4 -1 -1 4 -1 -1 2 7 1 -1 1 -1 -1 -1\n3 -1 0 60 4 -1 -1 4 -1 -1 3 7 1 -1 1 -1 -1 -1\n"


def test_a_job_that_was_cancelled_before_it_ran_is_left_out_and_counted(tmp_path: Path) -> None:
    found = read(trace(tmp_path, "a.swf", SWF + GONE))

    assert len(found.jobs) == 1
    assert found.sentence() == "1 of 2 left out: cancelled before start"


def test_partial_executions_are_no_jobs(tmp_path: Path) -> None:
    found = read(trace(tmp_path, "a.swf", SWF + BURSTS + GONE))

    assert [job.number for job in found.jobs] == ["1"]
    assert found.sentence() == "3 of 4 left out: partial executions 2, cancelled before start 1"


def test_bad_lines_can_be_left_out_with_a_count_and_an_example(tmp_path: Path) -> None:
    file = trace(tmp_path, "a.swf", SWF + "1 2 3\n" + SWF)

    found = read(file, lenient=True)

    assert len(found.jobs) == 1
    assert (
        found.sentence() == f"2 of 3 left out: bad lines; the first bad one: {file} line 4: expected 18 fields, got 3"
    )


def test_time_counts_from_the_first_submission(tmp_path: Path) -> None:
    line = "{} {} 5 100 4 -1 2048 4 200 -1 1 7 1 -1 1 -1 -1 -1\n"
    file = trace(tmp_path, "a.swf", line.format(9, 1_764_550_030) + line.format(4, 1_764_550_000))

    assert [(job.number, job.submit) for job in read(file).jobs] == [("4", 0), ("9", 30)]


def test_a_number_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="line 6: job 1 is there twice, first on line 3"):
        read(trace(tmp_path, "a.swf", SWF + SWF))


def test_compressed_files_byte_order_marks_and_line_ends_of_spreadsheets_are_read(tmp_path: Path) -> None:
    text = "\ufeff" + HEADER.replace("\n", "\r\n") + "0,1,1,0,1,completed\r\n"
    packed = tmp_path / "jobs.csv.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    plain = tmp_path / "jobs.csv"
    plain.write_bytes(text.encode())

    assert read(packed) == read(plain)
    assert len(read(plain).jobs) == 1


def test_a_csv_may_say_user_project_priority_limit_and_gpu_model(tmp_path: Path) -> None:
    header = "job,submit_s,cpu,mem,gpu,run_s,status,user,project,priority,limit_s,gpu_model\n"
    file = trace(
        tmp_path, "a.csv", header + "x7,0,1,0,2,10,completed,ann,team-a,-3,60,A100\nx8,1,1,0,0,10,completed,,,,,\n"
    )

    first, second = read(file).jobs

    assert first == TracedJob(
        0, 10, 1, gpu=2, limit=60, owner="ann", number="x7", project="team-a", priority=-3, gpu_model="A100"
    )
    assert second == TracedJob(1, 10, 1, number="x8")


def test_only_as_many_lines_are_read_as_are_asked_for(tmp_path: Path) -> None:
    file = trace(tmp_path, "jobs.csv", HEADER + "0,1,1,0,1,completed\n" * 3 + "this line is never reached\n")

    assert len(read(file, 3).jobs) == 3


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.csv", "when,what\n", "line 1: expected the columns submit_s,cpu,mem,gpu,run_s,status, got 'when,what'"),
        ("a.csv", HEADER + "0,1,1,0,1,completed\n0,1,1,0,1\n", "line 3: expected 6 fields, got 5"),
        (
            "a.csv",
            HEADER.replace("status", "status,colour"),
            "line 1: expected the columns submit_s,cpu,mem,gpu,run_s,status and any of job,user",
        ),
        (
            "a.csv",
            HEADER.replace("status", "status,priority") + "0,1,1,0,1,completed,1.5\n",
            "line 2: priority: expected a whole number",
        ),
        ("a.csv", HEADER + "0,1,1,0,1,completed\n2e9,1,1,0,1,completed\n", "expected all submissions within 1e+09 s"),
        (
            "a.csv",
            HEADER + "0,many,1,0,1,completed\n",
            "line 2: cpu: expected a number from 0 to 1.09951e+12, got 'many'",
        ),
        ("a.csv", HEADER + "0,1,1,0,-1,completed\n", "line 2: run_s: expected a number from 0 to 1e+09, got '-1'"),
        ("a.csv", HEADER + "0,1,1,0,nan,completed\n", "line 2: run_s: expected a number"),
        (
            "a.csv",
            HEADER + "0,1,1,0,1,done\n",
            "line 2: status: expected one of completed, failed, cancelled, got 'done'",
        ),
        ("a.csv", HEADER, "expected at least one job, got none"),
        ("a.csv", "", "line 1: expected the columns"),
        ("a.swf", SWF + "1 2 3\n", "line 4: expected 18 fields, got 3"),
        ("a.swf", SWF.replace("100", "x"), "line 3: expected numbers, got 'x'"),
        (
            "a.swf",
            SWF.replace(" 1 7 ", " 9 7 "),
            "line 3: field 11 (status): expected a whole number from -1 to 5, got 9",
        ),
        ("a.swf", SWF.replace("1 0 5", "1 -2 5"), "line 3: field 2 (submit time): expected a number"),
        ("a.swf", SWF.replace(" 100 ", " -1 "), "line 3: field 4 (run time): expected a number of at least 0, got -1"),
        (
            "a.swf",
            SWF.replace(" 4 ", " 0 "),
            "line 3: field 8 or 5 (processors): expected a number of at least 1, got 0",
        ),
        (
            "a.swf",
            SWF.replace(" 100 ", " 1e30 "),
            "line 3: field 4 (run time): expected a number of at most 1e+09, got 1e+30",
        ),
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


def test_a_trace_in_another_encoding_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("submit_s,cpu,mem,gpu,run_s,status\n".encode("utf-16"))

    with pytest.raises(TraceError, match=r"a\.csv' cannot be read \(it is not text in UTF-8\); expected a text file"):
        read(file)
