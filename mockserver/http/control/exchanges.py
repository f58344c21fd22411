"""What was asked and answered, as a list, as an archive and as it happens; and figures."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.http.control.desk import Desk
from mockserver.http.events import server_sent
from mockserver.http.explaining import unknown


def mock_list_exchanges(desk: Desk, call: Call) -> Reply:
    """The latest exchanges that match."""
    query = call.query
    if query.get("api") not in (None, *desk.apis):
        raise Refusal("invalid", f"query api: {unknown(query['api'], desk.apis)}")
    names = ("api", "operation", "status", "since")
    return Reply(200, {"exchanges": desk.sandbox(call).journal.list(**{name: query.get(name) for name in names}, limit=query["limit"])})


def mock_clear_exchanges(desk: Desk, call: Call) -> Reply:
    """Forget what was asked and answered."""
    journal = desk.sandbox(call).journal
    journal.clear()
    journal.breaches.clear()
    return Reply(204, empty=True)


def mock_list_breaches(desk: Desk, call: Call) -> Reply:
    """Requests that broke their document: how many, and the first ones, also those that the journal has forgotten."""
    breaches = desk.sandbox(call).journal.breaches
    return Reply(200, {"total": breaches.total, "breaches": breaches.first})


def mock_export_exchanges(desk: Desk, call: Call) -> Reply:
    """The exchanges as an HTTP archive."""
    return Reply(200, desk.sandbox(call).journal.har())


def mock_watch(desk: Desk, call: Call) -> Reply:
    """What happens from now on, until the client leaves."""
    return Reply(200, media_type="text/event-stream", stream=server_sent(desk.sandbox(call).journal), headers={"Cache-Control": "no-store"})


def mock_metrics(desk: Desk, call: Call) -> Reply:
    """Figures for Prometheus."""
    from mockserver.http.metrics import exposition

    return Reply(200, media_type="text/plain; version=0.0.4; charset=utf-8", text=exposition(desk.sandboxes).decode())
