"""Sends a callback, only to this machine unless a host is allowed, whatever names and redirects say."""

from __future__ import annotations

import asyncio
import socket
import threading
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpcore

from mockserver.http.callbacks.attempt import AttemptOutcome
from mockserver.http.limits import CALLBACK_REDIRECTS, CALLBACK_SECONDS
from mockserver.http.redaction import redacted_url
from specs.loopback import is_loopback

_KEEPS_METHOD = frozenset({307, 308})
_REASON_LENGTH = 400


class AddressRefused(Exception):
    """A callback would have left this machine for a host that is not allowed."""


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that were checked after the name was resolved.

    `allowed` hosts may be called whatever their addresses; others only if they are this machine, and that only for a
    client that is on this machine, too, and not `remote`.
    """

    def __init__(self, allowed: frozenset[str], *, remote: bool) -> None:
        self._allowed, self._remote, self._inner = allowed, remote, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of `host` that accepts it. Raises AddressRefused, httpcore.ConnectError."""
        addresses = list(dict.fromkeys(await resolve(host, port)))
        if host.lower().strip("[]") not in self._allowed:
            for address in addresses:
                self._check(host, address)
        # one address is left time to answer
        share = None if len(addresses) == 1 else CALLBACK_SECONDS / (len(addresses) + 1)
        failures = []
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError) as error:
                failures.append(f"{address} ({str(error) or 'no answer'})")
        raise httpcore.ConnectError(f"no connection to {host}: {', '.join(failures)}"[:_REASON_LENGTH])

    def _check(self, host: str, address: str) -> None:
        if not is_loopback(address):
            raise AddressRefused(
                f"{host} is {address}, which is not this machine; allow it with --allow-callbacks {host}"
            )
        if self._remote:
            reason = f"{host} is this machine, and the client that asks to have it called is not on it"
            raise AddressRefused(f"{reason}; allow it with --allow-callbacks {host}")


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host. Raises httpcore.ConnectError.

    A thread of its own asks, for which nobody waits: the loop's own resolver would keep a server that stops until the
    last name server has given up.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def ask() -> None:
        addresses, failure = [], None
        try:
            addresses = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            failure = httpcore.ConnectError(f"{host} cannot be resolved: {error}")
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_tell, answer, addresses, failure)

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    return await answer


def _tell(answer: asyncio.Future[list[str]], addresses: list[str], failure: Exception | None) -> None:
    if answer.done():  # nobody waits any more
        return
    if failure is None:
        answer.set_result(addresses)
    else:
        answer.set_exception(failure)


async def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    allowed: frozenset[str],
    remote: bool = False,
) -> AttemptOutcome:
    """Deliver a body once, following redirects that keep the method; never raises for errors of the receiver.

    `remote`: the client that wants it is on another machine.
    """
    try:
        async with asyncio.timeout(CALLBACK_SECONDS):
            async with httpcore.AsyncConnectionPool(network_backend=_Guarded(allowed, remote=remote)) as pool:
                for _ in range(CALLBACK_REDIRECTS + 1):
                    status, location = await _send(pool, url, body, headers=headers)
                    if status not in _KEEPS_METHOD or location is None:
                        return _judged(status)
                    url = urljoin(url, location)
                return AttemptOutcome("failed", status, f"more than {CALLBACK_REDIRECTS} redirects")
    except AddressRefused as error:
        return AttemptOutcome("refused", error=str(error))
    except TimeoutError:
        return AttemptOutcome("failed", error=f"no answer within {CALLBACK_SECONDS:g} seconds")
    except (httpcore.UnsupportedProtocol, UnicodeError, ValueError) as error:
        return AttemptOutcome("refused", error=f"{redacted_url(url)[:200]} cannot be called: {error}")
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        return AttemptOutcome("failed", error=f"{type(error).__name__}: {error}")


async def _send(
    pool: httpcore.AsyncConnectionPool, url: str, body: bytes, *, headers: dict[str, str]
) -> tuple[int, str | None]:
    """The status and Location of an answer; its body is not read."""
    target = httpcore.URL(url)
    host = target.host if target.port is None else target.host + b":%d" % target.port
    fields = [(b"host", host), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    fields += [(name.encode(), value.encode()) for name, value in (headers | _credentials(url)).items()]
    async with pool.stream("POST", target, headers=fields, content=body) as answer:
        location = next(
            (value.decode("latin-1") for name, value in answer.headers if name.lower() == b"location"), None
        )
        return answer.status, location


def _credentials(url: str) -> dict[str, str]:
    """The header field for a URL with a user name or password. A redirect has a URL of its own."""
    parts = urlsplit(url)
    if parts.username is None and parts.password is None:
        return {}
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _judged(status: int) -> AttemptOutcome:
    if 200 <= status < 300:
        return AttemptOutcome("delivered", status)
    return AttemptOutcome("failed", status, f"answered {status}")
