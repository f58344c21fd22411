"""uvicorn's side of a connection: runs a request as soon as it has been read.

Nearly every answer here is ready without waiting for anything, so the task and the turn of the loop that uvicorn would
spend on it are saved. Whatever does wait goes on as an ordinary task from where it stopped; until it has waited once it
has no task, and so no time limits of asyncio's. The task ends when its client leaves. What is no request gets a plain
answer in its turn, and nothing behind it is read.
"""

from __future__ import annotations

import asyncio
import re
import types
from collections.abc import Callable, Coroutine, Generator, Mapping
from functools import partial
from typing import Any

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from mockserver.http.asgi.admission import Admission
from mockserver.http.asgi.connection import Connection
from mockserver.http.limits import BODY_PAUSE_SECONDS, HEAD_BYTES, HEAD_FIELDS, HEAD_SECONDS

_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?[ \t]*")
_OFFERS = frozenset({b"upgrade", b"http2-settings"})
_VERSIONS = frozenset({"1.0", "1.1"})
_NOTHING, _HEAD, _BODY = range(3)  # what of a request is being read


Greeting = Callable[[Mapping[bytes, bytes], Connection], None]
"""Adds to the answer to a request with an `Origin` what lets a page read it."""


def _alike(fields: Mapping[bytes, bytes], connection: Connection) -> None:
    return


class Unacceptable(Exception):
    """The bytes are not a request that the server accepts."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class EagerProtocol(HttpToolsProtocol):
    """uvicorn's protocol over httptools, with the first step of each request run without a task."""

    _is_reading = _is_silent = _is_over = False
    _held: tuple[RequestResponseCycle, ASGI3Application] | None = None
    _task: asyncio.Task[None] | None = None
    _part = _NOTHING
    _hosts = 0
    _chunk = 0  # bytes that came last
    _useless = 0  # bytes that came since the last of a body or the beginning of a request

    def __init__(
        self, *args: Any, admission: Admission | None = None, greet: Greeting = _alike, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._greet = greet
        self.admission = admission or Admission()
        self._begun = self._heard = self.loop.time()

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, if there is room for one more."""
        super().connection_made(transport)
        self._part, self._is_silent = _HEAD, True
        self.admission.open += 1
        if self.admission.open > self.admission.most:
            self._refuse(Unacceptable(503, f"{self.admission.most} connections are open, which is the limit"))
            self._begin_held()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a client that has left, and cancel what was being done for it."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # where a client cut the connection uvicorn lets the timer run and hold it
        self.admission.open -= 1
        self._end_task()
        # An exchange knows its connection; what they hold goes now, not when the garbage collector finds the two.
        self.cycle = self.scope = self.headers = None  # type: ignore[assignment]
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        """Take in what was sent, then run the request that it completes or begins, and those queued behind it."""
        if self._is_over:
            return
        self._unset_keepalive_if_required()
        self._heard, self._is_silent = self.loop.time(), False
        self._is_reading = True  # until _begin_held has run what this made ready
        self._chunk = len(data)
        self._useless += self._chunk
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._parse_behind(data[offer.args[0] :])
            if self._useless > HEAD_BYTES + self._chunk:
                raise self._too_long()
        except Unacceptable as endless:
            self._refuse(endless)
        except httptools.HttpParserError as error:
            self._refuse(_reason(error))
        self._begin_held()

    def end_if_slow(self, now: float) -> None:
        """Disconnect a client that pauses too long within a request; `now` is the loop's time."""
        slow: Unacceptable | None
        if self.flow.read_paused:  # it is for us to go on
            return
        if self._part == _HEAD and now - self._begun > HEAD_SECONDS:
            slow = Unacceptable(408, f"the head of a request took more than {HEAD_SECONDS:g} seconds")
        elif self._part == _BODY and now - self._heard > BODY_PAUSE_SECONDS:
            slow = Unacceptable(408, f"nothing more of a body came for {BODY_PAUSE_SECONDS:g} seconds")
        elif self._part == _NOTHING and self._is_idle and now - self._heard > self.timeout_keep_alive:
            slow = None
        else:
            return
        if slow is None or self._is_silent or self._is_over:
            self.transport.close()
        else:
            self._refuse(slow)
            self._begin_held()

    @property
    def _is_idle(self) -> bool:
        """Whether everything has been answered and no timer waits for more: something was sent that began
        no request.
        """
        return self.timeout_keep_alive_task is None and (self.cycle is None or self.cycle.response_complete)

    # Reading

    def _parse_behind(self, data: bytes) -> None:
        """Read on behind a head that offers another protocol: it is served as if it did not (RFC 9110, 7.8)."""
        while True:
            self._read_without_offer()
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                data = data[offer.args[0] :]
            else:
                return

    def _read_without_offer(self) -> None:
        """Read the last head again, by a new parser that does not see the offer.

        The old one would take what follows for another protocol.
        """
        sent, method, version = self.headers, self.parser.get_method(), self.parser.get_http_version().encode()
        lines = [b"%b %b HTTP/%b\r\n" % (method, self.url, version)]
        for name, value in sent:
            if name == b"connection":
                value = b", ".join(token for token in value.split(b",") if token.strip().lower() not in _OFFERS)
            if name not in _OFFERS:
                lines.append(b"%b: %b\r\n" % (name, value))
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(b"".join([*lines, b"\r\n"]))
        self.headers[:] = sent  # the application sees what was sent

    def on_message_begin(self) -> None:
        """Note when a request began."""
        super().on_message_begin()
        self._part, self._begun, self._hosts = _HEAD, self._heard, 0
        self._useless = 0

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body."""
        self._useless = 0
        super().on_body(body)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header field, before the body or behind it. Raises Unacceptable."""
        name = name.lower()
        self.headers.append((name, value))
        if name == b"host":
            self._hosts += 1
            if not _HOST.fullmatch(value):
                raise Unacceptable(400, "the Host field is no name or address with or without a port")
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise Unacceptable(501, "of transfer codings only chunked is read")

    def on_headers_complete(self) -> None:
        """Start a request whose head is complete, unless it offers another protocol. Raises Unacceptable."""
        self._check_head()
        version = self.parser.get_http_version()
        if version not in _VERSIONS:
            raise Unacceptable(505, f"HTTP/{version} is not spoken here; expected HTTP/1.1")
        if self._hosts > 1 or (self._hosts == 0 and version == "1.1"):
            raise Unacceptable(400, f"the request has {self._hosts or 'no'} Host fields; expected one")
        if not self.parser.should_upgrade():
            if not self.url.startswith(b"/"):
                self.url = _whole(self.url)
            super().on_headers_complete()
            self._part = _BODY
        elif self.parser.get_method() == b"CONNECT":
            raise Unacceptable(400, "CONNECT is for proxies, which this is not")

    def on_message_complete(self) -> None:
        """Note that a request is complete, unless it is about to be parsed again without its offer."""
        if self.parser.should_upgrade():
            return
        if len(self.headers) > HEAD_FIELDS:
            raise self._too_long()  # fields behind a chunked body
        self._part, self._useless = _NOTHING, 0
        super().on_message_complete()

    def _check_head(self) -> None:
        """Raises Unacceptable for a head beyond the limits. Until it is complete, `_useless` bounds what is
        read of it.
        """
        if len(self.url) > HEAD_BYTES:
            raise Unacceptable(414, f"the URL is longer than {HEAD_BYTES} bytes")
        if len(self.headers) > HEAD_FIELDS:
            raise self._too_long()
        if (
            self._useless + self._chunk > HEAD_BYTES
            and sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES
        ):
            raise self._too_long()

    def _too_long(self) -> Unacceptable:
        return Unacceptable(431, f"a request has at most {HEAD_FIELDS} header fields and {HEAD_BYTES} bytes of them")

    # Running

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if self._is_reading:
            self._held = (cycle, app)
        else:
            self._go_on(cycle, app)

    def _begin_held(self) -> None:
        self._is_reading = True
        while self._held is not None:
            cycle, app = self._held
            self._held = None
            self._begin(cycle, app)
        self._is_reading = False

    def _begin(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Run the first step; if it waits, fails or has not answered, uvicorn gets the rest as an application."""
        work: Any = app(cycle.scope, cycle.receive, cycle.send)
        try:
            awaited = work.send(None)
        except StopIteration:
            if not cycle.response_complete:
                self._go_on(cycle, _ended)
        except BaseException as error:
            self._go_on(cycle, partial(_failed, error))
        else:
            self._go_on(cycle, partial(_going_on, work, awaited))

    def _go_on(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Run the rest of a request in a task, for as long as its client is there."""
        self._task = task = self.loop.create_task(cycle.run_asgi(partial(_until_left, cycle, app)))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def _end_task(self) -> None:
        """Cancel what still runs, once it has taken its first step: a task that never did cannot end what
        it was given.
        """
        if self._task is not None and not self._task.done():
            self.loop.call_soon(self._task.cancel)

    # Refusing

    def _refuse(self, what: Unacceptable) -> None:
        """Answer what is not a request in plain text, in its turn; then stop reading."""
        self._is_over = True
        self.admission.complain(self.client, what.reason)
        old, made = self.cycle, (self._last_cycle(), partial(_say, what, self._welcome()))
        if self._part != _BODY:
            if old is None or old.response_complete:
                self._held = made
            else:
                self.pipeline.appendleft(made)
        elif old.response_started:
            self.transport.close()
        elif self.pipeline and self.pipeline[0][0] is old:
            self.pipeline[0] = made
        else:
            old.disconnected = True
            self._end_task()
            self._held = made

    def _welcome(self) -> Callable[[Connection], None]:
        """What lets a page read the plain answer to its request; nothing where the control API was meant."""
        fields = dict(getattr(self, "headers", None) or ())
        is_control = b"/_mock" in getattr(self, "url", b"/_mock").partition(b"?")[0]
        if is_control or b"origin" not in fields:
            return lambda connection: None
        return partial(self._greet, fields)

    def _last_cycle(self) -> RequestResponseCycle:
        """The last exchange of this connection."""
        sent: Any = self.scope  # None before a first request
        scope: Any = {"type": "http", "method": "GET", **(sent or {})}
        return RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=False,
            on_response=self.on_response_complete,
        )


def _whole(target: bytes) -> bytes:
    """A target that names a host, with the path that it has without saying so (RFC 9112, 3.2.2). Raises
    Unacceptable.
    """
    try:
        parsed = httptools.parse_url(target)  # a part that is not there is None
    except httptools.HttpParserInvalidURLError:
        raise Unacceptable(400, "the target of the request is no URL") from None
    if parsed.path:
        return target
    return b"/?" + parsed.query if parsed.query else b"/"


def _reason(error: httptools.HttpParserError) -> Unacceptable:
    """Why a request is not read on, without the frames in which that was found: they refer to the connection."""
    cause = error.__context__
    if isinstance(cause, Unacceptable):
        return Unacceptable(cause.status, cause.reason)
    return Unacceptable(400, f"this is no HTTP request: {error}")


async def _say(what: Unacceptable, welcome: Callable[[Connection], None], scope: Any, receive: Any, send: Any) -> None:
    body = what.reason.encode("ascii", "backslashreplace")
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    connection = Connection(scope, receive, send)
    welcome(connection)
    connection.send_whole(what.status, headers, body)


async def _until_left(cycle: RequestResponseCycle, app: ASGI3Application, *asgi: Any) -> None:
    """Run an application; if its client leaves, cancel it without an answer or an error."""
    try:
        await app(*asgi)
    except asyncio.CancelledError:
        cycle.disconnected = True


async def _ended(*_: Any) -> None:
    return


async def _failed(error: BaseException, *_: Any) -> None:
    raise error


async def _going_on(work: Coroutine[Any, Any, None], awaited: Any, *_: Any) -> None:
    await _rest(work, awaited)


@types.coroutine
def _rest(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that waits for `awaited`."""
    try:
        while True:
            try:
                value = yield awaited
            except BaseException as error:
                awaited = work.throw(error)
            else:
                awaited = work.send(value)
    except StopIteration:
        return
