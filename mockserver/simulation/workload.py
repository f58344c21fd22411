"""How long runs take and how they end: what the job's own words say, otherwise a seeded draw from the scenario."""

from __future__ import annotations

import re
from functools import lru_cache
from math import exp
from statistics import NormalDist

from mockserver.simulation.chance import EXIT, RUN, STARTUP, uniform
from mockserver.simulation.clock import micros
from mockserver.simulation.job import Job, Outcome, Script
from mockserver.simulation.scenario import Distribution, Scenario

_SLEEP = re.compile(r"(?:^|[\s;&|(])sleep\s+([0-9]{1,12}(?:\.[0-9]{1,6})?)(?=$|[\s;&|)])")
_EXIT = re.compile(r"(?:^|[\s;&|(])exit\s+([0-9]{1,3})(?=$|[\s;&|)])")
_NORMAL = NormalDist()


class Workload:
    """Draws for one world; every draw depends on the seed, the job's stream, the attempt and its purpose alone."""

    __slots__ = ("scenario", "seed")

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed

    def startup(self, job: Job) -> int:
        """Microseconds from getting capacity to running."""
        return micros(sample(self.scenario.startup, self._draw(job, STARTUP)))

    def run(self, job: Job) -> Outcome:
        """How this attempt's run goes: as scripted, else as its command says, else as drawn."""
        request = job.request
        slept, code = spoken(request.command)
        reason = word = ""
        if request.script is not None:
            slept, code, reason, word = self._scripted(request.script, job.failures, slept=slept, code=code)
        if code is None:
            failed = slept is None and self.scenario.failure_rate > 0 and self._draw(job, EXIT) < self.scenario.failure_rate
            code = self.scenario.failure_exit_code if failed else 0
        if slept is None and request.endless and not code:
            return Outcome(None)
        duration = micros(sample(self.scenario.run, self._draw(job, RUN)) if slept is None else slept)
        return Outcome(duration, code, reason or f"exit code {code}", word) if code else Outcome(duration)

    def _scripted(self, script: Script, failures: int, *, slept: float | None, code: int | None) -> tuple[float | None, int | None, str, str]:
        if script.run_seconds is not None:
            slept = script.run_seconds
        if script.fail_attempts is not None:
            code = (script.exit_code or 1) if failures < script.fail_attempts else 0
        elif script.exit_code is not None:
            code = script.exit_code
        elif script.reason or script.code:
            code = 1
        return slept, code, script.reason, script.code

    def _draw(self, job: Job, purpose: int) -> float:
        request = job.request
        return uniform(self.seed, draw=request.draw or request.key, attempt=job.failures, purpose=purpose)


def sample(distribution: Distribution, chance: float) -> float:
    """Seconds for a chance in [0, 1), by inversion."""
    if distribution.uniform is not None:
        low, high = distribution.uniform
        return low + (high - low) * chance
    if distribution.log_normal is not None:
        mu, sigma = distribution.log_normal
        return min(exp(mu + sigma * _NORMAL.inv_cdf(max(chance, 1e-12))), 1e9)
    return distribution.fixed or 0.0


@lru_cache(maxsize=4096)
def spoken(command: str) -> tuple[float | None, int | None]:
    """What a command says of itself: the seconds of all its `sleep N` together, and the code of its `exit N`; None where silent."""
    sleeps = _SLEEP.findall(command)
    code = _EXIT.search(command)
    slept = sum(map(float, sleeps)) if sleeps else None
    if code is None:
        return slept, 0 if sleeps else None
    return (0.0 if slept is None else slept), int(code.group(1)) & 0xFF
