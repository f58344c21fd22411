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


EVERYTHING_WRONG = """\
queue: lottery
start: 1999-01-01T00:00:00Z
pace: x9999999
nodes:
  - class: a
    cpu: much
    memory_gib: 1
  - class: b
    cpu: 1
    memory_gib: 1
  - class: b
    cpu: 1
    memory_gib: 1
run:
  quantiles: [[50, 2], [40, 1]]
startup:
  trace: {file: nowhere.csv}
switches: [ionworks.nothing]
apis:
  ionwork: {failure_rate: 2}
credentials:
  ionworks:
    api-key: k
  ionwork:
    api-key: k
  webhook:
    secret: "???"
"""
WRONG_LINES = {
    1: 'queue: expected greedy, fifo, priority, backfill or conservative, got "lottery"',
    2: "start: expected `start` from 2001-09-09T01:46:40Z to 2200-01-01T00:00:00Z, got 1999-01-01T00:00:00Z",
    3: "pace: unknown pace 'x9999999'; expected real",
    6: 'nodes[0].cpu: expected cores, a number of at least 0, got "much"',
    11: "nodes[2].class: expected each node class once, got b again",
    14: "run: expected `quantiles` as [percent, seconds], both rising",
    17: "startup.trace: ",
    18: "switches: unknown switch 'ionworks.nothing'; expected one of ionworks.submission-gone",
    20: "apis.ionwork.failure_rate: ",
    24: "credentials.ionwork: expected `credentials` to name",
    27: "credentials.webhook.secret: expected the secret under `credentials.webhook` in base64",
}


def test_a_check_tells_mistakes_of_every_kind_at_once_each_at_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(EVERYTHING_WRONG, encoding="utf-8")

    status, _, told = mockserver("scenario", "check", str(file))

    assert status == 2
    for number, words in WRONG_LINES.items():
        assert f"{file} line {number}: {words}" in told
    assert f"{file} line 20: apis.ionwork: expected `apis` to name bytenite, ionworks" in told
    assert len(told.splitlines()) == len(WRONG_LINES) + 1


def test_a_check_tells_which_jobs_no_node_could_run_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    nodes = "nodes: [{class: a, cpu: 4, memory_gib: 1}]\n"
    file.write_text(f"{nodes}seed: x\njobs:\n  - cpu: 4\n  - cpu: 400\n  - cpu: much\n", encoding="utf-8")

    _, _, told = mockserver("scenario", "check", str(file))

    assert f"{file} line 2: seed: expected a whole number as seed" in told
    assert f"{file} line 5: jobs[1]: no node could ever run it: 1 of 1 nodes lack 400 cpu cores" in told
    assert f"{file} line 6: jobs[2].cpu: " in told
    assert len(told.splitlines()) == 3


def test_a_shipped_name_is_no_file_to_check() -> None:
    status, _, told = mockserver("scenario", "check", "tiny")

    assert status == 2
    assert "scenario 'tiny' cannot be read" in told
