"""Says beforehand what a run would send (requests, jobs), and how long it would take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.catalogue import Catalogue, Requirement
from conformance.run.cases import Case, cases_of
from conformance.run.estimate import Pace, case_seconds, run_seconds
from conformance.run.progress import minutes
from conformance.run.results import Options
from conformance.run.schedule import scheduled
from conformance.session.connection import missing_capabilities
from conformance.target.target import Target

REQUESTS_PER_CASE = 8
JOBS_PER_LIFE = 2
SECONDS_PER_JOB = 5.0


@dataclass(frozen=True)
class Step:
    """One case with what it is estimated to cost."""

    name: str
    requirement: str
    requests: int
    jobs: int
    seconds: float


@dataclass(frozen=True)
class Plan:
    """All steps of a run."""

    api: str
    steps: tuple[Step, ...]

    @property
    def requests(self) -> int:
        """Requests in all."""
        return sum(step.requests for step in self.steps)

    @property
    def jobs(self) -> int:
        """Jobs in all."""
        return sum(step.jobs for step in self.steps)

    @property
    def job_minutes(self) -> float:
        """Minutes of jobs running, estimated."""
        return sum(step.jobs * SECONDS_PER_JOB + step.seconds for step in self.steps) / 60

    def __str__(self) -> str:
        return (
            f"{self.api}: {len(self.steps)} checks, about {self.requests} requests, {self.jobs} jobs and "
            f"{self.job_minutes:.0f} job-minutes"
        )


def plan(target: Target, catalogue: Catalogue, chosen: Iterable[Requirement]) -> Plan:
    """What judging the chosen requirements would send."""
    able = [one for one in chosen if not one.not_tested and not missing_capabilities(target, one.needs)]
    by_id = {one.id: one for one in able}
    return Plan(
        catalogue.api, tuple(_step(case, by_id.get(case.requirement or "")) for case in cases_of(catalogue, able))
    )


def _step(case: Case, requirement: Requirement | None) -> Step:
    if requirement is None:
        return Step(case.name, "", 2 * REQUESTS_PER_CASE, JOBS_PER_LIFE, 60.0)
    effects = requirement.effects
    jobs, requests = int(effects.get("creates", 1)), REQUESTS_PER_CASE
    if requirement.probe is not None:
        good, bad = (
            len(requirement.probe.get("accepts", ())),
            len(requirement.probe.get("refuses", ())) + bool(requirement.probe.get("required")),
        )
        jobs = good + bad + 1
        requests = 2 * good + 2 * bad + 2
    return Step(case.name, requirement.id, requests, jobs, float(effects.get("seconds", 0)))


LONGEST = 10
"""So many checks are named that take longest."""


@dataclass(frozen=True)
class TimePlan:
    """About how long a run takes, and which checks take longest; `together` go on at the same time."""

    api: str
    cases: tuple[Case, ...]
    pace: Pace
    together: int

    @property
    def seconds(self) -> float:
        """The whole run's."""
        return run_seconds(self.cases, self.pace, lanes=self.together)

    @property
    def longest(self) -> list[Case]:
        """The checks that take longest, and of equal ones those that the target is needed alone for."""
        return sorted(self.cases, key=lambda case: (-case.seconds, not case.alone))[:LONGEST]

    def __str__(self) -> str:
        one_by_one = minutes(run_seconds(self.cases, self.pace, lanes=1))
        alone = sum(case.alone for case in self.cases)
        lines = [
            f"{self.api}: {len(self.cases)} checks take about {minutes(self.seconds)} with {self.together} at a time, "
            f"{alone} of them alone; one after the other {one_by_one}"
        ]
        for case in () if self.pace.is_virtual else self.longest:
            needs = " (alone)" if case.alone else ""
            seconds = case_seconds(case, self.pace)
            lines.append(f"  {_named(case):12} {seconds:>5.0f} s  {case.name}{needs}")
        return "\n".join(lines)


def _named(case: Case) -> str:
    more = f" and {len(case.requirements) - 1} more" if len(case.requirements) > 1 else ""
    return f"{case.requirement or 'life'}{more}"


def time_plan(target: Target, catalogue: Catalogue, options: Options) -> TimePlan:
    """How long judging all that can be judged takes."""
    able = [
        one
        for one in catalogue.requirements.values()
        if not one.not_tested and not missing_capabilities(target, one.needs)
    ]
    cases = scheduled(cases_of(catalogue, able), catalogue, options)
    return TimePlan(catalogue.api, tuple(cases), Pace.of(target), options.jobs)
