"""Requests of megabytes: many members, too many values, long texts, compressed zeros, too large a body."""

from __future__ import annotations

import gzip
from functools import cache
from random import Random

from mockserver.http.limits import BODY_VALUES
from tests.hostile.making import heavy, submission

MANY = BODY_VALUES * 19 // 20
"""Nearly as many values as are read."""

FREE = {
    "ionworks": (
        b'{"job_type":"dummy","params":{"k":%s}}',
        b'{"job_type":"dummy","params":{},"metadata":%s}',
        b'{"job_type":"dummy","params":%s}',
    ),
    "openyuanrong": (
        b'{"entrypoint":"x","metadata":%s}',
        b'{"entrypoint":"x","runtime_env":{"env_vars":%s}}',
        b'{"entrypoint":%s}',
    ),
    "runai": (
        b'{"job":{"project":"team-a","image":"i","gpu":1,"arguments":%s}}',
        b'{"job":%s}',
        b'{"job":{"project":"team-a","image":%s}}',
    ),
    "xio": (
        b'{"title":"t","task":"BATCH","parameters":{"type":"docker","parameters":{"image":"i","env":%s}}}',
        b'{"title":%s}',
        b"%s",
    ),
    "bytenite": (
        b'{"templateId":"hello-world","params":{"app":{"k":%s}}}',
        b'{"templateId":"hello-world","params":%s}',
        b'{"templateId":%s}',
    ),
}
"""Bodies with a place for a large value: where anything may stand, and where it may not."""

PIECES = ((b"[],", 2_600_000), (b"1,", 4_000_000), (b"{},", 2_600_000), (b'"",', 2_600_000), (b'{"a":1},', 1_000_000))
TEXTS = (
    b"x" * 7_000_000,
    "é".encode() * 3_000_000,
    b'\\"' * 3_500_000,
    b"\\u0041" * 1_000_000,
    b"9" * 7_000_000,
    b"(" * 2_000_000,
    b" " * 4_000_000,
)


def _put(chance: Random, value: bytes) -> bytes:
    api = chance.choice(list(FREE))
    return submission(chance, chance.choice(FREE[api]).replace(b"%s", value), api=api)


@heavy
def long_lists(chance: Random) -> bytes:
    piece = chance.choice((b"1,", b'"ab",', b"[],", b'{"a":1},', b"null,", b"[[[]]],"))
    return _put(chance, b"[" + piece * (MANY // (piece.count(b"[") + piece.count(b"{") + 1)) + b"1]")


@heavy
def large_maps(chance: Random) -> bytes:
    value = chance.choice((b"1", b'"1"', b"[]", b"null"))
    return _put(
        chance,
        b"{" + b",".join(b'"k%d":%b' % (number, value) for number in range(MANY // (2 + (value == b"[]")))) + b"}",
    )


@heavy
def too_many_values(chance: Random) -> bytes:
    piece, count = chance.choice(PIECES)
    return _put(chance, b"[" + piece * count + b"1]")


@heavy
def long_texts(chance: Random) -> bytes:
    return _put(chance, b'"' + chance.choice(TEXTS) + chance.choice((b'"', b"")))


@heavy
def too_large(chance: Random) -> bytes:
    return submission(chance, b'"' + b"x" * 9_000_000 + b'"')


@heavy
def compressed_zeros(chance: Random) -> bytes:
    return submission(chance, chance.choice(_bombs()), fields=(("Content-Encoding", "gzip"),))


@cache
def _bombs() -> tuple[bytes, ...]:
    zeros = gzip.compress(b"0" * 200_000_000, 1, mtime=0)
    return (
        zeros,
        gzip.compress(zeros, mtime=0),
        gzip.compress(b"[" + b"[]," * 2_500_000 + b"0]", 1, mtime=0),
        gzip.compress(b"0" * 4_000_000, 1, mtime=0) * 50,
    )
