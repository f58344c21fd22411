"""Pages, number spans and date spans, as xio's list calls write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from mockserver.adapters.exchange import Call, Json, Reply

DAY = 86_400_000_000
"""Microseconds of a day."""


def page_of(call: Call, items: Iterable[Any], *, total: int, render: Callable[[Any], Json]) -> Reply:
    """The page that the call asks for out of `total` items in order; only what is on it is rendered."""
    page, limit = call.query["page"], call.query["limit"]
    first = (page - 1) * limit
    shown = [render(item) for item in islice(items, first, first + limit)] if first < total else []
    return Reply(200, {"data": shown, "page": page, "limit": limit, "total": total})


def newest_first(call: Call) -> bool:
    """Whether the call wants the last created first, which is also what it gets when it does not say."""
    return bool(call.query.get("sort", "-created_at") == "-created_at")


def span(text: str) -> tuple[float, float]:
    """Lowest and highest of `lo,hi`; twice the same for a single number."""
    low, _, high = text.partition(",")
    return float(low), float(high or low)


def date_span(text: str) -> tuple[int, int]:
    """First and last microsecond since 1970 of `from,to`; a single one stands for all of its day or instant."""
    first, _, last = text.partition(",")
    return _moment(first)[0], _moment(last or first)[1]


def _moment(text: str) -> tuple[int, int]:
    """First and last microsecond of a day, or of an instant as precise as it is written."""
    date, _, clock = text.partition("T")
    start = _days(*map(int, date.split("-"))) * DAY
    if not clock:
        return start, start + DAY - 1
    whole, _, fraction = clock.rstrip("Z").partition(".")
    hours, minutes, seconds = map(int, whole.split(":"))
    start += ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + int(fraction.ljust(6, "0"))
    return start, start + int(10 ** (6 - len(fraction))) - 1


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970 in the proleptic Gregorian calendar; a day past the month's end counts on into the next month."""
    year -= month <= 2
    shifted = (month + 9) % 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * shifted + 2) // 5 + day - 1 - 719_468


def asked(query: Mapping[str, Any], name: str) -> Any:
    """The value of `filter[name]`, or None."""
    return query.get(f"filter[{name}]")
