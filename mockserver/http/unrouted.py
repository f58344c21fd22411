"""Answers requests without an operation: files of jobs, pages, preflights, OPTIONS, wrong methods, unknown paths."""

from __future__ import annotations

from typing import Any

from mockserver.adapters.exchange import Refusal, Reply
from mockserver.http.answering import errors
from mockserver.http.answering.checked import checked
from mockserver.http.answering.files import FILES, METHODS
from mockserver.http.apis import Served
from mockserver.http.asgi.connection import Connection
from mockserver.http.asgi.near_paths import sentence
from mockserver.http.contract.answer import encode
from mockserver.http.contract.body import Disconnected
from mockserver.http.contract.contract import Fields, target
from mockserver.http.cors import METHOD, ORIGIN, Cors
from mockserver.http.pace import ticks
from mockserver.http.pages.missing import is_browser, missing
from mockserver.http.sandbox_name import check_name, sandbox_name
from mockserver.http.sandboxes.sandbox import Sandbox, Sandboxes

Scope = dict[str, Any]
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, header fields and body."""

OWN = "/_mock/"  # where the control API and our pages are; the journal is about vendors' APIs


class Unrouted:
    """Requests for which connexion finds no operation."""

    def __init__(self, served: Served, sandboxes: Sandboxes, cors: Cors) -> None:
        self._served, self._sandboxes, self._cors = served, sandboxes, cors

    async def serve(self, scope: Scope, connection: Connection) -> None:
        """Answer one request."""
        path, method = target(scope), scope["method"]
        is_file = path.startswith(FILES)
        allowed = METHODS if is_file else self._served.index.methods(path)
        misnamed = None if is_file else _misnamed(scope)
        if misnamed is None and not allowed and method in ("GET", "HEAD"):
            page = self._served.pages.find(path, scope)
            if page is not None:
                await connection.send_all(page.reply.status, page.headers, page.body)
                return
        fields = dict(scope["headers"])
        if ORIGIN in fields and (is_file or not scope["path"].startswith(OWN)):
            if method == "OPTIONS" and METHOD in fields and not self._cors.is_off:
                await connection.send_all(204, self._cors.preflight(fields, allowed), b"")
                return
            self._cors.open(fields, connection)
        answer = await self._file(scope, connection) if is_file else self._other(scope, path, allowed, fields, misnamed)
        if answer is not None:
            await connection.send_all(*answer)

    async def _file(self, scope: Scope, connection: Connection) -> Answer | None:
        """The answer to a request for a file of a job, whose address an earlier answer held; None where its client
        left.
        """
        try:
            name = self._sandboxes.find(sandbox_name(scope)).name  # an address does not make a sandbox
            world = self._sandboxes.get(name).move()
            status, headers, body = await self._served.files.answer(scope, target(scope), world, connection.receive)
        except Disconnected:
            return None
        except Exception as error:  # every exception is answered, in our own words
            reply = errors.worded(errors.refusal(error), errors)
            body, headers = encode(reply)
            return reply.status, headers, body
        return status, headers, body

    def _other(
        self, scope: Scope, path: str, allowed: tuple[str, ...], fields: Fields, misnamed: Refusal | None
    ) -> Answer:
        """OPTIONS, or a refusal: of the sandbox's name, of the method, of the path."""
        if misnamed is not None:
            return self._refused(scope, path, misnamed)
        if allowed and scope["method"] == "OPTIONS":
            body, headers = encode(Reply(204, empty=True, headers={"Allow": ", ".join(allowed)}))
            return 204, headers, body
        if allowed:
            message = f"{scope['method']} is not served at {path}; expected: {', '.join(allowed)}"
            return self._refused(scope, path, Refusal("method", message, allow=allowed))
        near = self._served.near.find(path)
        refused = self._refused(scope, path, Refusal("unrouted", sentence(path, near)))
        if scope["method"] in ("GET", "HEAD") and is_browser(fields):
            page = missing(path, near)
            return refused[0], page.headers, page.body
        return refused

    def _refused(self, scope: Scope, path: str, reason: Refusal) -> Answer:
        """A refusal in the words of the API with the most similar paths; it is counted and recorded."""
        adapter, judge = self._served.nearest(path)
        sandbox = None if path.startswith(OWN) else self._sandbox(scope)
        reply = errors.worded(reason, adapter, None if sandbox is None else sandbox.world)
        body, headers = checked(reply, judge, adapter, sandbox, path)
        self._sandboxes.tally.of("-", "-").add(reply.status, 0.0)
        if sandbox is not None:
            raw_path, at = scope.get("raw_path") or scope["path"].encode(), sandbox.world.now_us
            asked = ("-", "-", scope["method"], raw_path, scope["query_string"], scope["headers"])
            sandbox.journal.add((*asked, b"", reply.status, headers, body, at, ticks(), 0.0, ""), reason)
        return reply.status, headers, body

    def _sandbox(self, scope: Scope) -> Sandbox | None:
        """The sandbox that a request names, unless there is no room or it is not a name."""
        try:
            return self._sandboxes.get(sandbox_name(scope))
        except Refusal:
            return None


def _misnamed(scope: Scope) -> Refusal | None:
    """Why the sandbox name of a request is invalid, if it is."""
    try:
        check_name(sandbox_name(scope))
    except Refusal as reason:
        return reason
    return None
