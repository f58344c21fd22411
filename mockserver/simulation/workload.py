"""How long runs take and how they end: as the job's command says, otherwise as a seeded draw from the
scenario decides.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mockserver.simulation.clock import micros
from mockserver.simulation.draws import EXIT, NODE_FAILURE, NODE_REPAIR, PULL, RUN, STARTUP, drawn, stream, uniform
from mockserver.simulation.job import Job
from mockserver.simulation.request import TASK, Outcome, Script
from mockserver.simulation.scenario.distribution import Distribution, longest, sample
from mockserver.simulation.scenario.scenario import ApiWorkload, Scenario

_SLEEP = re.compile(r"(?:^|[\s;&|(])sleep\s+([0-9]{1,12}(?:\.[0-9]{1,6})?)(?=$|[\s;&|)])")
_EXIT = re.compile(r"(?:^|[\s;&|(])exit\s+([0-9]{1,3})(?=$|[\s;&|)])")
_SHORT = 1000  # characters of a command that is remembered
_SILENT: tuple[float | None, int | None] = (None, None)
_NO_PULL = Outcome(0, 1, "image pull failed", "ImagePullBackOff")


_Told = tuple[Distribution, Distribution, float]
"""Distributions of preparation and of runs, and how many runs fail."""


class Workload:
    """Draws for one world; every draw depends on the seed, the job's stream, the attempt and its purpose alone.

    Only a `trace` goes by order: the n-th job submitted takes the n-th value.
    """

    __slots__ = ("_of_api", "scenario", "seed")

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self._of_api = {api: _completed(own, scenario) for api, own in scenario.apis.items()}
        self._of_api |= {api + TASK: told for api, told in self._of_api.items()}
        self._of_api[""] = _completed(ApiWorkload(), scenario)

    def __reduce__(self) -> tuple[type[Workload], tuple[Scenario, int]]:
        return Workload, (self.scenario, self.seed)

    def startup(self, job: Job) -> int:
        """Microseconds from getting capacity to running."""
        startup = self._told(job)[0]
        return micros(sample(startup, drawn(self._stream(job) + STARTUP), turn=job.serial - 1))

    def pull(self, job: Job) -> Outcome | None:
        """How the preparation of this attempt fails because its image cannot be pulled; None when it can."""
        rate = self.scenario.image_pull_failure_rate
        return _NO_PULL if rate > 0 and drawn(self._stream(job) + PULL) < rate else None

    def run(self, job: Job) -> Outcome:
        """How this attempt's run goes: as scripted, else as its command says, else as drawn."""
        request = job.request
        _, runs, failure_rate = self._told(job)
        slept, code = spoken(request.command) if request.command else _SILENT
        reason = word = ""
        if request.script is not None:
            slept, code, reason, word = self._scripted(request.script, job.failures, slept=slept, code=code)
        draws = self._stream(job) if slept is None else 0
        if code is None:
            failed = slept is None and failure_rate > 0 and drawn(draws + EXIT) < failure_rate
            code = self.scenario.failure_exit_code if failed else 0
        if slept is None and request.endless and not code:
            return Outcome(None)
        duration = micros(sample(runs, drawn(draws + RUN), turn=job.serial - 1) if slept is None else slept)
        return Outcome(duration, code, reason or f"exit code {code}", word) if code else Outcome(duration)

    def node_fails_after(self, node: str, count: int) -> int | None:
        """Microseconds from a node's being there, after `count` failures before, to its next failure; None when nodes
        do not fail.
        """
        told = self.scenario.node_failures
        if told is None:
            return None
        chance = uniform(self.seed, draw=node, attempt=count, purpose=NODE_FAILURE)
        return micros(sample(told.mean_time_between_s, chance, turn=count))

    def node_returns_after(self, node: str, count: int) -> int | None:
        """Microseconds from a node's failure number `count` (from 0) to its return; None when nodes do not fail."""
        told = self.scenario.node_failures
        if told is None:
            return None
        return micros(
            sample(told.repair_s, uniform(self.seed, draw=node, attempt=count, purpose=NODE_REPAIR), turn=count)
        )

    def _scripted(
        self, script: Script, failures: int, *, slept: float | None, code: int | None
    ) -> tuple[float | None, int | None, str, str]:
        if script.run_seconds is not None:
            slept = script.run_seconds
        if script.fail_attempts is not None:
            code = (script.exit_code or 1) if failures < script.fail_attempts else 0
        elif script.exit_code is not None:
            code = script.exit_code
        elif script.reason or script.code:
            code = 1
        return slept, code, script.reason, script.code

    def _told(self, job: Job) -> _Told:
        return self._of_api.get(job.request.api) or self._of_api[""]

    def _stream(self, job: Job) -> int:
        request = job.request
        return stream(self.seed, request.draw or request.key, job.failures)


def _completed(own: ApiWorkload, scenario: Scenario) -> _Told:
    rate = scenario.failure_rate if own.failure_rate is None else own.failure_rate
    return own.startup or scenario.startup, own.run or scenario.run, rate


def longest_startups(scenario: Scenario) -> dict[str, int | None]:
    """Microseconds that preparation takes at most, by API and (under the key "") for all others; None where there is no
    bound.
    """
    told = {"": ApiWorkload(), **scenario.apis}
    bounds = {api: longest(_completed(own, scenario)[0]) for api, own in told.items()}
    return {api: None if bound is None else micros(bound) for api, bound in bounds.items()}


def spoken(command: str) -> tuple[float | None, int | None]:
    """What a command says of its run: seconds and exit code; short commands, which come again and again, are
    remembered.
    """
    return _spoken(command) if len(command) <= _SHORT else _spoken.__wrapped__(command)


@lru_cache(maxsize=4096)
def _spoken(command: str) -> tuple[float | None, int | None]:
    """What a command says of itself: the seconds of all its `sleep N` together, and the code of its `exit N`; None
    where silent.
    """
    sleeps = _SLEEP.findall(command)
    code = _EXIT.search(command)
    slept = sum(map(float, sleeps)) if sleeps else None
    if code is None:
        return slept, 0 if sleeps else None
    return (0.0 if slept is None else slept), int(code.group(1)) & 0xFF
