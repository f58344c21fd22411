"""The way of a request: sandbox, credentials, body, faults and rules, clock, contract, adapter, answer, journal.

It runs behind connexion's routing and awaits nothing between the last byte of a request and the first of its answer
unless somebody ordered that, so that the event loop is all the locking there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from inspect import isawaitable
from typing import Any

from mockserver.adapters.exchange import Refusal, Reply
from mockserver.http.answering import errors
from mockserver.http.answering.broken_answers import send_struck
from mockserver.http.answering.checked import checked
from mockserver.http.answering.later_answers import final, present
from mockserver.http.answering.stream import send_stream
from mockserver.http.answering.turn import Turn, before, ruled
from mockserver.http.apis import Served
from mockserver.http.asgi.connection import STATUS, Connection
from mockserver.http.contract.body import Disconnected, Receive, receive_body, unpacked
from mockserver.http.contract.contract import Contract, Fields, target
from mockserver.http.cors import ORIGIN, Cors
from mockserver.http.guard import Guard
from mockserver.http.logs import ACCESS
from mockserver.http.pace import ticks
from mockserver.http.records.tally import Passed
from mockserver.http.sandbox_name import DEFAULT, HEADER, SANDBOX, sandbox_name, sandbox_names, sent_twice
from mockserver.http.sandboxes.background_mover import BackgroundMover
from mockserver.http.sandboxes.sandbox import Sandbox, Sandboxes
from mockserver.http.steering.prefer import HEADER as PREFER
from mockserver.http.unrouted import Unrouted
from mockserver.simulation.world import World

Scope = dict[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

access = logging.getLogger(ACCESS)
_ONCE = frozenset({b"content-type", b"content-encoding", b"authorization", HEADER})


class Pipeline:
    """The ASGI application at the end of connexion's stack."""

    def __init__(self, served: Served, sandboxes: Sandboxes, *, access_log: bool, guard: Guard, cors: Cors) -> None:
        self.served, self.sandboxes, self.access_log, self.guard, self.cors = served, sandboxes, access_log, guard, cors
        self.closing, self.background_mover = asyncio.Event(), BackgroundMover()
        self._unrouted = Unrouted(served, sandboxes, cors)
        self._contracts: dict[str, Contract] = {}
        self._passed: dict[str, Passed] = {}
        # Contracts for sandboxes that verify credentials when the server does not, or the reverse.
        self._otherwise: dict[str, Contract] = {}

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, Any]:
        """Serve one connection's request, or the server's own start and stop."""
        if scope["type"] != "http":
            return _lifespan(receive, send) if scope["type"] == "lifespan" else _refuse_socket(send)
        operation = scope["extensions"]["connexion_routing"]["operation_id"]
        connection = Connection(scope, receive, send)
        if operation is None:
            serving = self._unrouted.serve(scope, connection)
        else:
            contract = self._contracts.get(operation) or self._compiled(operation)
            serve = self._serve_control if contract.is_control else self._serve_vendor
            serving = serve(scope, connection, contract)
        return self._noted(scope, serving) if self.access_log else serving

    async def _serve_vendor(self, scope: Scope, connection: Connection, contract: Contract) -> None:
        sandbox = turn = reason = None
        raw, began = b"", ticks()
        fields: Fields = dict(scope["headers"])
        if ORIGIN in fields:
            self.cors.open(fields, connection)
        try:
            if len(fields) < len(scope["headers"]):
                fields = _joined(scope["headers"])
            if ORIGIN in fields:
                self.guard.check_vendor(scope, fields, self.cors.admits)
            sandbox = self.sandboxes.get(sandbox_name(scope) if HEADER in fields or SANDBOX in scope else DEFAULT)
            if sandbox.settings.strict is not None and sandbox.settings.strict is not contract.strict:
                contract = self._other(contract.operation.id)
            if contract.is_guarded:
                contract.credentials.check(fields, scope["query_string"])
            if contract.reads_body:
                whole = connection.take_whole()
                raw = await receive_body(connection.receive, fields) if whole is None else unpacked(whole, fields)
                began = ticks()
            if sandbox.faults.given or PREFER in fields:
                turn = await before(contract, scope, fields, sandbox)
            # The clock moves before the request is looked at: what was submitted earlier is placed first.
            world = present(sandbox).move(is_read=contract.is_read)
            reply = None if turn is None else turn.reply
            if reply is None:
                reply, turn = _carried_out(contract, scope, fields, raw, sandbox, turn)
                if reply.later is not None:
                    reply = await final(reply, sandbox, receive=connection.receive)
            if world.awaited or not sandbox.pace.stands:
                self._attend(sandbox, world)
        except Disconnected:
            return
        except Exception as error:  # every exception is answered, in the vendor's words
            reason = errors.refusal(error)
            reply = errors.worded(reason, contract.adapter, None if sandbox is None else sandbox.world)
        judge = contract.answers.judge if turn is None else turn.finish(reply, contract.answers.judge)
        body, headers = checked(reply, judge, contract.adapter, sandbox, contract.place)
        took = ticks() - began
        self._count(contract, reply, took)
        sandbox = sandbox or self._named(scope)
        if sandbox is not None:
            named, status = ("", reply.status) if turn is None else (turn.influences, 0 if turn.drops else reply.status)
            path, at = scope.get("raw_path") or scope["path"].encode(), sandbox.world.now_us
            asked = (contract.api, contract.operation.id, scope["method"], path, scope["query_string"])
            sandbox.journal.add((*asked, scope["headers"], raw, status, headers, body, at, began, took, named), reason)
        if turn is not None or reply.stream is not None or not connection.send_whole(reply.status, headers, body):
            await self._send(connection, reply, body=body, headers=headers, sandbox=sandbox, turn=turn)

    async def _serve_control(self, scope: Scope, connection: Connection, contract: Contract) -> None:
        """The same steps without faults, preferences, rules and journal: those are about vendors' APIs."""
        sandbox = None
        raw, began = b"", ticks()
        try:
            fields = _joined(scope["headers"])
            self.guard.check_control(scope, fields)
            name = sandbox_name(scope) if contract.has_sandbox else DEFAULT
            is_asked = contract.only_reads and name != DEFAULT  # a question makes no sandbox
            sandbox = self.sandboxes.existing(name) if is_asked else self.sandboxes.get(name)
            if contract.reads_body:
                whole = connection.take_whole()
                raw = await receive_body(connection.receive, fields) if whole is None else unpacked(whole, fields)
                began = ticks()
            world = present(sandbox).move()
            reply: Any = contract.function(
                contract.admit(scope, fields, raw, world=world, sandbox=sandbox.name, manual=sandbox.pace.is_manual)
            )
            if isawaitable(reply):
                # what may have a time limit needs a task, which a first step is not (protocol.py)
                await asyncio.sleep(0)
                reply = await reply
            if sandbox.needs_moving:
                self.background_mover.attend(sandbox)
        except Disconnected:
            return
        except Exception as error:  # every exception is answered, in our own words
            reply = errors.worded(errors.refusal(error), contract.adapter, None if sandbox is None else sandbox.world)
        body, headers = checked(reply, contract.answers.judge, contract.adapter, sandbox, contract.place)
        self._count(contract, reply, ticks() - began)
        await self._send(connection, reply, body=body, headers=headers, sandbox=sandbox)

    async def _send(
        self,
        connection: Connection,
        reply: Reply,
        *,
        body: bytes,
        headers: Headers,
        sandbox: Sandbox | None,
        turn: Turn | None = None,
    ) -> None:
        if reply.stream is not None and sandbox is not None and connection.scope["method"] != "HEAD":
            await send_stream(reply, headers, sandbox, connection=connection, closing=self.closing)
        elif turn is not None and turn.strike is not None and sandbox is not None:
            await send_struck(turn.strike, connection, answer=(reply.status, headers, body), sandbox=sandbox)
        else:
            await connection.send_all(reply.status, headers, body)

    def _attend(self, sandbox: Sandbox, world: World) -> None:
        """Have the background task look after a sandbox in which something will happen without a request."""
        if world.awaited or (not sandbox.is_attended and sandbox.moves_by_itself):
            self.background_mover.attend(sandbox)

    def _compiled(self, operation: str) -> Contract:
        contract = self._contracts[operation] = self.served.contract(operation)
        return contract

    def _other(self, operation: str) -> Contract:
        contract = self._otherwise.get(operation)
        if contract is None:
            contract = self._otherwise[operation] = self.served.contract(operation, strict=not self.served.strict)
        return contract

    def _count(self, contract: Contract, reply: Reply, took: float) -> None:
        passed = self._passed.get(contract.operation.id)
        if passed is None:
            passed = self._passed[contract.operation.id] = self.sandboxes.tally.of(contract.api, contract.operation.id)
        passed.add(reply.status, took)

    def _named(self, scope: Scope) -> Sandbox | None:
        """The sandbox that a request names, unless there is no room or it is not a name."""
        try:
            return self.sandboxes.get(sandbox_name(scope))
        except Refusal:
            return None

    async def _noted(self, scope: Scope, serving: Coroutine[Any, Any, None]) -> None:
        """Serve, and write a line to the access log."""
        started = ticks()
        await serving
        operation = scope["extensions"]["connexion_routing"]["operation_id"]
        facts = {
            "sandbox": ", ".join(sandbox_names(scope)) or DEFAULT,
            "api": self._contracts[operation].api if operation in self._contracts else "-",
            "operation": operation or "-",
            "method": scope["method"],
            "path": target(scope),
            "status": scope.get(STATUS, 0),
            "took_ms": round((ticks() - started) * 1000, 3),
        }
        line = "%(sandbox)s %(api)s %(operation)s %(method)s %(path)s %(status)d %(took_ms).2f ms"
        access.info(line, facts, extra=facts)


def _carried_out(
    contract: Contract, scope: Scope, fields: Fields, raw: bytes, sandbox: Sandbox, turn: Turn | None
) -> tuple[Reply, Turn | None]:
    """The reply to a valid request: that of a rule, or that of the adapter. Raises Refusal."""
    call = contract.admit(scope, fields, raw, world=sandbox.world, sandbox=sandbox.name, manual=sandbox.pace.is_manual)
    if sandbox.rules.given:
        turn = ruled(contract, call, fields, sandbox, turn)
    reply = contract.function(call) if turn is None or turn.reply is None else turn.reply
    return reply, turn


def _joined(headers: Headers) -> Fields:
    """Header fields by lower-case name; those that were sent more than once are joined.

    Raises Refusal for a second field of a name that can have only one.
    """
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in joined and name in _ONCE:
            raise sent_twice(name.decode("latin-1"))
        joined[name] = joined[name] + (b"; " if name == b"cookie" else b", ") + value if name in joined else value
    return joined


async def _refuse_socket(send: Send) -> None:
    await send({"type": "websocket.close", "code": 1000})


async def _lifespan(receive: Receive, send: Send) -> None:
    with suppress(asyncio.CancelledError):  # a server that is stopped by force says no farewell
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": f"{message['type']}.complete"})
