"""The commands about scenarios, as a user meets them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from mockserver.cli import main
from mockserver.simulation.scenario import scenario as scenarios


def mockserver(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_the_list_names_every_shipped_scenario_with_what_it_is() -> None:
    status, told, _ = mockserver("scenario", "list")

    assert status == 0
    assert all(name in told for name in scenarios.names())
    assert "One node of four cores" in told


@pytest.mark.parametrize("name", scenarios.names())
def test_a_shown_scenario_can_be_kept_changed_and_checked(name: str, tmp_path: Path) -> None:
    _, shown, _ = mockserver("scenario", "show", name)
    file = tmp_path / "mine.yaml"
    file.write_text(shown, encoding="utf-8")

    status, told, _ = mockserver("scenario", "check", str(file))

    assert status == 0
    assert told.startswith(f"{file}: a scenario of ")


def test_an_unknown_name_is_told_with_those_that_exist() -> None:
    status, _, told = mockserver("scenario", "show", "nope")

    assert status == 2
    assert "no scenario is called 'nope'; expected one of busy, default" in told


def test_a_check_tells_every_mistake_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("queue: lottery\nnodes:\n  - class: a\n    cpu: 1\n    memory_gib: much\n", encoding="utf-8")

    status, _, told = mockserver("scenario", "check", str(file))

    assert status == 2
    assert f'{file} line 1: queue: expected greedy, fifo, priority, backfill or conservative, got "lottery"' in told
    assert f'{file} line 5: nodes[0].memory_gib: expected memory in GiB, a number of at least 0, got "much"' in told


def test_a_shipped_name_is_no_file_to_check() -> None:
    status, _, told = mockserver("scenario", "check", "tiny")

    assert status == 2
    assert "scenario 'tiny' cannot be read" in told
