"""What an oracle is: it watches exchanges, causes none, and says which requirement one of them breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from conformance.traffic.exchange import Exchange

MESSAGE_LENGTH = 600
"""Longest message, in characters; a longer one is cut."""


def in_short(message: str) -> str:
    """A message that a person may read, whatever values of the target are in it."""
    return message if len(message) <= MESSAGE_LENGTH else f"{message[:MESSAGE_LENGTH]}…"


@dataclass(frozen=True)
class Violation:
    """One broken promise: which requirement, in what way, and the exchanges that show it, the last one last.

    `control` is the valid twin of a negative case. `check` names the scripted check under way, if any.
    """

    requirement: str
    message: str
    exchanges: tuple[Exchange, ...] = ()
    control: Exchange | None = None
    check: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", in_short(self.message))

    @property
    def signature(self) -> str:
        """Equal for violations of one cause, whatever ids and instants they hold."""
        place = self.exchanges[-1].operation or self.exchanges[-1].request.method if self.exchanges else ""
        return f"{self.requirement}|{place}|{self.exchanges[-1].response.status if self.exchanges else ''}"


class Oracle(Protocol):
    """`examined` counts by requirement how often something was looked at.

    A promise never looked at was not kept either.
    """

    examined: Counter[str]

    def forget(self) -> None:
        """Forget everything: another world begins."""

    def observe(self, exchange: Exchange) -> Iterable[Violation]:
        """Everything that this exchange, after those before it, breaks."""
