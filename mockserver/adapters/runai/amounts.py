"""Amounts as Run:AI writes them: quantities of memory and spans of time."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil

from mockserver.simulation.short_cache import short_cache

_UNITS = {"": Fraction(1), "m": Fraction(1, 1000), "k": Fraction(1000)}
_UNITS |= {letter: Fraction(1000**power) for power, letter in enumerate("KMGTPE", start=1)}
_UNITS |= {f"{letter}i": Fraction(1024**power) for power, letter in enumerate("KMGTPE", start=1)}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PART = re.compile(r"([0-9.]+)([smhd])")


@short_cache(1024)
def quantity(text: str) -> int:
    """Bytes of a Kubernetes quantity such as `1G`, `512Mi`, `1e9` or `3GB`, rounded up.

    Source: specs/runai/sources.md#contradictions-and-gaps-of-the-seed
    """
    plain = text.removesuffix("B")
    number = plain.rstrip("KMGTPEkmi")
    return ceil(Fraction(number) * _UNITS[plain[len(number) :]])


@short_cache(1024)
def span(text: str) -> int:
    """Whole seconds of a duration such as `90s`, `2m` or `1h30m`.

    Source: specs/runai/sources.md#contradictions-and-gaps-of-the-seed
    """
    return round(sum(Fraction(number) * _SECONDS[unit] for number, unit in _PART.findall(text)))
