"""Requests whose bodies are wrong: mutated, no JSON, too deep, with numbers nobody expects, compressed badly."""

from __future__ import annotations

import gzip
import json
from random import Random

from tests.hostile.making import CALLS, kind, mutated, submission

NUMBERS: tuple[object, ...] = (0, -1, 2**31, 2**53 + 1, 2**63, 2**64, 10**299, 1e308, -1e-308, 0.1, 10**301)
TEXTS = (
    "",
    "\x00",
    "é",
    "😀" * 50,
    "a" * 5000,
    "../../etc/passwd",
    "\r\nX: y",
    "${jndi:x}",
    "<script>",
    "\u2028",
    "null",
    "-1",
    "\x1b[31m",
    "\ud800",
)
WRITTEN = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1e-999",
    "-0",
    "0.1e1",
    "01",
    "+1",
    "1.",
    ".5",
    "0x10",
    "1_000",
    "9" * 299,
    "9" * 301,
    "9" * 100_000,
    "1" + "0" * 400,
    "-" + "9" * 19,
    "18446744073709551616",
    "1E400",
    "0." + "3" * 5000,
    "٣",
)
NO_JSON = (
    b"{",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b'{"a":"\xc3"}',
    b'"\\ud800"',
    b'{"a":1,"a":2}',
    b"null",
    b"[]",
    b"{}",
    b"0",
    b'"x"',
    b"\x00",
    b"{} {}",
    b'{"a":"\xed\xa0\x80"}',
    b"{'a':1}",
    b"{a:1}",
    b"[1,]",
    b'{"a":1,}',
    b"// x\n{}",
    b"\x1f\x8b",
    b"a=1&b=2",
    b'"\\x41"',
    b'"\t"',
    b"\xfe\xff\x00{",
    b"tru",
)


@kind
def right_submissions(chance: Random) -> bytes:
    return submission(chance)


@kind
def mutated_bodies(chance: Random) -> bytes:
    api = chance.choice(list(CALLS))
    return submission(chance, json.dumps(mutated(chance, CALLS[api].body, (*NUMBERS, *TEXTS))).encode(), api=api)


@kind
def bodies_of_another_api(chance: Random) -> bytes:
    return submission(chance, json.dumps(CALLS[chance.choice(list(CALLS))].body).encode())


@kind
def bodies_that_are_no_json(chance: Random) -> bytes:
    return submission(chance, chance.choice(NO_JSON))


@kind
def numbers(chance: Random) -> bytes:
    api = chance.choice(list(CALLS))
    text = json.dumps(mutated(chance, CALLS[api].body, ("@",)))
    return submission(chance, text.replace('"@"', chance.choice(WRITTEN)).encode(), api=api)


@kind
def depth(chance: Random) -> bytes:
    deep = chance.choice((50, 99, 100, 101, 5000, 300_000))
    opens, closes = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")))
    nested = opens * deep + b"1" + closes * (deep if chance.random() < 0.8 else 0)
    some = (
        b"%s",
        b'{"job_type":"dummy","params":{"k":%s}}',
        b'{"entrypoint":"x","metadata":%s}',
        b'{"templateId":"hello-world","params":{"app":%s}}',
    )
    return submission(chance, chance.choice(some).replace(b"%s", nested))


@kind
def compressed_bodies(chance: Random) -> bytes:
    api = chance.choice(list(CALLS))
    plain = json.dumps(CALLS[api].body).encode()
    packed = gzip.compress(plain, 1, mtime=0)
    some = (
        packed,
        packed[:-5],
        packed + b"x",
        packed * 2,
        packed * 150,
        gzip.compress(packed, mtime=0),
        b"",
        b"x",
        packed[:10],
        b"\x1f\x8b" + plain,
        packed + b"\x00" * 500,
        gzip.compress(b"", mtime=0) * 90 + packed,
        packed[:-8] + b"\x00" * 8,
    )
    coding = chance.choice(
        ("gzip", "gzip", "gzip, gzip", "br", "deflate", "GZIP", "x-gzip", "identity", "", "gzip;q=0")
    )
    return submission(chance, chance.choice(some), api=api, fields=(("Content-Encoding", coding),))
