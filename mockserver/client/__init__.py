"""The mock from Python: a server for the duration of a block, its sandboxes, and all that the control API can do."""

from mockserver.client.asynchronous import AsyncMockServer, AsyncSandbox
from mockserver.client.link import ControlRefused
from mockserver.client.sandbox import Sandbox
from mockserver.client.server import MockServer
from mockserver.client.time import NotReached
from mockserver.client.view import View

__all__ = ["AsyncMockServer", "AsyncSandbox", "ControlRefused", "MockServer", "NotReached", "Sandbox", "View"]
