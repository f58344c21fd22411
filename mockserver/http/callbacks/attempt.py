"""How one attempt to call a client went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """Outcome of one attempt: delivered, failed (may be retried) or refused (the address is not allowed)."""

    outcome: str
    status: int | None = None
    error: str | None = None
