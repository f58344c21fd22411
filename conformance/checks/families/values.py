"""Values that a submission may bear, and how its job returns them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from conformance.session.expect import INVALID, accepted, need_success, needed, refused, same
from conformance.session.session import JobRef, Session
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown


def taken(session: Session, patch: Json = None, what: str = "", *, shape: str = "quick", **options: Any) -> JobRef:
    """The job of a submission with this patch, which must be granted."""
    what = what or f"a submission with {shown(patch)}"
    return session.job_of(accepted(session.post(session.body(shape, patch), **options), what))


def all_taken(session: Session, patches: Iterable[Json], shape: str = "quick") -> None:
    """A submission with each of these patches is granted."""
    for patch in patches:
        taken(session, patch, shape=shape)


def all_refused(
    session: Session,
    body: Callable[[], Json],
    members: Iterable[tuple[str, Json]],
    *,
    parent: str = "",
    statuses: Collection[int] = INVALID,
) -> None:
    """Such a body is granted; with each of these members in it, it is refused."""
    need_success(session.post(body()), "the control submission")
    for name, wrong in members:
        exchange = session.post(put(body(), f"{parent}/{name}", wrong))
        refused(exchange, f"{shown(wrong)} at {parent}/{name}", statuses)


def all_kept(
    session: Session,
    rows: Iterable[Mapping[str, Json]],
    *,
    echo: Mapping[str, str] | None = None,
    place: str = "body",
    may_refuse: bool = False,
) -> None:
    """What a submission says at these pointers of its body, or in its `query` or `headers`, its job returns.

    At the same pointer, or where `echo` has it. Values that may be refused may still not be changed.
    """
    for row in rows:
        body, options = session.body(), {} if place == "body" else {place: row}
        for pointer, value in row.items() if place == "body" else ():
            body = put(body, pointer, value)
        exchange = session.post(body, **options)
        if may_refuse and not exchange.response.is_success:
            continue
        view = session.view(session.job_of(accepted(exchange, f"a submission with {shown(dict(row))}")))
        needed(view is not MISSING, "the job cannot be read")
        for pointer, value in row.items():
            same(value, get(view, (echo or {}).get(pointer, pointer)), f"{pointer} of a job")
