"""The modes of a run: `ci` for your own server, `live-safe` for a real service, `certify` for a proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from urllib.parse import urlsplit

from conformance.run.results import Options
from conformance.target.budget import Budget, live_safe
from specs.loopback import is_loopback

Mode = Literal["ci", "live-safe", "certify"]
MODES: tuple[Mode, ...] = ("ci", "live-safe", "certify")
CERTIFYING_SEEDS = 3
GAMES, FUZZ_EXAMPLES = 60, 10
JOBS: dict[Mode, int] = {"ci": 16, "live-safe": 4, "certify": 16}
"""How many checks go on at the same time where time passes by itself, and each of them mostly waits."""


def default_mode(url: str) -> Mode:
    """Nobody's real service is asked without care."""
    return "ci" if is_loopback(urlsplit(url).hostname or "") else "live-safe"


def jobs_for(mode: Mode, told: int | None, *, waits: bool) -> int:
    """How many checks go on at the same time: as told, or else as many as the mode has where checks wait at all."""
    return told if told is not None else JOBS[mode] if waits else 1


def options_for(mode: Mode, options: Options, *, quick: bool) -> list[Options]:
    """The runs that a mode makes of what was asked for."""
    if mode == "certify":
        whole = replace(
            options,
            only=(),
            profiles=None,
            floor=1.0,
            shuffle=True,
            games=GAMES,
            fuzz_examples=FUZZ_EXAMPLES,
            keep_traffic=True,
        )
        return [replace(whole, seed=options.seed + number) for number in range(CERTIFYING_SEEDS)]
    if mode == "ci" and not quick:
        return [replace(options, games=GAMES, fuzz_examples=FUZZ_EXAMPLES)]
    return [options]


def budget_for(mode: Mode, **told: float | None) -> Budget:
    """The bounds of a mode, as far as the user did not say otherwise."""
    budget = live_safe() if mode == "live-safe" else Budget()
    requests, jobs, minutes, rate = told.get("requests"), told.get("jobs"), told.get("minutes"), told.get("rate")
    return replace(
        budget,
        most_requests=int(requests) if requests is not None else budget.most_requests,
        most_jobs=int(jobs) if jobs is not None else budget.most_jobs,
        most_seconds=minutes * 60 if minutes is not None else budget.most_seconds,
        rate=rate if rate is not None else budget.rate,
    )
