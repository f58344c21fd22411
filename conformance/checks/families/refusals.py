"""What is refused: calls about what never was, what only resembles what is right; and that a refusal does nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from conformance.checks.common.steps import DENIED, NOBODY
from conformance.session.expect import accepted, need_success, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import shown, without_nulls

Value = TypeVar("Value")


def unknown_is_refused(
    ask: Callable[[str], Exchange], known: str, what: str, *, unknown: str = NOBODY, statuses: Collection[int] = (404,)
) -> None:
    """A call about something that there is, is granted, and refused about what never was."""
    need_success(ask(known), what)
    refused(ask(unknown), f"{what}, which never was", statuses)


def only_right_is_taken(
    ask: Callable[[Value], Exchange],
    right: Value,
    wrong: Iterable[Value],
    what: str,
    *,
    statuses: Collection[int] = DENIED,
) -> None:
    """A call is granted with what is right, and refused with each of those values that only resemble it."""
    accepted(ask(right), f"{what} that is right")
    for value in wrong:
        refused(ask(value), f"{what} {shown(value)[:60]}", statuses)


def changes_nothing(
    look: Callable[[], object], what: str, attempt: Callable[[], Exchange], statuses: Collection[int] = ()
) -> Exchange:
    """An attempt is refused, with one of these statuses where they are promised; what is looked at stays as it is."""
    before = look()
    exchange = attempt()
    if statuses:
        refused(exchange, what, statuses)
    else:
        needed(not exchange.response.is_success, f"{what} is granted")
    same(without_nulls(before), without_nulls(look()), f"what was there before {what}, which was refused,")
    return exchange


def view_of(session: Session, job: JobRef) -> Callable[[], object]:
    """Looks at a job."""
    return lambda: session.view(job)
