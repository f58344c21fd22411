"""The contract application: takes a routed request through sandbox, pace, contract and adapter, and sends what comes out.

It runs behind connexion's routing and awaits nothing between the last byte of a request and the first of its answer, so that
the event loop is all the locking there is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from inspect import isawaitable
from typing import Any

from mockserver.adapters.exchange import Refusal, Reply, Violation, Wording
from mockserver.http import errors, steered
from mockserver.http.answer import encode
from mockserver.http.body import Disconnected, Receive, receive_body, unpacked
from mockserver.http.contract import Contract, Fields, target
from mockserver.http.cors import METHOD, ORIGIN, Cors
from mockserver.http.courier import Courier
from mockserver.http.eager import STATUS, send_whole, take_whole
from mockserver.http.files import FILES, METHODS
from mockserver.http.guard import Guard
from mockserver.http.logs import ACCESS
from mockserver.http.metrics import Passed
from mockserver.http.near import sentence
from mockserver.http.pace import ticks
from mockserver.http.pages.missing import is_browser, missing
from mockserver.http.patience import final, present
from mockserver.http.prefer import HEADER as PREFER
from mockserver.http.redaction import redacted_string
from mockserver.http.sandbox import DEFAULT, HEADER, SANDBOX, Sandbox, Sandboxes, check_name
from mockserver.http.served import Served
from mockserver.http.stream import send_stream
from mockserver.http.strike import send_struck
from mockserver.simulation.world import World

Scope = dict[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Judge = Callable[[Reply], tuple[Violation, ...]]

logger = logging.getLogger("mockserver")
access = logging.getLogger(ACCESS)
_Exchange = tuple[str, str, bytes, int, list[tuple[bytes, bytes]], bytes, float, float, str]
"""API, operation, body, status (0: cut), header fields and body of the answer, when it began (ticks), real seconds, who had a hand in it."""

OWN = "/_mock/"  # where the control API and our pages are; the journal is about vendors' APIs


class ContractApplication:
    """The ASGI application at the end of connexion's stack."""

    def __init__(self, served: Served, sandboxes: Sandboxes, *, access_log: bool, guard: Guard, cors: Cors) -> None:
        self.served, self.sandboxes, self.access_log, self.guard, self.cors = served, sandboxes, access_log, guard, cors
        self.closing, self.courier = asyncio.Event(), Courier()
        self._contracts: dict[str, Contract] = {}
        self._passed: dict[str, Passed] = {}
        self._otherwise: dict[str, Contract] = {}  # for sandboxes that verify credentials when the server does not, or the reverse

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, Any]:
        """Serve one connection's request, or the server's own start and stop."""
        if scope["type"] != "http":
            return _lifespan(receive, send) if scope["type"] == "lifespan" else _refuse_socket(send)
        operation = scope["extensions"]["connexion_routing"]["operation_id"]
        serving = (
            self._serve_unrouted(scope, receive, send) if operation is None else self._serve(scope, receive, send, operation)
        )
        return self._noted(scope, serving) if self.access_log else serving

    async def _noted(self, scope: Scope, serving: Coroutine[Any, Any, None]) -> None:
        started = ticks()
        await serving
        self._note(scope, scope.get(STATUS, 0), (ticks() - started) * 1000)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, operation: str) -> None:
        contract = self._contracts.get(operation) or self._compiled(operation)
        sandbox = turn = reason = None
        raw, began, fields = b"", ticks(), dict(scope["headers"])
        if ORIGIN in fields and not contract.is_control:
            send = self.cors.opened(fields, send)
        try:
            fields = _joined(scope["headers"], fields)
            if contract.is_control or ORIGIN in fields:
                self.guard.check(scope, fields, is_control=contract.is_control, admits=self.cors.admits)
            name = _sandbox_name(scope) if _names_sandbox(scope, fields, contract) else DEFAULT
            sandbox = self.sandboxes.existing(name) if contract.only_reads and name != DEFAULT else self.sandboxes.get(name)
            if sandbox.plan.strict is not None and sandbox.plan.strict is not contract.strict:
                contract = self._other(operation)
            if contract.is_guarded:
                contract.credentials.check(fields, scope["query_string"])
            if contract.reads_body:
                whole = take_whole(receive)
                raw = await receive_body(receive, fields) if whole is None else unpacked(whole, fields)
                began = ticks()
            if (sandbox.faults.given or PREFER in fields) and not contract.is_control:
                turn = await steered.before(contract, scope, fields, sandbox)
            world = present(sandbox).move(is_read=contract.is_read)
            reply = None if turn is None else turn.reply
            if reply is None:
                call = contract.admit(scope, fields, raw, sandbox)
                if sandbox.rules.given and not contract.is_control:
                    turn = steered.ruled(contract, call, fields, sandbox, turn)
                reply = contract.function(call) if turn is None or turn.reply is None else turn.reply
                if contract.is_control or reply.later is not None:
                    reply = await self._settled(reply, sandbox, receive)
            if world.awaited or contract.is_control or not sandbox.pace.stands:
                self._attend(sandbox, world, contract)
        except Disconnected:
            return
        except Exception as error:  # every exception is answered, in errors.py's words
            reason = errors.refusal(error)
            reply = errors.worded(reason, contract.adapter, None if sandbox is None else sandbox.world)
        judge = contract.answers.judge if turn is None else turn.finish(reply, contract.answers.judge)
        body, headers = self._checked(reply, judge, contract.adapter, sandbox, contract.api, operation)
        took = ticks() - began
        (self._passed.get(operation) or self._count(contract.api, operation)).add(reply.status, took)
        if not contract.is_control:
            told, status = ("", reply.status) if turn is None else (turn.told, 0 if turn.drops else reply.status)
            self._remember(scope, (contract.api, operation, raw, status, headers, body, began, took, told), reason, sandbox)
        if turn is not None and turn.strike is not None and reply.stream is None and sandbox is not None:
            scope[STATUS] = await send_struck(turn.strike, scope, send, answer=(reply.status, headers, body), sandbox=sandbox)
        elif reply.stream is not None or not send_whole(scope, send, reply.status, headers, body):
            await self._send(scope, receive, send, reply=reply, body=body, headers=headers, sandbox=sandbox)

    async def _settled(self, reply: Any, sandbox: Sandbox, receive: Receive) -> Reply:
        """The reply itself, when what it waits for has happened."""
        if isawaitable(reply):
            await asyncio.sleep(0)  # what may have a time limit needs a task, which a first step is not (eager.py)
            reply = await reply
        final_reply: Reply = reply if reply.later is None else await final(reply, sandbox, receive=receive)
        return final_reply

    async def _send(
        self, scope: Scope, receive: Receive, send: Send, *, reply: Reply, body: bytes, headers: Iterable[tuple[bytes, bytes]], sandbox: Sandbox | None
    ) -> None:
        if reply.stream is None or sandbox is None or scope["method"] == "HEAD":
            await _send(scope, send, status=reply.status, body=body, headers=headers)
        else:
            scope[STATUS] = reply.status
            await send_stream(reply, headers, sandbox, receive=receive, send=send, closing=self.closing)

    def _attend(self, sandbox: Sandbox, world: World, contract: Contract) -> None:
        """Have the courier look after a sandbox in which something will happen without a request."""
        if world.awaited or (contract.is_control and sandbox.needs_moving) or (not sandbox.is_attended and sandbox.moves_by_itself):
            self.courier.attend(sandbox)

    def _compiled(self, operation: str) -> Contract:
        contract = self._contracts[operation] = self.served.contract(operation)
        return contract

    def _other(self, operation: str) -> Contract:
        contract = self._otherwise.get(operation)
        if contract is None:
            contract = self._otherwise[operation] = self.served.contract(operation, strict=not self.served.strict)
        return contract

    def _count(self, api: str, operation: str) -> Passed:
        passed = self._passed[operation] = self.sandboxes.tally.of(api, operation)
        return passed

    def _remember(self, scope: Scope, exchange: _Exchange, reason: Refusal | None, sandbox: Sandbox | None) -> None:
        """Put an exchange into the journal of its sandbox; a refused one may not have come as far as to have one."""
        sandbox = sandbox or self._sandbox(scope)
        if sandbox is None:
            return
        api, operation, raw, status, headers, body, began, took, told = exchange
        path, query, at = scope.get("raw_path") or scope["path"].encode(), scope["query_string"], sandbox.world.now_us
        sandbox.journal.add((api, operation, scope["method"], path, query, scope["headers"], raw, status, headers, body, at, began, took, told), reason)

    def _sandbox(self, scope: Scope) -> Sandbox | None:
        """The sandbox that a request names, unless there is no room or it is not a name."""
        try:
            return self.sandboxes.get(_sandbox_name(scope))
        except Refusal:
            return None

    def _checked(
        self, reply: Reply, judge: Judge, adapter: Wording, sandbox: Sandbox | None, *place: str
    ) -> tuple[bytes, list[tuple[bytes, bytes]]]:
        """The answer as bytes; one of ours that breaks the document becomes the vendor's own internal error."""
        try:
            broken = judge(reply)
            if not broken:
                return encode(reply)
        except Exception as error:  # whatever an answer does to judge or encoder, the client gets the vendor's own error
            broken = (Violation("answer", (), "json", "a JSON value", None, f"{type(error).__name__}: {error}"),)
        for one in broken:
            where, why = f"{' '.join(place)}: answer {reply.status}", redacted_string(one.message)
            logger.error("%s breaks the document at %r: %s (%s)", where, one.pointer, why, one.keyword)
        reason = Refusal("internal", "the mock's own answer breaks its document; its log says where", violations=broken)
        failed = errors.worded(reason, adapter, None if sandbox is None else sandbox.world)
        for one in judge(failed):
            logger.error("%s: even the internal error breaks the document: %s", " ".join(place), one.message)
        reply.status, reply.stream = failed.status, None
        return encode(failed)

    async def _serve_file(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for a file of a job, whose address an earlier answer held."""
        try:
            name = self.sandboxes.find(_sandbox_name(scope)).name  # an address does not make a sandbox
            world = self.sandboxes.get(name).move()
            status, headers, body = await self.served.files.answer(scope, target(scope), world, receive)
        except Disconnected:
            return
        except Exception as error:  # every exception is answered, in errors.py's words
            reply = errors.worded(errors.refusal(error), errors)
            status, (body, headers) = reply.status, encode(reply)
        await _send(scope, send, status=status, body=body, headers=headers)

    async def _serve_unrouted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is no operation: files of jobs, our pages, OPTIONS, a wrong method, an unknown path."""
        path, method = target(scope), scope["method"]
        is_file = path.startswith(FILES)
        allowed = METHODS if is_file else self.served.index.methods(path)
        misnamed = None if is_file else _misnamed(scope)
        if misnamed is None and not allowed and method in ("GET", "HEAD"):
            page = self.served.pages.find(path, scope)
            if page is not None:
                await _send(scope, send, status=page.reply.status, body=page.body, headers=page.headers)
                return
        fields = dict(scope["headers"])
        if ORIGIN in fields and (is_file or not scope["path"].startswith(OWN)):
            if method == "OPTIONS" and METHOD in fields and not self.cors.is_off:
                await _send(scope, send, status=204, body=b"", headers=self.cors.preflight(fields, allowed))
                return
            send = self.cors.opened(fields, send)
        if is_file:
            await self._serve_file(scope, receive, send)
            return
        if misnamed is None and allowed and method == "OPTIONS":
            reply = Reply(204, empty=True, headers={"Allow": ", ".join(allowed)})
            body, headers = encode(reply)
            await _send(scope, send, status=204, body=body, headers=headers)
            return
        status, body, headers = self._refused(scope, path, allowed, fields, misnamed)
        await _send(scope, send, status=status, body=body, headers=headers)

    def _refused(
        self, scope: Scope, path: str, allowed: tuple[str, ...], fields: Fields, misnamed: Refusal | None
    ) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """Status, body and header fields where a path, a method or a sandbox's name is refused: in the nearest API's words, for people as a page."""
        near = () if allowed or misnamed else self.served.near.find(path)
        if misnamed is not None:
            reason = misnamed
        elif allowed:
            expected = ", ".join(allowed)
            reason = Refusal("method", f"{scope['method']} is not served at {path}; expected: {expected}", allow=allowed)
        else:
            reason = Refusal("unrouted", sentence(path, near))
        adapter, judge = self.served.nearest(path)
        sandbox = None if path.startswith(OWN) else self._sandbox(scope)
        reply = errors.worded(reason, adapter, None if sandbox is None else sandbox.world)
        body, headers = self._checked(reply, judge, adapter, sandbox, path)
        if reason.kind == "unrouted" and scope["method"] in ("GET", "HEAD") and is_browser(fields):
            page = missing(path, near)
            body, headers = page.body, page.headers
        self._count("-", "-").add(reply.status, 0.0)
        if sandbox is not None:
            self._remember(scope, ("-", "-", b"", reply.status, headers, body, ticks(), 0.0, ""), reason, sandbox)
        return reply.status, body, headers

    def _note(self, scope: Scope, status: int, took_ms: float) -> None:
        operation = scope["extensions"]["connexion_routing"]["operation_id"]
        facts = {
            "sandbox": ", ".join(_sandbox_names(scope)) or DEFAULT,
            "api": self._contracts[operation].api if operation in self._contracts else "-",
            "operation": operation or "-",
            "method": scope["method"],
            "path": target(scope),
            "status": status,
            "took_ms": round(took_ms, 3),
        }
        access.info("%(sandbox)s %(api)s %(operation)s %(method)s %(path)s %(status)d %(took_ms).2f ms", facts, extra=facts)


async def _send(scope: Scope, send: Send, *, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    scope[STATUS] = status
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _names_sandbox(scope: Scope, fields: Mapping[bytes, bytes], contract: Contract) -> bool:
    return (HEADER in fields or SANDBOX in scope) and contract.has_sandbox


def _sandbox_names(scope: Scope) -> list[str]:
    """What a request names as its sandbox: its path alone where that begins so, otherwise every header field of that name."""
    if SANDBOX in scope:
        return [scope[SANDBOX]]
    return [value.decode("latin-1") for name, value in scope["headers"] if name == HEADER]


def _sandbox_name(scope: Scope) -> str:
    """The sandbox that a request names, or the default one. Raises Refusal for several; an empty name is no name."""
    names = _sandbox_names(scope)
    if len(names) > 1:
        raise Refusal("malformed", f"header {HEADER.decode()} is sent more than once")
    return names[0] if names else DEFAULT


def _joined(headers: list[tuple[bytes, bytes]], last: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Header fields by lower-case name; of those sent more than once `last` has the last, and all are joined.

    Raises Refusal for a second Content-Type.
    """
    if len(last) == len(headers):
        return last
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in joined and name in (b"content-type", b"content-encoding", b"authorization", HEADER):
            raise Refusal("malformed", f"header {name.decode('latin-1')} is sent more than once")
        joined[name] = joined[name] + (b"; " if name == b"cookie" else b", ") + value if name in joined else value
    return joined


def _misnamed(scope: Scope) -> Refusal | None:
    """Why what a request names cannot be a sandbox, if it cannot."""
    try:
        check_name(_sandbox_name(scope))
    except Refusal as reason:
        return reason
    return None


async def _refuse_socket(send: Send) -> None:
    await send({"type": "websocket.close", "code": 1000})


async def _lifespan(receive: Receive, send: Send) -> None:
    with suppress(asyncio.CancelledError):  # a server that is stopped by force says no farewell
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": f"{message['type']}.complete"})
