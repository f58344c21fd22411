"""The address at which a client reached the mock, and whether the client is on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mockserver.http.sandbox_name import DEFAULT, PREFIX
from specs.loopback import is_address, is_loopback


def origin(scope: Mapping[str, Any], sandbox: str) -> str:
    """Scheme and host of a request, with the path prefix of its sandbox unless that is the default one.

    A client that named its sandbox in a header gets the prefix too: whoever follows the address may not send the
    header.
    """
    sent = next((value for name, value in scope["headers"] if name == b"host"), b"")
    host = sent.decode("latin-1") or _listening(scope)
    return f"{scope.get('scheme', 'http')}://{host}{'' if sandbox == DEFAULT else PREFIX + sandbox}"


def is_remote(scope: Mapping[str, Any]) -> bool:
    """Whether a request came from another machine: from neither a loopback address nor the address it called."""
    client, server = scope.get("client") or (), scope.get("server") or ()
    if not client or not is_address(client[0]):  # a socket of the file system, or an application without a socket
        return False
    return not is_loopback(client[0]) and client[:1] != server[:1]


def _listening(scope: Mapping[str, Any]) -> str:
    """The address that the server listens on, for clients that name no host (HTTP/1.0)."""
    server = scope.get("server")
    if not server:
        return "localhost"
    name, port = server
    name = f"[{name}]" if ":" in name else name
    return name if port is None else f"{name}:{port}"
