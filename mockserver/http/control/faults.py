"""Faults: requests that are broken on purpose for a while."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Reply
from mockserver.http.control.context import Context


def mock_list_faults(context: Context, call: Call) -> Reply:
    """The faults that have not expired."""
    return Reply(200, {"faults": context.sandbox(call).faults.list()})


def mock_add_fault(context: Context, call: Call) -> Reply:
    """Add a fault."""
    faults = context.sandbox(call).faults
    added = faults.add(call.body)
    return Reply(201, next(shown for shown in faults.list() if shown["id"] == added.id))


def mock_clear_faults(context: Context, call: Call) -> Reply:
    """Delete all faults."""
    context.sandbox(call).faults.clear()
    return Reply(204, empty=True)


def mock_remove_fault(context: Context, call: Call) -> Reply:
    """Delete one fault."""
    context.sandbox(call).faults.remove(call.path["id"])
    return Reply(204, empty=True)
