"""Requests whose header fields are too long, too many, in no encoding, or ask for odd things."""

from __future__ import annotations

import json
from random import Random

from tests.hostile.making import CALLS, JSON, kind, message, place, submission

LARGE = (
    (("X", "a" * 70_000),),
    (("X", "a"),) * 300,
    tuple((f"X{number}", "b") for number in range(250)),
    (("Cookie", "a=b"),) * 150,
    (("X", "a"),) * 190,
    (("Accept", "*/*," * 10_000),),
    (("X" * 60_000, "a"),),
    (("Authorization", "a" * 60_000),),
)
MEDIA = (
    "application/json; charset=utf-16",
    "application/json; charset=utf-8",
    "application/json; charset=latin-1",
    "application/json;charset=\x7f",
    "text/plain",
    "text/plain; charset=utf-7",
    "a" * 3000,
    "",
    "APPLICATION/JSON",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 500,
    "application/x-www-form-urlencoded",
    "application/json; " + "a=b; " * 1000,
    "*/*",
    "application/*",
    "/",
    ";",
    "application/json, text/plain",
)
UNREADABLE = (
    b"\xff\xfe",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\xc0\xaf",
    b"\xe2\x80\xae",
    b"\x80" * 500,
)
WISHES = (
    "code=500",
    "code=999",
    "wait=0.01",
    "wait=-1",
    "wait=1e9",
    "wait=nan",
    "code=404, wait=0",
    "example=x",
    "=",
    "code=" + "9" * 400,
    "code=200;" * 200,
)
TOKENS = (
    "Bearer",
    "Bearer " + "a" * 5000,
    "Basic é",
    "Bearer a.b.c",
    "",
    "Digest x",
    "Bearer eyJhbGciOiJub25lIn0.e30.",
    "Bearer " + "e30." * 2000,
    "Bearer bnVsbA.bnVsbA.x",
    "Bearer eyJleHAiOjFlOTk5fQ.eyJleHAiOjFlOTk5LCJyb2xlIjoiZGV2ZWxvcGVyIn0.x",
    "Bearer \x80",
)
SENDERS = (
    "Authorization",
    "X-Auth",
    "X-API-Key",
    "X-Signature",
    "X-Time",
    "X-Nonce",
    "RA-USER",
    "X-Tenant-Id",
    "Cookie",
)


@kind
def large_heads(chance: Random) -> bytes:
    return message("GET", chance.choice([call.path for call in CALLS.values()]), fields=chance.choice(LARGE))


@kind
def media_types_and_charsets(chance: Random) -> bytes:
    return submission(chance, media=chance.choice(MEDIA))


@kind
def heads_that_are_no_text(chance: Random) -> bytes:
    some = chance.choice(UNREADABLE)
    name = chance.choice(
        (b"X", b"X-Mock-Sandbox", b"Authorization", b"Content-Type", b"Cookie", b"Host", b"Prefer", b"Origin")
    )
    if chance.random() < 0.3:
        return b"GET /jobs/%b?limit=%b HTTP/1.1\r\nHost: a\r\n\r\n" % (some, some)
    return submission(chance).replace(b"\r\n\r\n", b"\r\n%b: %b\r\n\r\n" % (name, some), 1)


@kind
def preferences(chance: Random) -> bytes:
    return submission(chance, fields=(("Prefer", chance.choice(WISHES)),))


@kind
def wrong_credentials(chance: Random) -> bytes:
    call = CALLS[chance.choice(list(CALLS))]
    sent = tuple((name, chance.choice(TOKENS)) for name in chance.sample(SENDERS, chance.randint(1, 4)))
    return message(
        chance.choice(("GET", "POST")), call.path, json.dumps(call.body).encode(), fields=(*sent, JSON, place(chance))
    )


@kind
def foreign_origins(chance: Random) -> bytes:
    origin = chance.choice(
        (
            "null",
            "http://evil",
            "http://127.0.0.1",
            "http://localhost:1",
            "x" * 5000,
            "é",
            "http://[",
            "http://127.0.0.1.nip.io",
        )
    )
    asked = (
        ("Access-Control-Request-Method", chance.choice(("POST", "x", "é"))),
        ("Access-Control-Request-Headers", "a," * chance.choice((1, 5000))),
    )
    path = chance.choice([*(call.path for call in CALLS.values()), "/_mock/reset"])
    return message(chance.choice(("OPTIONS", "GET")), path, fields=(("Origin", origin), *asked))
