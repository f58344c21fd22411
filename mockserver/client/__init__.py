"""The mock from plain Python: a server for as long as a block lasts, worlds of its own, and everything the control API can do with them."""

from typing import TYPE_CHECKING, Any

from mockserver.client.link import ControlRefused
from mockserver.client.sandbox import Sandbox
from mockserver.client.server import MockServer
from mockserver.client.time import NotReached
from mockserver.client.view import View

if TYPE_CHECKING:
    from mockserver.client.asynchronous import AsyncMockServer, AsyncSandbox

__all__ = ["AsyncMockServer", "AsyncSandbox", "ControlRefused", "MockServer", "NotReached", "Sandbox", "View"]


def __getattr__(name: str) -> Any:
    """The asynchronous twins, which are loaded only where somebody uses them."""
    if name in ("AsyncMockServer", "AsyncSandbox"):
        from mockserver.client import asynchronous

        return getattr(asynchronous, name)
    raise AttributeError(f"module {__name__!r} has no {name!r}")
