"""Rules on demand: what becomes of matching requests."""

from __future__ import annotations

from mockserver.adapters.exchange import Call, Refusal, Reply
from mockserver.http.control.desk import Desk
from mockserver.http.limits import RULE_BYTES


def mock_list_rules(desk: Desk, call: Call) -> Reply:
    """The rules in the order in which they are tried."""
    return Reply(200, {"rules": desk.sandbox(call).rules.list()})


def mock_add_rule(desk: Desk, call: Call) -> Reply:
    """One more rule, tried last."""
    if len(call.raw) > RULE_BYTES:
        raise Refusal("too_large", f"the rule has {len(call.raw)} bytes; expected at most {RULE_BYTES}")
    return Reply(201, desk.sandbox(call).rules.add(call.body).shown())


def mock_clear_rules(desk: Desk, call: Call) -> Reply:
    """Forget all rules."""
    desk.sandbox(call).rules.clear()
    return Reply(204, empty=True)


def mock_remove_rule(desk: Desk, call: Call) -> Reply:
    """Forget one rule."""
    desk.sandbox(call).rules.remove(call.path["id"])
    return Reply(204, empty=True)
