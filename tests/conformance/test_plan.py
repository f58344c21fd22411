"""`conformance plan --time` says beforehand how long a run takes, and what takes longest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import specs
from conformance.cli.main import main


def told(*arguments: str) -> list[str]:
    done = CliRunner().invoke(main, ["plan", *arguments])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def seconds(text: str) -> int:
    minutes_, seconds_ = re.findall(r"(\d+):(\d\d)", text)[0]
    return int(minutes_) * 60 + int(seconds_)


@pytest.mark.parametrize("api", specs.names())
def test_a_plan_says_how_long_a_run_takes_and_what_takes_longest(api: str) -> None:
    head, *longest = told(api, "--time")

    waits = [int(line.split(" s ")[0].split()[-1]) for line in longest]
    assert len(longest) == 10
    assert waits == sorted(waits, reverse=True)
    assert waits[0] <= seconds(head) < 10 * 60
    assert "with 16 at a time" in head


def test_it_depends_on_how_many_checks_go_on_and_how_fast_the_clock_is() -> None:
    usual, one, fast = (
        seconds(told("ionworks", "--time", *more)[0]) for more in ((), ("--jobs", "1"), ("--time-scale", "200"))
    )

    assert one > 4 * usual
    assert fast < usual / 4


def test_where_the_judge_moves_the_clock_nothing_takes_long() -> None:
    (head,) = told("ionworks", "--time", "--control", "http://127.0.0.1:9")

    assert seconds(head) < 60


def test_what_the_target_file_takes_away_takes_no_time(tmp_path: Path) -> None:
    file = tmp_path / "target.yaml"
    file.write_text("submit: {shapes: {long: null}}")

    with_long, without = told("ionworks", "--time"), told("ionworks", "--time", "--target-file", str(file))

    assert any("JOB-STM-007" in line for line in with_long)
    assert not any("JOB-STM-007" in line for line in without)
