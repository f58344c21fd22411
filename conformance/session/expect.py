"""The only ways in which a check says that a promise is broken, cannot be judged, or does not apply."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from conformance.errors import Inconclusive, JudgeError
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import same_value, shown

INVALID = (400, 422)
"""How a request that breaks the document may be refused where no status is documented."""


class Failure(JudgeError):
    """The promise is broken; `exchanges` show it."""

    def __init__(self, message: str, exchanges: Iterable[Exchange] = ()) -> None:
        super().__init__(message)
        self.message, self.exchanges = message, tuple(exchanges)


def fail(message: str, *exchanges: Exchange) -> None:
    """Say that the promise is broken."""
    raise Failure(message, exchanges)


def expect(holds: Any, message: str, *exchanges: Exchange) -> None:
    """The promise is broken unless `holds`."""
    if not holds:
        raise Failure(message, exchanges)


def same(expected: Any, got: Any, what: str = "the value", *exchanges: Exchange) -> None:
    """The promise is broken unless both say the same; 1 and 1.0 do."""
    if not same_value(expected, got):
        raise Failure(f"{what} is {shown(got)}, expected {shown(expected)}", exchanges)


def accepted(exchange: Exchange, what: str = "the request", statuses: Collection[int] = ()) -> Exchange:
    """The promise is broken unless the request was granted."""
    status = exchange.response.status
    if (status not in statuses) if statuses else not exchange.response.is_success:
        raise Failure(f"{what} was answered {status}, expected {_either(statuses) or 'success'}", [exchange])
    return exchange


def refused(exchange: Exchange, what: str = "the request", statuses: Collection[int] = INVALID) -> Exchange:
    """The promise is broken unless the request was refused for the right reason, which the status reports."""
    status = exchange.response.status
    if status == 429 and 429 not in statuses:
        raise Inconclusive(f"{what} met a rate limit")
    if status not in statuses:
        raise Failure(f"{what} was answered {status}, expected {_either(statuses)}", [exchange])
    return exchange


def needed(holds: Any, message: str) -> None:
    """Nothing can be said unless `holds`."""
    if not holds:
        raise Inconclusive(message)


def need_success(exchange: Exchange, what: str) -> Exchange:
    """Nothing can be said unless the request was granted."""
    needed(exchange.response.is_success, f"{what} was answered {exchange.response.status}")
    return exchange


def _either(statuses: Collection[int]) -> str:
    return " or ".join(map(str, sorted(statuses)))
