"""Bounds the connections of a server, and logs refused ones: a few lines in a while, however many there are."""

from __future__ import annotations

import logging

from mockserver.http.limits import CONNECTIONS, DESCRIPTORS_SPARED, LOG_LINES, LOG_SECONDS
from mockserver.http.pace import ticks

logger = logging.getLogger("mockserver")


class Admission:
    """Shared by all connections of a process's servers. `open` counts them, `most` is how many may be open
    at a time.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most_connections() if most is None else most
        self.open = 0
        self._until = 0.0
        self._lines = self._unsaid = 0

    def complain(self, client: tuple[str, int] | None, reason: str) -> None:
        """Log why a client was refused, unless enough lines have been logged for now."""
        now = ticks()
        if now >= self._until:
            self._until, self._lines = now + LOG_SECONDS, 0
        if self._lines >= LOG_LINES:
            self._unsaid += 1
            return
        self._lines += 1
        more, self._unsaid = (f" ({self._unsaid} more like this were not logged)" if self._unsaid else ""), 0
        logger.warning("%s: %s%s", f"{client[0]}:{client[1]}" if client else "a client", reason, more)


def most_connections() -> int:
    """How many connections leave file descriptors for everything else, as far as the system limits them."""
    try:
        import resource
    except ImportError:  # Windows
        return CONNECTIONS
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(CONNECTIONS, soft - DESCRIPTORS_SPARED))
