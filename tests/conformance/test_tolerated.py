"""Where a vendor's pages contradict each other, the contract oracle lets pass what any of them says, and
nothing else.
"""

from __future__ import annotations

from typing import Any

import pytest

from conformance.run.results import Options
from conformance.run.runner import run
from conformance.run.verdict import Verdict
from conformance.target.target import Target
from mockserver.http.app import create_app
from tests.conformance.faults import answers, every_job

SHAPE = "JOB-RSP-002"


@pytest.mark.parametrize(
    ("api", "member", "value", "is_let_pass"),
    [
        ("xio", "created_at", "2026-01-05", True),
        ("xio", "updated_at", "2026-01-05", True),
        ("xio", "created_at", "yesterday", False),
        ("xio", "title", 5, False),
        ("runai", "nodes", "cpu-0", True),
        ("runai", "nodes", "", True),
        ("runai", "nodes", 5, False),
    ],
)
def test_what_one_page_says_is_no_breach(api: str, member: str, value: Any, is_let_pass: bool) -> None:
    showing = every_job(api, lambda job, asked: job.__setitem__(member, value))
    with answers(api, "*", showing)(create_app([api])) as app, Target.in_process(app, api) as target:
        report = run(target, Options(only=(SHAPE,)))

    assert [one.requirement for one in report.of(Verdict.FAIL)] == ([] if is_let_pass else [SHAPE])
