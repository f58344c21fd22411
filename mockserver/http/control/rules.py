"""Rules for matching requests."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.http.control.context import Context
from mockserver.http.limits import RULE_BYTES


def mock_list_rules(context: Context, call: Call) -> Reply:
    """The rules in the order in which they are tried."""
    return Reply(200, {"rules": context.sandbox(call).rules.list()})


def mock_add_rule(context: Context, call: Call) -> Reply:
    """Add a rule, tried last."""
    if len(call.raw) > RULE_BYTES:
        raise Refusal("too_large", f"the rule has {len(call.raw)} bytes; expected at most {RULE_BYTES}")
    return Reply(201, context.sandbox(call).rules.add(call.body).shown())


def mock_clear_rules(context: Context, call: Call) -> Reply:
    """Delete all rules."""
    context.sandbox(call).rules.clear()
    return Reply(204, empty=True)


def mock_remove_rule(context: Context, call: Call) -> Reply:
    """Delete one rule."""
    context.sandbox(call).rules.remove(call.path["id"])
    return Reply(204, empty=True)
