"""Recorded exchanges as a list, as an archive and as a stream; breaches; metrics."""

from __future__ import annotations

import specs
from mockserver.adapters.exchange import Call, Refusal, Reply, Violation
from mockserver.http.contract.explanation import unknown
from mockserver.http.control.context import Context
from mockserver.http.control.metrics import MEDIA_TYPE, exposition
from mockserver.http.records.events import server_sent
from mockserver.http.records.har import archiving
from mockserver.http.slices import in_slices


async def mock_list_exchanges(context: Context, call: Call) -> Reply:
    """The latest exchanges that match."""
    query = call.query
    if query.get("api") not in (None, *context.apis):
        raise Refusal("invalid", f"query api: {unknown(query['api'], context.apis)}")
    _check_operation(query.get("operation"), [query["api"]] if "api" in query else list(context.apis))
    names = ("api", "operation", "status", "since")
    wanted = {name: query.get(name) for name in names}
    listing = context.sandbox(call).journal.listing(**wanted, limit=query["limit"])
    return Reply(200, {"exchanges": await in_slices(listing)})


def _check_operation(operation: str | None, apis: list[str]) -> None:
    """Raises Refusal for an operation that none of the APIs has; what belongs to none has an empty one."""
    known = [name for api in apis for name in specs.load(api).operations]
    if operation and operation not in known:
        message = f"query operation: {unknown(operation, known)}"
        raise Refusal.of(Violation("query", ("operation",), "enum", known, operation, message))


def mock_clear_exchanges(context: Context, call: Call) -> Reply:
    """Delete the recorded exchanges and breaches."""
    journal = context.sandbox(call).journal
    journal.clear()
    journal.breaches.clear()
    return Reply(204, empty=True)


def mock_list_breaches(context: Context, call: Call) -> Reply:
    """Requests that broke their document: the number, and the first ones, also if the journal has dropped them."""
    breaches = context.sandbox(call).journal.breaches
    return Reply(200, {"total": breaches.total, "breaches": breaches.first})


async def mock_export_exchanges(context: Context, call: Call) -> Reply:
    """The exchanges as an HTTP archive."""
    exchanges = [*context.sandbox(call).journal.after(0)]  # all at this moment
    return Reply(200, await in_slices(archiving(exchanges)))


def mock_watch(context: Context, call: Call) -> Reply:
    """What happens from now on, until the client leaves."""
    return Reply(
        200,
        media_type="text/event-stream",
        stream=server_sent(context.sandbox(call).journal),
        headers={"Cache-Control": "no-store"},
    )


def mock_metrics(context: Context, call: Call) -> Reply:
    """Metrics for Prometheus."""
    return Reply(200, media_type=MEDIA_TYPE, text=exposition(context.sandboxes).decode())
