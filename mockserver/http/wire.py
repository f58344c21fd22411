"""The contract application: takes a routed request through sandbox, pace, contract and adapter, and sends what comes out.

It runs behind connexion's routing and awaits nothing between the last byte of a request and the first of its answer, so that
the event loop is all the locking there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from mockserver.adapters.exchange import Refusal, Reply, Violation
from mockserver.http import errors
from mockserver.http.answer import encode, extra
from mockserver.http.body import Disconnected, Receive
from mockserver.http.contract import Contract, Fields, target
from mockserver.http.pace import ticks
from mockserver.http.sandbox import DEFAULT, HEADER, Sandbox, Sandboxes
from mockserver.http.served import Served
from mockserver.http.stream import send_stream

Scope = dict[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Judge = Callable[[Reply], tuple[Violation, ...]]

logger = logging.getLogger("mockserver")
access = logging.getLogger("mockserver.access")


class ContractApplication:
    """The ASGI application at the end of connexion's stack."""

    def __init__(self, served: Served, sandboxes: Sandboxes, *, access_log: bool) -> None:
        self.served, self.sandboxes, self.access_log = served, sandboxes, access_log
        self.closing = asyncio.Event()
        self._contracts: dict[str, Contract] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request, or the server's own start and stop."""
        if scope["type"] == "http":
            started = ticks() if self.access_log else 0.0
            status = await self._serve(scope, receive, send)
            if self.access_log:
                self._note(scope, status, ticks() - started)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> int:
        operation = scope["extensions"]["connexion_routing"]["operation_id"]
        if operation is None:
            return await self._serve_unrouted(scope, send)
        contract = self._contracts.get(operation)
        if contract is None:
            contract = self._contracts[operation] = self.served.contract(operation)
        sandbox = None
        try:
            fields = _gather(scope["headers"])
            raw = await contract.receive(scope, fields, receive)
            name = scope.get("understudy.sandbox") or fields.get(HEADER, b"").decode("latin-1") or DEFAULT
            sandbox = self.sandboxes.get(name)
            world = sandbox.move()
            call = contract.admit(scope, fields, raw, world=world, manual=sandbox.pace.tempo.is_manual)
            reply = contract.function(call)
        except Disconnected:
            return 0
        except Exception as error:  # every exception is answered, in errors.py's words
            reply = errors.worded(errors.refusal(error), contract.adapter)
        body, headers = self._checked(reply, contract.answers.judge, contract.adapter, place=f"{contract.api} {operation}")
        return await self._send(scope, receive, send, reply=reply, body=body, headers=headers, sandbox=sandbox)

    def _checked(self, reply: Reply, judge: Judge, adapter: Any, *, place: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """The answer as bytes; one of ours that breaks the document becomes the vendor's own internal error."""
        broken = judge(reply)
        if not broken:
            if reply.stream is not None:
                return b"", extra(reply)
            try:
                return encode(reply)
            except TypeError as error:
                broken = (Violation("answer", (), "json", "JSON", None, str(error)),)
        for one in broken:
            logger.error("%s: answer %s breaks the document at %r: %s (%s)", place, reply.status, one.pointer, one.message, one.keyword)
        failed = errors.worded(Refusal("internal", "the mock's own answer breaks its document; its log says where", violations=broken), adapter)
        for one in judge(failed):
            logger.error("%s: even the internal error breaks the document: %s", place, one.message)
        reply.status, reply.stream = failed.status, None
        return encode(failed)

    async def _serve_unrouted(self, scope: Scope, send: Send) -> int:
        """Answer what is no operation: our pages, OPTIONS, a wrong method, an unknown path."""
        path, method = target(scope), scope["method"]
        allowed = self.served.index.methods(path)
        if not allowed and method in ("GET", "HEAD"):
            page = self.served.pages.find(path, scope)
            if page is not None:
                return await self._send(scope, None, send, reply=page.reply, body=page.body, headers=page.headers, sandbox=None)
        if allowed and method == "OPTIONS":
            reply = Reply(204, empty=True, headers={"Allow": ", ".join(allowed)})
            body, headers = encode(reply)
        else:
            reason = Refusal("unrouted", f"no operation at {path}")
            if allowed:
                reason = Refusal("method", f"{method} is not served at {path}; expected: {', '.join(allowed)}", allow=allowed)
            adapter, judge = self.served.nearest(path)
            reply = errors.worded(reason, adapter)
            body, headers = self._checked(reply, judge, adapter, place=path)
        return await self._send(scope, None, send, reply=reply, body=body, headers=headers, sandbox=None)

    async def _send(
        self, scope: Scope, receive: Receive | None, send: Send, *, reply: Reply, body: bytes, headers: Iterable[tuple[bytes, bytes]], sandbox: Sandbox | None
    ) -> int:
        if reply.stream is not None and receive is not None and sandbox is not None and scope["method"] != "HEAD":
            await send_stream(reply, headers, sandbox, receive=receive, send=send, closing=self.closing)
            return reply.status
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return reply.status

    def _note(self, scope: Scope, status: int, took: float) -> None:
        operation = scope["extensions"]["connexion_routing"]["operation_id"]
        sandbox = scope.get("understudy.sandbox") or dict(scope["headers"]).get(HEADER, b"").decode("latin-1") or DEFAULT
        api = self._contracts[operation].api if operation in self._contracts else "-"
        access.info("%s %s %s %s %d %.2f ms", sandbox, api, operation or "-", scope["method"], status, took * 1000)


def _gather(headers: list[tuple[bytes, bytes]]) -> Fields:
    """Header fields by lower-case name; those sent more than once are joined. Raises Refusal for a second Content-Type."""
    fields = dict(headers)
    if len(fields) == len(headers):
        return fields
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in joined and name in (b"content-type", b"content-encoding", b"authorization"):
            raise Refusal("malformed", f"header {name.decode('latin-1')} is sent more than once")
        joined[name] = joined[name] + (b"; " if name == b"cookie" else b", ") + value if name in joined else value
    return joined


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
