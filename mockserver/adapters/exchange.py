"""What passes between the server and an adapter: a validated call, a reply, or the reason of a refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, Protocol

import msgspec

from mockserver.simulation.request import Script
from mockserver.simulation.world import World

NOTHING: Mapping[str, Any] = MappingProxyType({})
Json = Any  # a parsed JSON value: dict, list, str, int, float, bool or None

Kind = Literal[
    "malformed",  # the body is not JSON (or not acceptable JSON: NaN, too deep, bad UTF-8); nothing else is
    "invalid",  # body or parameters break the document; `violations` says where
    "unprocessable",  # passes the document, breaks a documented rule that prose states
    "unauthenticated",
    "forbidden",
    "unknown",  # no such job, run, template: whatever the path names
    "unrouted",  # no such path
    "method",  # the path exists, the method does not; `allow` lists those that do
    "conflict",
    "gone",
    "too_large",
    "media_type",
    "throttled",
    "unplaceable",  # nothing in the cluster can ever run it
    "unavailable",
    "internal",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a message breaks its document.

    `place` is body, query, path, header or answer; `pointer` a tuple of keys and indices inside it; `got` is the
    offending value.
    """

    place: str
    pointer: tuple[str | int, ...]
    keyword: str
    expected: Any
    got: Any
    message: str


class Refusal(Exception):
    """A call that is not granted, in neutral words; the adapter gives it the vendor's status and body."""

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        violations: tuple[Violation, ...] = (),
        allow: tuple[str, ...] = (),
        cause: Exception | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.violations = violations
        self.allow = allow
        self.cause = cause
        self.facts = facts

    @classmethod
    def of(cls, violation: Violation) -> Refusal:
        """The refusal of a request that breaks its document in one place."""
        return cls("invalid", violation.message, violations=(violation,))


def _nowhere() -> str:
    return "http://mock.invalid"


class Call(msgspec.Struct, gc=False):  # a struct, since every request makes one
    """One request that conforms to the document, and its world.

    `path`, `query` and `headers` hold the declared parameters, coerced to their schema's type, with
    defaults filled in; header names are lower case. `raw` is the body as bytes (decompressed), `body` what it says.
    `every_header` are all header fields as sent (lower-case names), for signatures and credentials.
    """

    operation: str
    world: World
    method: str = "GET"
    target: str = ""  # path without sandbox prefix, as sent (percent-encoded), without the query
    query_string: bytes = b""
    path: Mapping[str, Any] = NOTHING
    query: Mapping[str, Any] = NOTHING
    headers: Mapping[str, Any] = NOTHING
    every_header: Mapping[str, str] = NOTHING
    body: Json = None
    raw: bytes = b""
    strict: bool = False
    manual: bool = False  # the clock only moves when told to
    script: Script | None = None  # what a rule wants of the job that this call makes
    origin: Callable[[], str] = _nowhere  # scheme, host and sandbox prefix under which the client reaches the mock
    is_remote: Callable[[], bool] = bool  # whether its client is on another machine
    wall_us: int = (
        0  # real UTC time in microseconds since 1970, in strict mode; for credentials whose clients live in real time
    )


class Reply(msgspec.Struct, gc=False):  # a struct, since every request makes one
    """An answer: status, JSON body (or `text`, or a `stream` of bytes), extra headers.

    A stream yields b"" whenever it has nothing to send until time moves on; whoever sends it then waits, moves the
    clock and asks again.
    It never sleeps itself.

    `later` gives the final answer once it is known, None while it is not; it may raise what an operation may. Where the
    clock moves by itself the client is kept waiting for it, elsewhere it gets this reply at once.
    """

    status: int
    body: Json = None
    headers: dict[str, str] = {}  # a new one each: structs copy it
    media_type: str = "application/json"
    text: str | None = None
    stream: AsyncIterator[bytes] | None = None
    empty: bool = False
    later: Callable[[], Reply | None] | None = None


class File(msgspec.Struct):
    """A file of a job: its name, its media type, its content."""

    name: str
    media_type: str
    content: bytes


class FileStore(Protocol):
    """Where an API's jobs keep their files; `path` is what follows `/_mock/files/API/` in their addresses."""

    def read(self, world: World, path: str) -> File:
        """The file at a path. Raises Refusal, UnknownJob."""

    def check_upload(self, world: World, path: str) -> None:
        """Check that a file may be uploaded to a path now. Raises Refusal, UnknownJob."""


class Wording(Protocol):
    """Gives refusals a status and a body."""

    def error(self, refusal: Refusal, world: World | None = None) -> Reply:
        """The vendor's answer to a refusal; `world` is that of the request, None if it has none."""


class Adapter(Wording, Protocol):
    """What the server expects of an API's package, beside one function per operationId (see `function_of`)."""

    def verify(self, call: Call) -> None:
        """Check the credentials as the vendor documents; raises Refusal."""

    def tenant(self, call: Call) -> str:
        """The tenant of a call; "" if all callers share one list of jobs."""


def function_of(adapter: Adapter, name: str) -> Callable[[Call], Reply]:
    """The function that serves an operation. Raises AttributeError."""
    function: Callable[[Call], Reply] = getattr(adapter, name)
    return function


def file_store(adapter: Adapter) -> FileStore | None:
    """Where the API's jobs keep their files, if they have any."""
    store: FileStore | None = getattr(adapter, "files", None)
    return store
