"""Stands between clients and a server, passes every byte on as it is but for the Host of requests, and judges the
traffic as it goes by."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from conformance import catalogue as catalogues
from conformance.oracles.all_oracles import AllOracles
from conformance.oracles.document import SERVER_ERROR
from conformance.oracles.oracle import Violation
from conformance.proxy.host_rewriter import Rehost
from conformance.proxy.messages import MOST_BODY, Answers, Message, Requests
from conformance.target import tls
from conformance.traffic.content_coding import UndecodableError, decoded, unknown
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.operations import Operations
from specs import Spec

CHUNK = 1 << 16
Tell = Callable[[Exchange, list[Violation]], None]


class Watch:
    """The proxy. `tell` is called with every exchange and what it breaks.

    `unjudged` counts what could not be judged, by the reason; `mistake` is the first error of the judge itself, after
    which bytes pass and nothing is judged.
    """

    def __init__(
        self,
        spec: Spec,
        upstream: str,
        tell: Tell,
        *,
        base_path: str | None = None,
        secure: ssl.SSLContext | None = None,
    ) -> None:
        self._parts, self._tell, self._upstream = urlsplit(upstream), tell, upstream.rstrip("/")
        self._host = self._parts.netloc.rpartition("@")[2]
        self._secure = (secure or tls.context()) if self._parts.scheme == "https" else None
        self.unjudged: Counter[str] = Counter()
        self.mistake: Exception | None = None
        self._oracles = AllOracles(spec, catalogues.load(spec.name))
        self._directory = Operations(spec, base_path)

    async def serve(self, host: str, port: int, *, ready: Callable[[int], None] | None = None) -> None:
        """Listen until cancelled."""
        server = await asyncio.start_server(self._connection, host, port)
        if ready is not None:
            ready(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    async def _connection(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        port = self._parts.port or (443 if self._secure else 80)
        try:
            server, on = await asyncio.open_connection(self._parts.hostname, port, ssl=self._secure)
        except OSError as error:
            self.unjudged[f"connections, since the upstream cannot be reached ({error})"] += 1
            back.close()
            return
        asked: deque[Message] = deque()
        requests, answers = Requests(asked), Answers(asked, self._judge)
        upwards = asyncio.create_task(_pass(client, on, requests.feed, Rehost(self._host).feed))
        upwards.add_done_callback(lambda task: _leave(task, on, is_idle=not asked))
        try:
            await _pass(server, back, answers.feed)
            torn = answers.end()
            if torn is not None and not upwards.done():
                self._judge_torn(asked.popleft(), torn)
        except OSError:  # a client or a server that is gone: what it owes is counted
            pass
        finally:
            upwards.cancel()
            self.unjudged["connections that could not be read on"] += requests.is_lost or answers.is_lost
            self.unjudged["requests without a whole answer"] += len(asked)
            for writer in (on, back):
                writer.close()

    def _judge(self, asked: Message, told: Message) -> None:
        """Judge an answer; the judge's own mistakes do not disturb the traffic."""
        if not asked.is_whole:
            self.unjudged["requests that were answered before they had come"] += 1
        elif self.mistake is None:
            try:
                exchange = self._exchange(asked, told)
                self._tell(exchange, self._oracles.observe(exchange))
            except Exception as error:
                self.mistake = error

    def _judge_torn(self, asked: Message, told: Message) -> None:
        told.cut = True
        exchange = self._exchange(asked, told)
        message = f"the connection ended within the answer, after {len(told.body)} bytes of its body"
        self._tell(exchange, [Violation(SERVER_ERROR, message, (exchange,))])

    def _exchange(self, asked: Message, told: Message) -> Exchange:
        found = self._directory.find(asked.method, asked.target)
        return Exchange(
            Request(asked.method, self._upstream, asked.target, tuple(asked.headers), bytes(asked.body) or None),
            self._decoded(Response(told.status, tuple(told.headers), bytes(told.body), told.cut)),
            asked.began,
            time.time(),
            None,
            found[0].id if found else None,
            found[1] if found else {},
        )

    def _decoded(self, response: Response) -> Response:
        """The answer without its content coding; cut where that cannot be undone, or not within bounds."""
        coding = ",".join(value for name, value in response.headers if name.lower() == "content-encoding")
        if names := unknown(coding):
            self.unjudged[f"bodies in the content coding {names[0]}"] += 1
            return replace(response, body=b"", cut=True)
        try:
            body, more = decoded(response.body, coding, MOST_BODY, is_whole=not response.cut)
        except UndecodableError:
            self.unjudged["bodies that are not in their content coding"] += 1
            return replace(response, body=b"", cut=True)
        return replace(response, body=body, cut=response.cut or more)


def _leave(client: asyncio.Task[None], on: asyncio.StreamWriter, *, is_idle: bool) -> None:
    """Leave the server too where the client has gone, unless answers to it are under way."""
    if not client.cancelled() and (client.exception() is not None or is_idle):
        on.close()


def _as_it_is(data: bytes) -> bytes:
    return data


async def _pass(
    source: asyncio.StreamReader,
    sink: asyncio.StreamWriter,
    look: Callable[[bytes], None],
    edit: Callable[[bytes], bytes] = _as_it_is,
) -> None:
    """Pass bytes on until the source ends, and its end."""
    while data := await source.read(CHUNK):
        data = edit(data)
        look(data)
        sink.write(data)
        await sink.drain()
    with contextlib.suppress(OSError, RuntimeError):
        if sink.can_write_eof():
            sink.write_eof()
