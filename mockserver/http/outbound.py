"""Sends a callback out: only to this machine unless a host is allowed, whatever names resolve to and redirects say."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urljoin

import httpcore

from mockserver.http.limits import CALLBACK_REDIRECTS, CALLBACK_SECONDS
from mockserver.http.webhooks import Heard

_KEEPS_METHOD = frozenset({307, 308})


class AddressRefused(Exception):
    """A callback would have left this machine for a host that is not allowed."""


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at after the name was resolved, and to no others."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed, self._inner = allowed, httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of `host`. Raises AddressRefused."""
        addresses = await resolve(host, port)
        if host.lower().strip("[]") not in self._allowed:
            for address in addresses:
                if not is_loopback(address):
                    raise AddressRefused(f"{host} is {address}, which is not this machine; allow it with --allow-callbacks {host}")
        return await self._inner.connect_tcp(addresses[0], port, timeout, local_address, socket_options)


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host. Raises httpcore.ConnectError.

    A thread of its own asks, for which nobody waits: the loop's own resolver would keep a server that stops until the last name server has given up.
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


def is_loopback(address: str) -> bool:
    """Whether an address never leaves this machine."""
    parsed = ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


async def post(url: str, body: bytes, headers: dict[str, str], *, allowed: frozenset[str]) -> Heard:
    """Deliver a body once, following redirects that keep the method; never raises for what goes wrong outside."""
    try:
        async with asyncio.timeout(CALLBACK_SECONDS):
            async with httpcore.AsyncConnectionPool(network_backend=_Guarded(allowed)) as pool:
                for _ in range(CALLBACK_REDIRECTS + 1):
                    status, location = await _send(pool, url, body, headers=headers)
                    if status not in _KEEPS_METHOD or location is None:
                        return _judged(status)
                    url = urljoin(url, location)
                return Heard("failed", status, f"more than {CALLBACK_REDIRECTS} redirects")
    except AddressRefused as error:
        return Heard("refused", error=str(error))
    except TimeoutError:
        return Heard("failed", error=f"no answer within {CALLBACK_SECONDS:g} seconds")
    except (httpcore.UnsupportedProtocol, UnicodeError, ValueError) as error:
        return Heard("refused", error=f"{url[:200]} cannot be called: {error}")
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        return Heard("failed", error=f"{type(error).__name__}: {error}")


async def _send(pool: httpcore.AsyncConnectionPool, url: str, body: bytes, *, headers: dict[str, str]) -> tuple[int, str | None]:
    """The status and Location of an answer, whose body nobody reads."""
    target = httpcore.URL(url)
    host = target.host if target.port is None else target.host + b":%d" % target.port
    fields = [(b"host", host), (b"content-length", b"%d" % len(body)), (b"connection", b"close")]
    fields += [(name.encode(), value.encode()) for name, value in headers.items()]
    async with pool.stream("POST", target, headers=fields, content=body) as answer:
        location = next((value.decode("latin-1") for name, value in answer.headers if name.lower() == b"location"), None)
        return answer.status, location


def _judged(status: int) -> Heard:
    if 200 <= status < 300:
        return Heard("delivered", status)
    return Heard("failed", status, f"answered {status}")
