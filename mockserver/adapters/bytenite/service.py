"""Operations about the service itself: its version, and whether a data source can be reached."""

from __future__ import annotations

from mockserver.adapters.bytenite.jobs import done
from mockserver.adapters.exchange import Call, Reply


def Customer_GetInfo(_: Call) -> Reply:
    """The version that the document bears; there are never messages."""
    return Reply(200, {"version": "0.1", "messages": []})


def Customer_TestDatasource(_: Call) -> Reply:
    """Every data source is fine: nothing is contacted."""
    return done()
