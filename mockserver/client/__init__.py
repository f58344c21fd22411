"""The mock from plain Python: a server for as long as a block lasts, worlds of its own, and everything the control API can do with them."""

from mockserver.client.asynchronous import AsyncMockServer, AsyncSandbox
from mockserver.client.link import ControlRefused
from mockserver.client.sandbox import Sandbox
from mockserver.client.server import MockServer
from mockserver.client.time import NotReached
from mockserver.client.view import View

__all__ = ["AsyncMockServer", "AsyncSandbox", "ControlRefused", "MockServer", "NotReached", "Sandbox", "View"]
