"""The files of ByteNite's jobs: the upload of an input, and the zip file of a complete job.

Source: specs/bytenite/sources.md#files
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from hashlib import blake2b
from io import BytesIO
from struct import pack
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from mockserver.adapters.bytenite.views import COMPLETE, record, upload_source
from mockserver.adapters.exchange import File, Refusal
from mockserver.simulation.job import Job
from mockserver.simulation.world import World

API = "bytenite"
INPUT, RESULT = "input", "result.zip"

_ROOT = f"/_mock/files/{API}/"
_IMAGES = ("image", "img")
_EARLIEST = (
    1980,
    1,
    1,
    0,
    0,
    0,
)  # the first date that a zip can hold; the same for all, so that equal jobs leave equal bytes
_UNIX, _READABLE = 3, 0o644 << 16
_SIDE = 8


def input_path(job_id: str) -> str:
    """Where a job's input is uploaded to, without scheme, host and sandbox."""
    return f"{_ROOT}{job_id}/{INPUT}"


def result_path(job_id: str) -> str:
    """Where a job's result is, without scheme, host and sandbox."""
    return f"{_ROOT}{job_id}/{RESULT}"


def has_result(job: Job) -> bool:
    """Whether there is anything to download: the job is complete, and its destination is not bypassed."""
    return job.state == COMPLETE and record(job).body.get("dataDestination", {}).get("dataSourceDescriptor") != "bypass"


def read(world: World, path: str) -> File:
    """The result of a job. Raises Refusal, UnknownJob."""
    job = _named(world, path, RESULT)
    if not has_result(job):
        raise Refusal("unknown", f"job {job.key} has no {RESULT}: it is {job.state}")
    return File(RESULT, "application/zip", _zipped(job))


def check_upload(world: World, path: str) -> None:
    """Raises Refusal or UnknownJob unless a job waits for its input at that path."""
    job = _named(world, path, INPUT)
    if upload_source(record(job).body) is None:
        raise Refusal(
            "gone", f"job {job.key} awaits no file: its upload is complete, or its data source is another by now"
        )
    if job.phase != "draft":
        raise Refusal("gone", f"job {job.key} awaits no file any more: it is {job.state}")


def _named(world: World, path: str, file: str) -> Job:
    key, _, name = path.partition("/")
    if name != file:
        raise Refusal("unknown", f"there is no file {path!r}")
    return world.job(API, key)


def _zipped(job: Job) -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w", ZIP_STORED) as opened:
        for name, content in _outputs(job):
            entry = ZipInfo(name, _EARLIEST)
            entry.create_system, entry.external_attr = _UNIX, _READABLE
            opened.writestr(entry, content)
    return archive.getvalue()


def _outputs(job: Job) -> Iterator[tuple[str, bytes]]:
    """One small file per chunk: an image where the template's name speaks of images, a line of text elsewhere."""
    kept = record(job)
    draws = any(word in kept.body["templateId"].lower() for word in _IMAGES)
    for number in range(1, kept.chunks + 1):
        if draws:
            yield f"output-{number}.png", _image(blake2b(f"{job.key} {number}".encode(), digest_size=3).digest())
        else:
            yield f"output-{number}.txt", f"output of chunk {number} of {kept.chunks} of job {job.key}\n".encode()


def _image(colour: bytes) -> bytes:
    """A small PNG of one colour (three bytes: red, green, blue)."""
    rows = (b"\0" + colour * _SIDE) * _SIDE
    header = pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
