"""Makes answers that a rule, fault or preference demands: in the vendor's error shape, or from the
document's examples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, get_args

import msgspec

from mockserver.adapters.exchange import Kind, Refusal, Reply
from mockserver.http.contract.contract import Contract
from mockserver.http.steering.prefer import refusal
from mockserver.http.steering.rules import Answer
from mockserver.simulation.world import World

HEADER = "X-Mock-Steered"


def by_rule(contract: Contract, answer: Answer, world: World) -> Reply:
    """The answer of a rule."""
    if answer.body is not msgspec.UNSET:
        return Reply(answer.status, answer.body, dict(answer.headers), empty=answer.status in (204, 304))
    return by_status(contract, answer.status, answer.message, headers=answer.headers, world=world)


def by_status(contract: Contract, status: int, message: str, *, headers: Mapping[str, str], world: World) -> Reply:
    """An answer of that status: from 400 the vendor's error body, below it the document's example, or no body."""
    reply = (
        vendor_error(contract, status, message, world)
        if status >= 400
        else example(contract, status) or Reply(status, empty=True)
    )
    reply.headers.update(headers)
    return reply


def by_preference(contract: Contract, status: int, world: World) -> Reply:
    """The answer that the request prefers. Raises Refusal if the document has no example of a status below 400."""
    message = f"the request prefers status {status}"
    reply = vendor_error(contract, status, message, world) if status >= 400 else example(contract, status)
    if reply is None:
        declared = (code for code in contract.operation.node.get("responses", {}) if code < "400")
        shown = [code for code in declared if example(contract, int(code)) is not None]
        expected = " or ".join([*shown, "a status from 400 to 599"])
        raise refusal("code", str(status), f"{expected}: of no other has the document an example")
    return reply


def vendor_error(contract: Contract, status: int, message: str, world: World) -> Reply:
    """The vendor's error body under a status that it may never use itself."""
    error, place = contract.adapter.error, "body" if contract.takes_body else "query"
    reply = error(Refusal(_kind(error, status), message, place=place), world)
    if reply.status != status:
        reply.body, reply.status = _replaced(reply.body, reply.status, status), status
    return reply


@lru_cache(maxsize=512)
def _kind(error: Callable[[Refusal], Reply], status: int) -> Kind:
    """The kind of refusal to which the vendor gives this status, else the most general kind of its class."""
    usual: Kind = "invalid" if status < 500 else "internal"
    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind in kinds:
        if kind == "malformed":  # speaks of a body that is not JSON
            continue
        try:
            if error(Refusal(kind, "")).status == status:
                return kind
        except (LookupError, AttributeError):  # a reason that this vendor only words together with its facts
            continue
    return usual


def _replaced(body: Any, old: int, new: int) -> Any:
    """The body with the status in it corrected."""
    if isinstance(body, dict):
        return {
            name: new if value == old and not isinstance(value, bool) else _replaced(value, old, new)
            for name, value in body.items()
        }
    return body


def example(contract: Contract, status: int) -> Reply | None:
    """The document's example of that status, or None."""
    if str(status) not in contract.operation.node.get("responses", {}):
        return None
    place, node = contract.schemas.follow((*contract.operation.pointer, "responses", str(status)))
    content = node.get("content", {})
    for media_type, medium in content.items():
        names = list(medium.get("examples", {}))
        if names:
            _, found = contract.schemas.follow((*place, "content", media_type, "examples", names[0]))
            value = found.get("value")
            return Reply(
                status,
                value,
                media_type=media_type,
                text=value if isinstance(value, str) and "json" not in media_type else None,
            )
    return None if content else Reply(status, empty=True)
