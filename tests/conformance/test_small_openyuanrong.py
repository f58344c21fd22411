"""The judge of openYuanrong's API before a server that is not ours, in virtual time and in time that passes
by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.run.results import Options, Report
from conformance.run.runner import run
from conformance.run.verdict import Exit, Verdict
from conformance.target.target import Target
from tests.conformance.small_servers.openyuanrong import Server

API = "openyuanrong"
SPEED = 400
SETTINGS = """
submit:
  shapes:
    waits: {metadata: null, entrypoint_resources: {standby: 1}}
"""


def judged(server: Server, folder: Path, options: Options, **how: Any) -> Report:
    file = folder / "tiny.yaml"
    file.write_text(SETTINGS)
    with Target.in_process(server, API, file=file, **how) as target:
        return run(target, options)


@pytest.mark.parametrize(("seed", "keeps_ids"), [(1, False), (2, True)])
def test_a_server_written_by_hand_passes(seed: int, keeps_ids: bool, tmp_path: Path) -> None:
    report = judged(Server(0, keeps_ids=keeps_ids), tmp_path, Options(seed=seed, shuffle=True))

    # What the vendor's own code does and no page says may differ; a SHOULD that every job API owes may not.
    assert [(one.requirement, one.reason) for one in report.of(Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)] == []
    assert [
        (one.requirement, one.reason) for one in report.of(Verdict.WARN) if one.requirement.startswith("JOB-")
    ] == []
    assert report.exit is Exit.CONFORMANT, report.sentence


def test_a_second_run_is_not_troubled_by_what_the_first_left(tmp_path: Path) -> None:
    """Names are fresh in a world that outlives a run, and a stop that takes its time is waited for before a job is
    forgotten.
    """
    server = Server(SPEED)

    for _ in range(2):
        report = judged(
            server, tmp_path, Options(only=("JOB-CRT-*", "OYR-IDM-*", "JOB-STM-003")), control=None, scale=SPEED
        )

        assert report.exit is Exit.CONFORMANT, report.sentence
        assert "JOB-CRT-004" not in [one.requirement for one in report.of(Verdict.WARN)]
        left = [server.worlds[""].jobs[id_].status for id_ in report.left_behind]
        assert set(left) <= {"PENDING"}  # which neither a stop nor a deletion moves
