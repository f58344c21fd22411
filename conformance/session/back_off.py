"""How long to wait when a server says that it has too much to do."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

from conformance.traffic.exchange import Response

ATTEMPTS = 5
"""How often a request that met an overloaded server is sent."""
MOST_BACK_OFF = 30.0
"""Longest pause before it is sent again, in seconds."""


def pause(response: Response, attempt: int) -> float:
    """The seconds that an answer asks to wait, within reason; a little longer from attempt to attempt if it does not
    say."""
    asked = _asked(response)
    return 0.1 * 2**attempt if asked is None else max(0.0, min(asked, MOST_BACK_OFF))


def _asked(response: Response) -> float | None:
    """What Retry-After says: seconds, or a date, which is compared with the server's own."""
    said = (response.header("retry-after") or "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    until = _date(said)
    if until is None:
        return None
    now = _date(response.header("date") or "")
    return until - (time.time() if now is None else now)


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
