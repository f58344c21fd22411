"""A list page by page, whatever its parameters are called and however few jobs it gives at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance import catalogue as catalogues
from conformance.oracles.job_views import items_of
from conformance.session.expect import accepted, expect, needed
from conformance.session.session import Session
from conformance.target.target import Target
from conformance.traffic.json_pointer import Json, get

USUAL, MOST_PAGES = 50, 200
SHORTEST = 10
"""What a server gives at once although more was asked for is at least so many jobs.

A shorter page that is not the last has lost some.
"""


def paging_of(target: Target) -> dict[str, Any]:
    """What the catalogue says of the list's pages, with what the target's file says over it.

    Null there takes a word away.
    """
    told = {**(catalogues.load(target.spec.name).paging or {}), **target.settings.paging}
    return {name: value for name, value in told.items() if value is not None}


def page(
    session: Session,
    limit: int | None,
    number: int = 0,
    *,
    start: int | None = None,
    query: Mapping[str, Any] | None = None,
    **options: Any,
) -> list[Json]:
    """The page of that number, from 0, with so many jobs or the usual number.

    Where pages are reported by offset, it may begin anywhere.
    """
    paging = paging_of(session.target)
    asked = {**(query or {}), **({} if limit is None else {paging["limit"]: limit})}
    if "offset" in paging:
        asked[paging["offset"]] = (limit or 0) * number if start is None else start
    elif "page" in paging:
        asked[paging["page"]] = number + 1
    exchange = accepted(session.list_jobs(query=asked, **options), f"page {number} of {limit or 'all'} jobs")
    return items_of(session.role("list"), exchange.response.json)


def everything(session: Session, limit: int = USUAL, **options: Any) -> list[Json]:
    """All jobs, page by page where there are pages. Inconclusive where the pages after the first cannot be had."""
    paging = paging_of(session.target)
    if "limit" not in paging:
        exchange = accepted(session.list_jobs(**options), "the list")
        return items_of(session.role("list"), exchange.response.json)
    most: int | None = min(limit, paging.get("most", limit))
    if (
        paging.get("assumed")
        and not session.list_jobs(query={paging["limit"]: most}, **_caller(options)).response.is_success
    ):
        most = None
    found: list[Json] = []
    for number in range(MOST_PAGES):
        items = page(session, most, number, start=len(found), **options)
        if number and items and _ids(session, items) == _ids(session, found[: len(items)]):
            again = f"page {number} of the list is the first one again"
            needed(
                not paging.get("assumed"),
                f"{again}: the parameter for the others may have another name here, see `paging` in target files",
            )
            expect(False, again, *session.exchanges[-2:])
        found += items
        if not items or (
            len(items) < (most or MOST_PAGES) and (len(items) < SHORTEST or not _has_more(session, paging, len(found)))
        ):
            break
    return found


def _caller(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in ("tenant", "credential")}


def _has_more(session: Session, paging: Mapping[str, Any], seen: int) -> bool:
    """Whether a page that is shorter than asked for is not the last one: a server may give fewer jobs at once."""
    total = get(session.exchanges[-1].response.json, paging.get("total", "/-"))
    return "offset" in paging and isinstance(total, int) and not isinstance(total, bool) and total > seen


def _ids(session: Session, items: list[Json]) -> list[Json]:
    return [get(item, session.role("list").id or "") for item in items]
