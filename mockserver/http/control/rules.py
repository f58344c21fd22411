"""Rules for matching requests."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Reply
from mockserver.http.control.context import Context, check_size
from mockserver.simulation.errors import WorldFull


def mock_list_rules(context: Context, call: Call) -> Reply:
    """The rules in the order in which they are tried."""
    return Reply(200, {"rules": context.sandbox(call).rules.list()})


def mock_add_rule(context: Context, call: Call) -> Reply:
    """Add a rule, tried last."""
    check_size(call, "rule")
    sandbox = context.sandbox(call)
    rule = sandbox.rules.add(call.body)
    try:
        sandbox.count_steering()
    except WorldFull:
        sandbox.rules.remove(rule.id)
        raise
    return Reply(201, rule.shown())


def mock_clear_rules(context: Context, call: Call) -> Reply:
    """Delete all rules."""
    sandbox = context.sandbox(call)
    sandbox.rules.clear()
    sandbox.count_steering()
    return Reply(204, empty=True)


def mock_remove_rule(context: Context, call: Call) -> Reply:
    """Delete one rule."""
    sandbox = context.sandbox(call)
    sandbox.rules.remove(call.path["id"])
    sandbox.count_steering()
    return Reply(204, empty=True)
