"""Requests whose frame is wrong or odd: lengths, codings, request lines, offers, several at once, changed bytes."""

from __future__ import annotations

from random import Random

from tests.hostile.making import CALLS, kind, message, submission

LENGTHS = (
    "Content-Length: 3\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 3",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: gzip, chunked",
    "Content-Length: +3",
    "Content-Length: -1",
    "Content-Length: 3, 3",
    "Content-Length: 32, 32",
    "Content-Length: 99999999999999999999",
    "Content-Length: 0x3",
    "Content-Length : 3",
    "Content-Length: 3\r\nContent-Length: 4",
    "Content-Length: 9223372036854775808",
    "X: a\r\n folded",
    "X: \x00",
    "X: \x1b[31m",
    "Transfer-Encoding: chunked, identity",
)
TAILS = (
    "abc",
    "3\r\nabc\r\n0\r\n\r\n",
    "ffffffffffffffff\r\n",
    "fffffffffffffffff\r\n",
    "zz\r\n",
    "3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    "1\r\na\r\n" * 500 + "0\r\n\r\n",
    "-1\r\n",
    "3\nabc\n0\n\n",
)
LINES = (
    "GET /jobs HTTP/2.0",
    "GET /jobs HTTP/9.9",
    "GET /jobs HTTP/0.9",
    "GET /jobs HTTP/1.0",
    "GET /jobs",
    "PRI * HTTP/2.0",
    "CONNECT a:1 HTTP/1.1",
    "TRACE /jobs HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "get /jobs HTTP/1.1",
    "G" * 10_000 + " / HTTP/1.1",
    "GET //jobs HTTP/1.1",
    "GET /jobs\x00 HTTP/1.1",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET  /jobs  HTTP/1.1",
    "GET\t/jobs HTTP/1.1",
    "",
)
ENDS = (
    b"\r\nHost: a\r\n\r\n",
    b"\r\n\r\n",
    b"\n\n",
    b"\r\nHost: a\r\nHost: b\r\n\r\n",
    b"\r\nHost:\r\n\r\n",
    b"\rHost: a\r\r",
)
OFFERS = (
    ("h2c", "HTTP2-Settings"),
    ("websocket", "Sec-WebSocket-Key"),
    ("TLS/1.2", "X"),
    ("x" * 500, "X"),
    ("h2c, websocket", "HTTP2-Settings"),
)


@kind
def framing(chance: Random) -> bytes:
    path = chance.choice([call.path for call in CALLS.values()])
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{chance.choice(LENGTHS)}\r\n\r\n"
    return (head + chance.choice(TAILS)).encode()


@kind
def request_lines(chance: Random) -> bytes:
    return chance.choice(LINES).encode("latin-1") + chance.choice(ENDS)


@kind
def absolute_targets(chance: Random) -> bytes:
    root = chance.choice(
        (
            "http://evil",
            "http://127.0.0.1",
            "https://a:b@c:1",
            "ftp://x",
            "HTTP://[::1]:99999",
            "http://",
            "//evil",
            "*",
        )
    )
    path = chance.choice(
        [*(call.path for call in CALLS.values()), "", "/_mock/reset", "/_mock/health", "/sandbox/s1/jobs"]
    )
    return message(chance.choice(("GET", "POST", "OPTIONS", "CONNECT")), root + path)


@kind
def trailers(chance: Random) -> bytes:
    head = message(
        "POST", "/jobs", fields=(("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")), length=False
    )
    return head + b"2\r\n{}\r\n0\r\n" + b"X: yyyyyyyy\r\n" * chance.choice((1, 150, 8000)) + b"\r\n"


@kind
def upgrades(chance: Random) -> bytes:
    offer, name = chance.choice(OFFERS)
    return submission(
        chance, fields=(("Connection", f"Upgrade, {name}"), ("Upgrade", offer), (name, "AAMAAABkAAQAAP__"))
    )


@kind
def websockets(chance: Random) -> bytes:
    path = chance.choice(("/", "/jobs", "/_mock/events", "/v1/jobs"))
    fields = (
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", chance.choice(("13", "99", ""))),
    )
    return (
        message("GET", path, fields=(*fields, ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")))
        + b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    )


@kind
def expectations(chance: Random) -> bytes:
    return submission(
        chance, fields=(("Expect", chance.choice(("100-continue", "100-CONTINUE", "200-ok", "", "x" * 300))),)
    )


@kind
def pipelines(chance: Random) -> bytes:
    sent = [submission(chance) for _ in range(chance.randint(2, 6))]
    if chance.random() < 0.5:
        sent.insert(
            chance.randrange(len(sent)), chance.choice((request_lines, framing, expectations, upgrades))(chance)
        )
    return b"".join(sent)


@kind
def bytes_changed_in_a_request(chance: Random) -> bytes:
    sent = bytearray(submission(chance))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(sent))
        how = chance.random()
        if how < 0.6:
            sent[at] = chance.randrange(256)
        elif how < 0.8:
            del sent[at : at + chance.randint(1, 20)]
        else:
            sent[at:at] = chance.randbytes(chance.randint(1, 20))
        if not sent:
            break
    return bytes(sent)


@kind
def noise(chance: Random) -> bytes:
    return chance.randbytes(chance.randint(1, 5000)) + chance.choice((b"", b"\r\n\r\n"))
