"""Random spans: the ways in which a scenario says how long something takes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import pairwise
from math import exp, log
from statistics import NormalDist

import msgspec

MOST_SECONDS = 1e9
MOST_VALUES = 100_000
WAYS = ("fixed", "uniform", "exponential", "log_normal", "mixture", "quantiles", "trace")
_NORMAL = NormalDist()


class Distribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds, drawn in exactly one of these ways.

    Always `fixed`; `uniform` [low, high]; `exponential` with that mean; `log_normal` [mu, sigma] of the logarithm;
    `mixture` of distributions, each chosen as often as its `weight` says; `quantiles` [percent, seconds], straight
    lines between them; `trace`, the given values in turn and from the first again after the last.
    """

    fixed: float | None = None
    uniform: tuple[float, float] | None = None
    log_normal: tuple[float, float] | None = None
    exponential: float | None = None
    mixture: tuple[Distribution, ...] | None = None
    quantiles: tuple[tuple[float, float], ...] | None = None
    trace: tuple[float, ...] | None = None
    weight: float | None = None

    def __post_init__(self) -> None:
        given = [name for name in WAYS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of {', '.join(WAYS)}, got {', '.join(given) or 'none'}")
        if self.weight is not None and not 0 < self.weight < 1e9:
            raise ValueError(f"expected a weight above 0, got {self.weight:g}")
        _CHECKS.get(given[0], _are_seconds)(self)


def _are_seconds(given: Distribution) -> None:
    single = [number for number in (given.fixed, given.exponential) if number is not None]
    numbers = list(given.uniform or given.trace or single)
    if any(not 0 <= number <= MOST_SECONDS for number in numbers) or (given.uniform and numbers != sorted(numbers)):
        raise ValueError("expected seconds of at least 0, the lower first")
    if given.trace is not None and not 1 <= len(given.trace) <= MOST_VALUES:
        raise ValueError(f"expected from 1 to {MOST_VALUES} values in `trace`, got {len(given.trace)}")


def _is_log_normal(given: Distribution) -> None:
    mu, sigma = given.log_normal or (0.0, 0.0)
    if not abs(mu) <= 100 or not 0 <= sigma <= 100:
        raise ValueError(
            f"expected [mu, sigma] of a logarithm, sigma at least 0 and neither beyond 100, got {mu:g}, {sigma:g}"
        )


def _is_mixture(given: Distribution) -> None:
    if not given.mixture or any(part.weight is None for part in given.mixture):
        raise ValueError("expected one or more distributions in `mixture`, each with a weight")


def _is_ascending(given: Distribution) -> None:
    points = given.quantiles or ()
    percents, values = [point[0] for point in points], [point[1] for point in points]
    if not points or _falls(percents, strictly=True) or _falls(values, strictly=False):
        raise ValueError("expected `quantiles` as [percent, seconds], both rising")
    if not 0 <= percents[0] <= percents[-1] <= 100 or not 0 <= values[0] <= values[-1] <= MOST_SECONDS:
        raise ValueError("expected percents from 0 to 100 and seconds of at least 0 in `quantiles`")


def _falls(numbers: list[float], *, strictly: bool) -> bool:
    return any(not (one < two or (one == two and not strictly)) for one, two in pairwise(numbers))


_CHECKS = {"log_normal": _is_log_normal, "mixture": _is_mixture, "quantiles": _is_ascending}


def sample(distribution: Distribution, chance: float, *, turn: int | None = None) -> float:
    """Seconds for a chance in [0, 1), by inversion; a `trace` gives its value number `turn`, or by chance where there
    is no turn.
    """
    if distribution.uniform is not None:
        low, high = distribution.uniform
        return low + (high - low) * chance
    if distribution.log_normal is not None:
        mu, sigma = distribution.log_normal
        return min(exp(min(mu + sigma * _NORMAL.inv_cdf(max(chance, 1e-12)), 700.0)), MOST_SECONDS)
    if distribution.exponential is not None:
        return min(-log(1.0 - chance) * distribution.exponential, MOST_SECONDS)
    if distribution.mixture is not None:
        return _mixed(distribution.mixture, chance)
    if distribution.quantiles is not None:
        return _between(distribution.quantiles, chance * 100)
    if distribution.trace is not None:
        values = distribution.trace
        return values[int(chance * len(values)) if turn is None else turn % len(values)]
    return distribution.fixed or 0.0


def longest(distribution: Distribution) -> float | None:
    """The seconds that are never exceeded, or None where there is no such bound."""
    if distribution.mixture is not None:
        known = [bound for part in distribution.mixture if (bound := longest(part)) is not None]
        return max(known) if len(known) == len(distribution.mixture) else None
    if distribution.log_normal is not None or distribution.exponential is not None:
        return None
    points = [seconds for _, seconds in distribution.quantiles or ()]
    return max(distribution.fixed or 0.0, *(distribution.uniform or ()), *(distribution.trace or ()), *points, 0.0)


def pick(weights: Iterable[float], chance: float) -> tuple[int, float]:
    """Which of the weighted things a chance in [0, 1) falls on, and the chance (again in [0, 1)) that is left within
    it.
    """
    shares = list(weights)
    left = chance * sum(shares)
    for number, share in enumerate(shares):
        if left < share:
            return number, left / share
        left -= share
    return len(shares) - 1, 0.0


def _mixed(parts: tuple[Distribution, ...], chance: float) -> float:
    number, rest = pick([part.weight or 0.0 for part in parts], chance)
    return sample(parts[number], rest)


def _between(points: tuple[tuple[float, float], ...], percent: float) -> float:
    place = bisect_right(points, (percent, MOST_SECONDS))
    if not place:
        return points[0][1]
    if place == len(points):
        return points[-1][1]
    (low, before), (high, after) = points[place - 1], points[place]
    return before + (after - before) * (percent - low) / (high - low)
