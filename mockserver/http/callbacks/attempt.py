"""How one attempt to call a client went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """How one attempt went: delivered, failed (worth another attempt) or refused (not to be called at all)."""

    outcome: str
    status: int | None = None
    error: str | None = None
