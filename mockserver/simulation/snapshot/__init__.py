"""A whole world as bytes and back.

The bytes are a line with the version, a checksum, and a record in compressed JSON: plain data, checked against its
types and bounds before a world is made of it. Reading a foreign file can refuse but never run anything, and what was
refused has changed nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path

import msgspec
from msgspec.json import Encoder

from mockserver.simulation.errors import ScenarioError, SnapshotError
from mockserver.simulation.lifecycle import CompiledLifecycle
from mockserver.simulation.scenario.scenario import with_switches
from mockserver.simulation.snapshot import reading
from mockserver.simulation.snapshot.building import Readers, building
from mockserver.simulation.snapshot.pauses import Steps, finished
from mockserver.simulation.snapshot.record import WorldRecord
from mockserver.simulation.snapshot.writing import recording
from mockserver.simulation.world import World

__all__ = ["MAGIC", "Readers", "copying", "finished", "freeze", "freezing", "read_file", "thaw", "thawing"]

VERSION = 2
MAGIC = b"understudy snapshot %d\n" % VERSION
MOST_PACKED = 5_990_000  # in base64, with what stands around it, it fits into a request
MOST_BYTES = 64 * 1024 * 1024
MOST_VALUES = 6_000_000
MOST_CONTAINERS = 1_500_000
"""Most bytes of a snapshot, compressed and not, and most values, lists and objects in it."""

PLAIN = Readers()
_DIGEST = 32
_REASON_LENGTH = 300  # characters of what is quoted from a snapshot that is refused
_PIECE = 1 << 20
_HEAD = re.compile(rb"understudy snapshot ([0-9]{1,6})\n")
_ENCODER = Encoder()


def freeze(world: World) -> bytes:
    """The whole state of `world`. Raises SnapshotError for one that is too large to be brought back."""
    return finished(freezing(world))


def freezing(world: World) -> Steps[bytes]:
    """The same in steps; the world may go on between them."""
    record = yield from recording(world)
    size, packer, packed = _Size(), zlib.compressobj(level=1), bytearray()
    for piece in _pieces(record):
        size.add(piece)
        packed += packer.compress(piece)
        yield
    packed += packer.flush()
    if len(packed) > MOST_PACKED:
        much = f"the snapshot has {len(packed)} bytes, expected at most {MOST_PACKED}"
        raise SnapshotError(f"{much}; delete some of the {world.count} jobs")
    return MAGIC + blake2b(packed, digest_size=_DIGEST).digest() + packed


def _pieces(record: WorldRecord) -> Iterator[bytes]:
    """The record as JSON, its jobs first."""
    rest = _ENCODER.encode({name: getattr(record, name) for name in record.__struct_fields__ if name != "jobs"})
    yield b'{"jobs":['
    for number, job in enumerate(record.jobs):
        text = _ENCODER.encode(job)
        if len(text) > reading.JOB_BYTES:
            raise SnapshotError(f"a job takes {len(text)} bytes, expected at most {reading.JOB_BYTES}")
        yield b"," + text if number else text
    yield b"]," + rest[1:]


def thaw(data: bytes, lifecycles: Mapping[str, CompiledLifecycle], readers: Readers = PLAIN) -> World:
    """A world exactly like the one frozen, independent of it. Raises SnapshotError for what is no whole snapshot."""
    return finished(thawing(data, lifecycles, readers))


def thawing(data: bytes, lifecycles: Mapping[str, CompiledLifecycle], readers: Readers = PLAIN) -> Steps[World]:
    """The same in steps."""
    try:
        text = yield from _inflated(_body(data))
        record = yield from reading.record_of(text)
        del text
        with_switches(record.scenario, ())
        return (yield from building(record, lifecycles, readers))
    except SnapshotError:
        raise
    except ScenarioError as error:
        raise SnapshotError(f"the snapshot's scenario cannot be: {str(error)[:_REASON_LENGTH]}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
        raise SnapshotError(f"the snapshot does not hold what one does: {str(error)[:_REASON_LENGTH]}") from error


def copying(world: World, lifecycles: Mapping[str, CompiledLifecycle], readers: Readers = PLAIN) -> Steps[World]:
    """A second world that goes on as `world` does, without a detour over bytes; that may go on between the steps."""
    record = yield from recording(world)
    return (yield from building(record, lifecycles, readers))


def read_file(file: Path) -> bytes:
    """What `file` holds, or so much of it that it is seen to be too long. Raises OSError."""
    with file.open("rb") as opened:
        return opened.read(MOST_PACKED + 1024)


def _body(data: bytes) -> bytes:
    """What follows the checksum, which is right."""
    head = _HEAD.match(data)
    if head is None:
        raise SnapshotError("this is no snapshot: it does not begin as one of `mockserver snapshot save` does")
    version = int(head.group(1))
    if version != VERSION:
        age = "a newer" if version > VERSION else "an older"
        writer = f"this snapshot was written by {age} version of Understudy (format {version})"
        raise SnapshotError(f"{writer}; this one reads format {VERSION}")
    start = head.end() + _DIGEST
    if len(data) - start > MOST_PACKED:
        raise SnapshotError(f"the snapshot has {len(data) - start} bytes, expected at most {MOST_PACKED}")
    body = data[start:]
    if blake2b(body, digest_size=_DIGEST).digest() != data[head.end() : start]:
        raise SnapshotError("the snapshot is damaged: its checksum does not match its content")
    return body


def _inflated(body: bytes) -> Steps[bytearray]:
    """What `body` says, piece by piece, so that too much is noticed before it is there."""
    reader, text, size = zlib.decompressobj(), bytearray(), _Size()
    try:
        while body and not reader.eof:
            piece = reader.decompress(body, _PIECE)
            body = reader.unconsumed_tail
            size.add(piece)
            text += piece
            yield
    except zlib.error as error:
        raise SnapshotError("the snapshot is damaged: what it holds is not compressed as it should be") from error
    if not reader.eof or reader.unused_data:
        raise SnapshotError("the snapshot is damaged: it ends early or goes on after its end")
    return text


class _Size:
    """How much has been seen; commas and brackets in texts count too, so these are upper bounds."""

    def __init__(self) -> None:
        self._bytes = self._values = self._containers = 0

    def add(self, piece: bytes) -> None:
        """Count a piece of JSON. Raises SnapshotError beyond what can be held."""
        containers = piece.count(b"[") + piece.count(b"{")
        self._bytes += len(piece)
        self._containers += containers
        self._values += piece.count(b",") + piece.count(b":") + containers
        for found, most, what in (
            (self._bytes, MOST_BYTES, "bytes"),
            (self._values, MOST_VALUES, "values"),
            (self._containers, MOST_CONTAINERS, "lists and objects"),
        ):
            if found > most:
                sentence = f"the snapshot holds more than {most} {what}, which is the most that is brought back"
                raise SnapshotError(sentence)
