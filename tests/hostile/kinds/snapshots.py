"""Snapshots that were made up: a true one with something wrong in it, sealed again, and what only looks like one."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode, b64encode
from functools import cache
from hashlib import blake2b
from random import Random
from typing import Any

import httpx

from mockserver.http.server import serving
from mockserver.simulation.snapshot import MAGIC
from tests.hostile.kinds.bodies import NUMBERS, TEXTS
from tests.hostile.making import CALLS, kind, mutated, ordered

DIGEST = 32


@kind
def forged_snapshots(chance: Random) -> bytes:
    record = _record()
    for _ in range(chance.randint(1, 4)):
        record = mutated(chance, record, (*NUMBERS, *TEXTS, 1, "x", [record] * 2))
    return _restore(chance, _sealed(json.dumps(record).encode()))


@kind
def snapshots_with_changed_bytes(chance: Random) -> bytes:
    text = bytearray(json.dumps(_record()).encode())
    for _ in range(chance.randint(1, 8)):
        text[chance.randrange(len(text))] = chance.choice(b'0123456789-.eE"[]{},:tfn\xff\x00')
    whole = bytearray(_sealed(bytes(text)))
    if chance.random() < 0.3:
        whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    return _restore(chance, bytes(whole))


@kind
def things_that_are_no_snapshot(chance: Random) -> bytes:
    zeros = zlib.compress(b"0" * 70_000_000, 9) if chance.random() < 0.02 else zlib.compress(b"0" * 100_000, 9)
    some = (
        b"",
        MAGIC,
        b"understudy snapshot 999999\n",
        MAGIC + b"x" * 500,
        _sealed(b"[" * 100_000),
        _sealed(b"{}"),
        _sealed(b"null"),
        MAGIC + blake2b(zeros, digest_size=DIGEST).digest() + zeros,
        b"\x80\x04}))" + b"\x85" * 3000 + b"Ns.",
        _sealed(b"[" + b"[]," * 200_000 + b"0]"),
    )
    return _restore(chance, chance.choice(some))


def _restore(chance: Random, data: bytes) -> bytes:
    return ordered(chance, "/_mock/restore", {"snapshot": b64encode(data).decode()})


def _sealed(text: bytes) -> bytes:
    body = zlib.compress(text, 1)
    return MAGIC + blake2b(body, digest_size=DIGEST).digest() + body


@cache
def _record() -> Any:
    """What a true snapshot holds, of a world with a job of each API."""
    with serving(pace="manual") as url:
        for call in CALLS.values():
            httpx.request(call.method, url + call.path, json=call.body, headers=dict(call.headers)).raise_for_status()
        httpx.post(f"{url}/_mock/clock/advance", json={"seconds": 30}).raise_for_status()
        taken = httpx.post(f"{url}/_mock/snapshot")
    data = b64decode(taken.json()["snapshot"])
    return json.loads(zlib.decompress(data[len(MAGIC) + DIGEST :]))
