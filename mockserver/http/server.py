"""Runs applications on sockets: in the foreground until a signal, or in a thread for the duration of a block."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import importlib.util
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import uvicorn

from mockserver.http import memory
from mockserver.http.app import Understudy, create_app
from mockserver.http.asgi import forking
from mockserver.http.asgi.admission import Admission
from mockserver.http.asgi.protocol import EagerProtocol
from mockserver.http.guard import guard_for
from mockserver.http.limits import KEEP_ALIVE_SECONDS, STOP_SECONDS

_NOT_OURS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})  # also what a machine without IPv6 says of ::1


class PortBusy(OSError):
    """The address cannot be listened on: it is in use, not permitted, or not an address of this machine.

    `option` is the one that says otherwise.
    """

    def __init__(self, host: str, port: int, reason: str, *, option: str = "--port") -> None:
        super().__init__(f"cannot listen on {host}:{port}: {reason}")
        self.host, self.port, self.option = host, port, option


def _greeting(app: Any) -> dict[str, Any]:
    """How answers that never reach the application are made readable for web pages; another application has no say."""
    return {"greet": app.application.cors.open} if isinstance(app, Understudy) else {}


class _Server(uvicorn.Server):
    """uvicorn's server; stops within a second whatever its connections do, and handles no signals."""

    def __init__(self, app: Understudy, listeners: Sequence[socket.socket], admission: Admission) -> None:
        config = uvicorn.Config(
            app,
            http=partial(EagerProtocol, admission=admission, **_greeting(app)),  # type: ignore[arg-type]  # is called
            loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",  # there is no uvloop for Windows
            interface="asgi3",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        super().__init__(config)
        self.app, self.listeners = app, list(listeners)
        self._trimmer = memory.Trimmer()
        self._loop: asyncio.AbstractEventLoop | None = None
        forking.leave_out(self)

    def sockets(self) -> Iterator[socket.socket]:
        """Where it listens, and its open connections."""
        yield from self.listeners
        for connection in list(self.server_state.connections):
            if not connection.transport.is_closing():
                yield connection.transport.get_extra_info("socket")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are handled by the runner."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Note the event loop, then start to listen."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def on_tick(self, counter: int) -> bool:
        """Once a second, disconnect clients that pause too long within a request, and give free memory back."""
        if counter % 10 == 0:
            self._trimmer.trim_if_grown()
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, EagerProtocol):
                    connection.end_if_slow(now)
        return await super().on_tick(counter)

    def force(self) -> None:
        """Stop now, whatever is running; from any thread."""
        self.should_exit = self.force_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._cut)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, let running answers finish, then close what is left."""
        self.app.close()
        cut = asyncio.get_running_loop().call_later(STOP_SECONDS, self._cut)
        try:
            await super().shutdown(sockets)
        finally:
            cut.cancel()

    def _cut(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens on the first address of a host; port 0 picks a free one. Raises PortBusy."""
    first, *others = bind_every(host, port)
    for listener in others:
        listener.close()
    return first


def bind_every(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen on every address of a host (`localhost` has two), IPv4 first; port 0 takes a free one.

    Raises PortBusy.
    """
    listeners: list[socket.socket] = []
    refused: OSError | None = None
    addresses = _addresses(host, port)
    for family, address in addresses:
        at = listeners[0].getsockname()[1] if listeners else port
        try:
            listeners.append(_listening(family, (address[0], at, *address[2:]), shares=len(addresses) > 1))
        except OSError as error:
            refused = error
            if error.errno not in _NOT_OURS:
                break
    if listeners and (refused is None or refused.errno in _NOT_OURS):
        return listeners
    for listener in listeners:
        listener.close()
    assert refused is not None
    option = "--host" if refused.errno in _NOT_OURS else "--port"
    raise PortBusy(host, port, refused.strerror or str(refused), option=option) from refused


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[Any, ...]]]:
    """The addresses of a host, IPv4 first. Raises PortBusy."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        reason = f"there is no such host ({getattr(error, 'strerror', None) or error})"
        raise PortBusy(host, port, reason, option="--host") from error
    return sorted({(family, address) for family, *_, address in found}, key=lambda one: one[0] != socket.AF_INET)


def _listening(family: socket.AddressFamily, address: tuple[Any, ...], *, shares: bool) -> socket.socket:
    """A listening socket; `shares` says that another address family has a socket of its own. Raises OSError."""
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and shares:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(2048)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL of a listening socket, as this machine may use it: one that listens everywhere listens
    on loopback.
    """
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(bound: Sequence[tuple[Understudy, Sequence[socket.socket]]]) -> None:
    """Serve each application on its sockets, in the foreground, until SIGINT or SIGTERM; then end cleanly."""
    admission = Admission()
    servers = [_Server(app, listeners, admission) for app, listeners in bound]

    def stop(number: int, _: Any) -> None:
        for server in servers:
            if server.should_exit:  # asked for a second time
                server.force()
                signal.signal(number, signal.SIG_DFL)
            server.should_exit = True

    async def serve() -> None:
        await asyncio.gather(*(server.serve(sockets=server.listeners) for server in servers))

    memory.settle()
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with asyncio.Runner(loop_factory=servers[0].config.get_loop_factory()) as runner:
            runner.run(serve())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def serving(app: Understudy | None = None, *, host: str = "127.0.0.1", port: int = 0, **options: Any) -> Iterator[str]:
    """A server in a thread for the duration of the block; yields its base URL.

    `options` go to `create_app` when no application is given; without a `guard` it is the one for this host.
    Raises PortBusy and whatever `create_app` raises.
    """
    app = app or create_app(**({"guard": guard_for(host)} | options))
    server = _Server(app, bind_every(host, port), Admission())
    started = threading.Event()
    failed: list[BaseException] = []

    async def serve() -> None:
        task = asyncio.ensure_future(server.serve(sockets=server.listeners))
        while not server.started and not task.done():
            await asyncio.sleep(0.002)
        started.set()
        await task

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
                runner.run(serve())
        except BaseException as error:  # handed to the thread that waits
            failed.append(error)
            started.set()

    thread = threading.Thread(target=work, name="understudy", daemon=True)
    url = url_of(server.listeners[0])
    thread.start()
    started.wait()
    try:
        if failed:
            raise failed[0]
        yield url
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS * 2)
        if thread.is_alive():
            server.force()
            thread.join(STOP_SECONDS * 4)
        for listener in server.listeners:
            listener.close()
