"""What a benchmark says when it cannot run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks import http, policies, scheduler


def test_a_missing_rival_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scheduler, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["scheduler", "--part", "contest"])

    with pytest.raises(SystemExit) as ended:
        scheduler.main()

    assert ended.value.code == 2
    assert "pip install 'simpy>=4.1,<5'" in capsys.readouterr().err


@pytest.mark.parametrize("made", [policies.backfill_world, policies.quotas_world])
def test_all_jobs_of_a_contest_come_to_their_end(made: Callable[[int, int], Any]) -> None:
    here, asked = made(64, 40)

    jobs = [here.scheduler.submit(request, here.lifecycles["runai"]) for _, request in asked]
    here.scheduler.advance(1 << 60)

    assert all(job.is_over for job in jobs)


@pytest.mark.parametrize("part", [scheduler, http])
def test_both_parts_of_make_bench_take_its_arguments(
    part: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(part, "run", lambda *asked: {})
    monkeypatch.setattr(part, "show", print)
    monkeypatch.setattr(scheduler, "find_spec", lambda name: True)
    monkeypatch.setattr(sys, "argv", ["bench", "--quick"])

    part.main()

    assert capsys.readouterr().out == "{}\n"
