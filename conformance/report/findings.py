"""What to mend first: the broken requirements of a run by what seems to have broken them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

MOST_FINDINGS = 10
_BROKEN = ("FAIL", "WARN")
_LEVELS = ("MUST", "SHOULD", "MAY")
_BECAUSE = re.compile(r"not judged because of ([A-Z]{3}-[A-Z]{3}-\d{3})")
_VALUES = re.compile(r'"[^"]*"|\d+')

Json = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """Broken requirements with one cause: `ids` of the worst level first, `unjudged` could not be judged for them.

    `message` and `curl` are of the first.
    """

    level: str
    ids: tuple[str, ...]
    message: str
    curl: str
    unjudged: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        first, more = self.ids[0], len(self.ids) - 1
        others = f" and {more} more" if more else ""
        held = f" ({_count(len(self.unjudged))} could not be judged because of it)" if self.unjudged else ""
        return f"{self.level} {first}{others}: {self.message}{held}"


def findings(run: Json) -> list[Finding]:
    """The findings of a run of a canonical report: MUSTs first, then what concerns most requirements."""
    unjudged: dict[str, list[str]] = {}
    groups: dict[tuple[str, ...], list[Json]] = {}
    for result in run["results"]:
        blamed = _BECAUSE.search(result["reason"])
        if blamed:
            unjudged.setdefault(blamed[1], []).append(result["id"])
        elif result["verdict"] in _BROKEN:
            groups.setdefault(_cause(result), []).append(result)
    found = [_finding(group, unjudged) for group in groups.values()]
    return sorted(found, key=lambda one: (_rank(one.level), -len(one.ids) - len(one.unjudged), one.ids))


def shown_findings(run: Json) -> tuple[list[Finding], int]:
    """The first findings of a run, and how many more there are."""
    found = findings(run)
    return found[:MOST_FINDINGS], max(0, len(found) - MOST_FINDINGS)


def _cause(result: Json) -> tuple[str, ...]:
    """Equal for requirements that seem to be broken by one mistake.

    The operation where it fails outright, else the operation and the message apart from the values in it.
    """
    exchange = _last_exchange(result)
    operation = (exchange["operation"] or exchange["request"]["method"]) if exchange else ""
    status = exchange["response"]["status"] if exchange else 0
    if status >= 500:
        return operation, str(status)
    return operation, _VALUES.sub("", result["reason"])


def _finding(group: Iterable[Json], unjudged: dict[str, list[str]]) -> Finding:
    ordered = sorted(group, key=lambda result: (_rank(result["level"]), result["id"]))
    first, ids = ordered[0], tuple(result["id"] for result in ordered)
    exchange = _last_exchange(first)
    held = tuple(sorted(other for id_ in ids for other in unjudged.get(id_, ())))
    return Finding(first["level"], ids, first["reason"], exchange["curl"] if exchange else "", held)


def _last_exchange(result: Json) -> Json | None:
    return next((one["exchanges"][-1] for one in result["violations"] if one["exchanges"]), None)


def _rank(level: str) -> int:
    return _LEVELS.index(level)


def _count(number: int) -> str:
    return "1 requirement" if number == 1 else f"{number} requirements"
