"""Faults: requests that are broken on purpose, for some time or some requests."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Reply
from mockserver.http.control.context import Context, check_size
from mockserver.simulation.errors import WorldFull


def mock_list_faults(context: Context, call: Call) -> Reply:
    """The faults that have not expired."""
    return Reply(200, {"faults": context.sandbox(call).faults.list()})


def mock_add_fault(context: Context, call: Call) -> Reply:
    """Add a fault."""
    check_size(call, "fault")
    sandbox = context.sandbox(call)
    faults = sandbox.faults
    added = faults.add(call.body)
    try:
        sandbox.count_steering()
    except WorldFull:
        faults.remove(added.id)
        raise
    return Reply(201, next(shown for shown in faults.list() if shown["id"] == added.id))


def mock_clear_faults(context: Context, call: Call) -> Reply:
    """Delete all faults."""
    sandbox = context.sandbox(call)
    sandbox.faults.clear()
    sandbox.count_steering()
    return Reply(204, empty=True)


def mock_remove_fault(context: Context, call: Call) -> Reply:
    """Delete one fault."""
    sandbox = context.sandbox(call)
    sandbox.faults.remove(call.path["id"])
    sandbox.count_steering()
    return Reply(204, empty=True)
