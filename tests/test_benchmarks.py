"""What a benchmark says when it cannot run."""

from __future__ import annotations

import sys

import pytest

from benchmarks import scheduler


@pytest.mark.parametrize("part", ["contest", "backfill", "quotas"])
def test_a_missing_rival_is_told_with_what_to_install(
    part: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scheduler, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["scheduler", "--part", part])

    with pytest.raises(SystemExit) as ended:
        scheduler.main()

    assert ended.value.code == 2
    assert "pip install 'simpy>=4.1,<5'" in capsys.readouterr().err
