"""Gives a check a world whose nodes it knows, where the target's control API can make one."""

from __future__ import annotations

from typing import Any

from conformance.errors import NotApplicable
from conformance.session.expect import needed
from conformance.session.session import Session
from conformance.traffic.json_pointer import Json

ROOMY: Json = {"class": "roomy", "count": 4, "cpu": 16, "memory_gib": 64, "storage_gib": 500}
"""A class of nodes that hold whatever an ordinary check asks for."""
UNKNOWN = (404, 405, 501)
"""How a control API that cannot set a stage says so."""


def staged(session: Session, *nodes: Json, startup: float = 0.0, **facts: Any) -> None:
    """Restart the session's world with these classes of nodes and so many seconds of preparation.

    NotApplicable, Inconclusive where that cannot be.
    """
    session.need("virtual-time", "sandboxes")
    scenario = {"name": "stage", "nodes": list(nodes or (ROOMY,)), "startup": {"fixed": startup}, **facts}
    session.target.ask_control("DELETE", f"/sandboxes/{session.name}")
    answer = session.target.ask_control(
        "POST", "/sandboxes", {"name": session.name, "pace": "manual", "scenario": scenario}
    )
    session.oracles.forget()
    text = answer.body[:200].decode("utf-8", "replace")
    if answer.status in UNKNOWN or 400 <= answer.status < 500:
        raise NotApplicable(f"the control API makes no world of given nodes: {answer.status} {text}")
    needed(answer.is_success, f"the control API failed to make a world of given nodes: {answer.status} {text}")


def change_node(session: Session, name: str, change: str) -> None:
    """Fail, restore or drain a node. Inconclusive where the control API does not."""
    answer = session.target.ask_control("POST", f"/nodes/{name}/{change}", sandbox=session.name)
    needed(answer.is_success, f"the control API does not {change} the node {name}: {answer.status}")
