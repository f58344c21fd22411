"""Serves the files of jobs: downloads of results, uploads of inputs.

Their addresses are ours (`/_mock/files/API/...`), so that they meet no vendor's path. Like the signed addresses of a
real storage they ask for no credentials. An upload is counted as it comes in and not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from mockserver.adapters.exchange import FileStore, Refusal
from mockserver.http.contract.body import Disconnected, Receive
from mockserver.http.limits import UPLOAD_BYTES
from mockserver.simulation.world import World

FILES = "/_mock/files/"
METHODS = ("GET", "HEAD", "PUT")

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, header fields and body."""


class Files:
    """The files of all served APIs, by the store of each API that has one."""

    def __init__(self, stores: Mapping[str, FileStore]) -> None:
        self._stores = stores

    async def answer(self, scope: Mapping[str, Any], path: str, world: World, receive: Receive) -> Answer:
        """The answer to a request for a file. Raises Refusal, UnknownJob, Disconnected."""
        api, _, place = path.removeprefix(FILES).partition("/")
        store, method = self._stores.get(api), scope["method"]
        if store is None:
            raise Refusal(
                "unknown", f"there are no files at {path}; expected: {FILES} and one of {', '.join(self._stores)}"
            )
        if method in ("GET", "HEAD"):
            return _downloaded(store, world, place)
        if method == "PUT":
            store.check_upload(world, place)
            return await _uploaded(scope, receive)
        raise Refusal("method", f"{method} is not served at {path}; expected: GET, HEAD or PUT", allow=METHODS)


def _downloaded(store: FileStore, world: World, place: str) -> Answer:
    file = store.read(world, place)
    headers = [
        (b"content-type", file.media_type.encode()),
        (b"content-disposition", f'attachment; filename="{file.name}"'.encode()),
        (b"etag", _tag(sha256(file.content).hexdigest())),
        (b"content-length", b"%d" % len(file.content)),
    ]
    return 200, headers, file.content


async def _uploaded(scope: Mapping[str, Any], receive: Receive) -> Answer:
    announced = dict(scope["headers"]).get(b"content-length", b"")
    if announced.isdigit() and int(announced[:20]) > UPLOAD_BYTES:
        raise _too_large()
    size, digest, more = 0, sha256(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        part = message.get("body", b"")
        size += len(part)
        if size > UPLOAD_BYTES:
            raise _too_large()
        digest.update(part)
        more = message.get("more_body", False)
    return 200, [(b"etag", _tag(digest.hexdigest())), (b"content-length", b"0")], b""


def _tag(digest: str) -> bytes:
    return b'"%s"' % digest.encode()


def _too_large() -> Refusal:
    return Refusal("too_large", f"the file has more than {UPLOAD_BYTES} bytes")
