"""The oracles of a run: made once, with a memory for each world."""

from __future__ import annotations

import pytest

from conformance import catalogue as catalogues
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.members import MemberOracle
from conformance.run.results import Options
from conformance.run.runner import run
from conformance.session.session import Session
from conformance.target.target import Target
from mockserver.http.app import create_app


def test_a_run_makes_its_oracles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    original = MemberOracle.__init__
    monkeypatch.setattr(MemberOracle, "__init__", lambda self, *facts: made.append(self) or original(self, *facts))

    with Target.in_process(create_app(["ionworks"]), "ionworks") as target:
        run(target, Options(only=("JOB-CRT-00*", "ION-LST-001")))

    assert len(made) == 1


def test_a_fresh_panel_remembers_nothing_of_the_one_it_was_made_from() -> None:
    with Target.in_process(create_app(["ionworks"]), "ionworks") as target:
        oracles = AllOracles(target.spec, catalogues.load("ionworks"))
        with Session(target, oracles, name="first") as session:
            session.submit(until="end")
        before = oracles.examined

        fresh = oracles.fresh()
        with Session(target, fresh, name="second") as session:
            assert sum(fresh.examined.values()) == 0
            session.submit(until="end")

    assert sum(before.values()) > 0
    assert oracles.examined == before
    assert session.violations == []
