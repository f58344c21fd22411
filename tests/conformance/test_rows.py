"""Checks that are rows: of values after an id, and of steps with the states of all jobs after each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

import conformance.checks
from conformance.checks import check
from conformance.checks.families.capacity import Vendor
from conformance.errors import Inconclusive
from conformance.session.expect import Failure
from conformance.session.session import JobRef, Session


@dataclass
class OnePlace:
    """A session at a server with room for one job; the others wait, or run too where `is_endless`."""

    is_endless: bool = False
    jobs: list[JobRef] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    passed: float = 0.0

    def advance(self, seconds: float) -> None:
        self.passed += seconds

    def state(self, job: JobRef) -> str:
        there = [one.id for one in self.jobs if one.id not in self.gone]
        if job.id in self.gone:
            return ""
        return "RUNNING" if self.is_endless or job.id == there[0] else "PENDING"

    def submit(self, members: Mapping[str, Any]) -> JobRef:
        self.jobs.append(JobRef(f"job-{len(self.jobs)}", members, cast(Any, None)))
        return self.jobs[-1]


VENDOR = Vendor(
    lambda session, members: cast(OnePlace, session).submit(members),
    lambda session, job: cast(OnePlace, session).gone.add(job.id),
    {"R": ("RUNNING",), "P": ("PENDING",)},
    5.0,
)


def play(world: OnePlace, *steps: Any) -> None:
    VENDOR.play(cast(Session, world), *steps)


def test_each_row_is_a_check_of_its_own_id_with_its_own_name_and_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance.checks, "_FILED", {})
    called: list[tuple[Any, ...]] = []

    @check("XIO-STM-012", "no node has a million cores", {"cpu_count": 1}, 2)
    @check("XIO-STM-013", "no node has a million GPUs", {"gpu_count": 1}, 3)
    def what_no_node_has(session: Session, *row: Any) -> None:
        called.append(row)

    filed = {id_: one for id_, (one,) in conformance.checks._FILED.items()}
    for one in filed.values():
        one.function(cast(Session, None))

    assert {id_: one.name for id_, one in filed.items()} == {
        "XIO-STM-012": "no node has a million cores",
        "XIO-STM-013": "no node has a million GPUs",
    }
    assert {one.module for one in filed.values()} == {__name__}
    assert sorted(called, key=str) == [({"cpu_count": 1}, 2), ({"gpu_count": 1}, 3)]


def test_a_check_without_a_row_is_named_as_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conformance.checks, "_FILED", {})

    @check("XIO-STM-012")
    def a_job_waits(session: Session) -> None:
        """For ever."""

    assert conformance.checks._FILED["XIO-STM-012"][0].name == "a job waits"


def test_steps_that_are_as_promised_pass() -> None:
    world = OnePlace()

    play(world, ({}, "R"), ({}, "RP"), (60.0, "RP"), (0, "-R"))

    assert world.passed == 75.0


def test_a_capital_letter_is_a_promise() -> None:
    with pytest.raises(Failure, match="job 1 is RUNNING, expected PENDING"):
        play(OnePlace(is_endless=True), ({}, "R"), ({"cpu": 4}, "RP"))


def test_a_small_letter_is_a_precondition() -> None:
    with pytest.raises(Inconclusive, match="job 1 is RUNNING, expected PENDING"):
        play(OnePlace(is_endless=True), ({}, "R"), ({}, "rp"), (0, "-R"))


def test_a_job_that_has_gone_is_unknown_to_the_letters() -> None:
    with pytest.raises(Failure, match="since job 0 has left job 0 is unknown, expected RUNNING"):
        play(OnePlace(), ({}, "R"), (0, "R"))


@pytest.mark.parametrize("letters", ["Q", "RP"])
def test_a_letter_without_a_meaning_or_a_job_is_a_mistake_of_the_row(letters: str) -> None:
    with pytest.raises(LookupError):
        play(OnePlace(), ({}, letters))
