"""Kinds of hostile requests: each is a function of chance that gives the bytes of one connection's next turn."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from random import Random
from urllib.parse import quote

import specs
from mockserver.http.pages.example_call import FirstCall, first_call

Kind = Callable[[Random], bytes]
KINDS: dict[str, Kind] = {}
HEAVY: set[str] = set()
"""Kinds whose requests are megabytes: they come seldom, and each is measured alone."""

CALLS: list[FirstCall] = [first_call(specs.load(name)) for name in specs.names()]
PLACES = ("default", "s1", "s2", "s3")
"""Sandboxes that are asked for; there are few, so that what is kept stays bounded."""

NUMBERS = (0, -1, 2**31, 2**53 + 1, 2**63, 2**64, 10**299, 1e308, -1e-308, 0.1, 10**301)
TEXTS = ("", "\x00", "é", "😀" * 50, "a" * 5000, "../../etc/passwd", "\r\nX: y", "${jndi:x}", "<script>", "\u2028", "null", "-1")
URLS = (
    "http://169.254.169.254/", "http://10.0.0.1/", "http://[::1]:1/", "http://2130706433/", "http://0x7f.1/", "http://u:p@127.0.0.1:1/",
    "http://127.0.0.1:1\\@evil/", "file:///etc/passwd", "http://[::ffff:10.0.0.1]/", "//host/x", "http://a\r\nb/", "http://" + "a" * 3000,
)
CONTROL = (
    ("POST", "/_mock/clock/advance", {"seconds": 1}),
    ("POST", "/_mock/sandboxes", {"name": "s3", "seed": 1, "scenario": "default", "pace": "x100"}),
    ("POST", "/_mock/rules", {"match": {"path_regex": "^/jobs"}, "answer": {"status": 429, "body": {}}, "times": 1}),
    ("POST", "/_mock/faults", {"kind": "status", "status": 429, "count": 1, "ttl": 1, "scope": {"api": "xio"}}),
    ("POST", "/_mock/nodes", {"name": "n", "cpu": 1, "memory_gib": 1, "labels": ["a"]}),
    ("POST", "/_mock/restore", {"snapshot": "AAAA"}),
)


def kind(function: Kind) -> Kind:
    """File a kind under its name."""
    KINDS[function.__name__.replace("_", " ")] = function
    return function


def heavy(function: Kind) -> Kind:
    """File a kind whose requests are large."""
    HEAVY.add(function.__name__.replace("_", " "))
    return kind(function)


def message(
    method: str, path: str, body: bytes = b"", *, fields: tuple[tuple[str, str], ...] = (), length: bool = True, version: str = "1.1"
) -> bytes:
    """A request as bytes; its fields may be anything."""
    lines = [f"{method} {path} HTTP/{version}", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in fields)]
    if length and (body or method not in ("GET", "HEAD")):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def submission(
    chance: Random, body: bytes | None = None, *, fields: tuple[tuple[str, str], ...] = (), media: str = "application/json"
) -> bytes:
    """A submission to one of the APIs in one of the sandboxes, with another body."""
    call = chance.choice(CALLS)
    sent = json.dumps(call.body).encode() if body is None else body
    return message(call.method, call.path, sent, fields=(*_headers(call), _place(chance), ("Content-Type", media), *fields))


def _headers(call: FirstCall) -> tuple[tuple[str, str], ...]:
    """The call's header fields; Ionworks' have the key that strict servers take."""
    return (("X-API-Key", "mock-api-key"),) if call.path.startswith("/jobs") else call.headers


def _place(chance: Random) -> tuple[str, str]:
    return "X-Mock-Sandbox", chance.choice(PLACES)


def mutated(chance: Random, value: object) -> object:
    """A JSON value with something wrong in it, somewhere."""
    if isinstance(value, dict) and value and chance.random() < 0.8:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: mutated(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.8:
        return [*value[1:], mutated(chance, value[0])]
    wrong = (chance.choice(NUMBERS), chance.choice(TEXTS), chance.choice(URLS), None, True, [], {}, [1] * 60, {"a": {"b": [value]}})
    return chance.choice(wrong)


@kind
def a_right_submission(chance: Random) -> bytes:
    return submission(chance)


@kind
def a_mutated_body(chance: Random) -> bytes:
    return submission(chance, json.dumps(mutated(chance, chance.choice(CALLS).body)).encode())


@kind
def bytes_changed_in_a_request(chance: Random) -> bytes:
    sent = bytearray(submission(chance))
    for _ in range(chance.randint(1, 6)):
        sent[chance.randrange(len(sent))] = chance.randrange(256)
    return bytes(sent)


@kind
def framing(chance: Random) -> bytes:
    told = (
        "Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked", "Transfer-Encoding: gzip, chunked", "Content-Length: +3",
        "Content-Length: -1", "Content-Length: 3, 3", "Content-Length: 99999999999999999999", "Content-Length: 0x3", "Content-Length : 3",
        "Content-Length: 3\r\nContent-Length: 4", "X: a\r\n folded", "X: \x00", "Transfer-Encoding: chunked, identity", "Content-Length: 9223372036854775808",
    )
    tail = chance.choice(("abc", "3\r\nabc\r\n0\r\n\r\n", "ffffffffffffffff\r\n", "zz\r\n", "3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n"))
    return f"POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{chance.choice(told)}\r\n\r\n{tail}".encode()


@kind
def request_lines(chance: Random) -> bytes:
    lines = (
        "GET /jobs HTTP/2.0", "GET /jobs HTTP/9.9", "GET /jobs", "PRI * HTTP/2.0", "CONNECT a:1 HTTP/1.1", "TRACE /jobs HTTP/1.1", "OPTIONS * HTTP/1.1",
        "get /jobs HTTP/1.1", "G" * 10_000 + " / HTTP/1.1", "GET http://evil/jobs HTTP/1.1", "GET //jobs HTTP/1.1", "GET /jobs\x00 HTTP/1.1", "\x16\x03\x01",
        "GET /\xff\xfe HTTP/1.1", "POST http://127.0.0.1/v1/jobs HTTP/1.1",
    )
    return chance.choice(lines).encode("latin-1") + chance.choice((b"\r\nHost: a\r\n\r\n", b"\r\n\r\n", b"\n\n", b"\r\nHost: a\r\nHost: b\r\n\r\n"))


@kind
def large_heads(chance: Random) -> bytes:
    fields = chance.choice(((("X", "a" * 70_000),), (("X", "a"),) * 300, tuple((f"X{n}", "b") for n in range(250)), (("Cookie", "a=b"),) * 150))
    return message("GET", "/jobs", fields=fields)


@kind
def trailers(chance: Random) -> bytes:
    head = message("POST", "/jobs", fields=(("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")), length=False)
    return head + b"2\r\n{}\r\n0\r\n" + b"X: yyyyyyyy\r\n" * chance.choice((1, 150, 8000)) + b"\r\n"


@kind
def long_queries(chance: Random) -> bytes:
    queries = (
        "&".join(f"a{n}=1" for n in range(5000)), "limit=" + "9" * 5000, "limit=1&limit=2", "limit=%B9", "%ff=%fe", "limit=1%0a", "offset=-1&limit=1e9",
        "status=" + "a," * 5000, "limit=" + str(2**64), "&" * 5000,
    )
    return message("GET", chance.choice(("/jobs", "/v1/jobs", "/v1/customer/jobs", "/api/jobs/", "/_mock/jobs")) + "?" + chance.choice(queries))


@kind
def paths(chance: Random) -> bytes:
    some = (
        "/_mock/ui/" + "a" * 300, "/_mock/ui/..%2f..%2fetc/passwd", "/_mock/spec/../../x", "/jobs/" + "%2e%2e/" * 20, "/" + "a/" * 3000, "/jobs/%00",
        "/jobs/%ff", "/v1/jobs/" + "x" * 5000, "/" + quote("😀" * 100), "/jobs/a;b=c", "/%6aobs", "/jobs/\\..\\x", "/v1/customer/jobs/%0d%0aX:y",
    )
    return message(chance.choice(("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS")), chance.choice(some))


@kind
def sandbox_names(chance: Random) -> bytes:
    name = chance.choice(("", "a/b", "a%2fb", "%0aX", "..", "é", "a" * 65, "a b", "-", "%00", "s1", "😀"))
    if chance.random() < 0.5:
        return message("GET", f"/sandbox/{quote(name, safe='%')}/jobs")
    return message("GET", "/jobs", fields=(("X-Mock-Sandbox", name), *([("X-Mock-Sandbox", "s2")] if chance.random() < 0.3 else [])))


@kind
def media_types_and_charsets(chance: Random) -> bytes:
    types = ("application/json; charset=utf-16", "text/plain", "application/json; charset=\x7f", "a" * 3000, "", "APPLICATION/JSON", "multipart/form-data")
    return submission(chance, media=chance.choice(types))


@kind
def bodies_that_are_no_json(chance: Random) -> bytes:
    some = (
        b"{", b"\xff\xfe{}", b"\xef\xbb\xbf{}", b'{"a":NaN}', b"1e999", b'{"a":"\xc3"}', b'"\\ud800"', b"[" * 5000, b"[" * 99 + b"]" * 99, b'{"a":1,"a":2}',
        b'{"a":' * 90 + b"1" + b"}" * 90, b"9" * 400, b"null", b"[]", b"{}", b"0", b'"x"', b"\x00", b"{} {}",
    )
    return submission(chance, chance.choice(some))


@kind
def compressed_bodies(chance: Random) -> bytes:
    plain = json.dumps(chance.choice(CALLS).body).encode()
    packed = gzip.compress(plain, 1)
    some = (packed, packed[:-5], packed + b"x", packed * 2, packed * 150, gzip.compress(packed), b"", b"x", gzip.compress(b"0" * 9_000_000, 1))
    return submission(chance, chance.choice(some), fields=(("Content-Encoding", chance.choice(("gzip", "gzip, gzip", "br", "deflate", "GZIP"))),))


@kind
def upgrades(chance: Random) -> bytes:
    offer = chance.choice((("h2c", "HTTP2-Settings"), ("websocket", "Sec-WebSocket-Key"), ("x" * 500, "X")))
    return submission(chance, fields=(("Connection", f"Upgrade, {offer[1]}"), ("Upgrade", offer[0]), (offer[1], "AAMAAABkAAQAAP__")))


@kind
def expectations(chance: Random) -> bytes:
    return submission(chance, fields=(("Expect", chance.choice(("100-continue", "200-ok", "x" * 300))),))


@kind
def pipelines(chance: Random) -> bytes:
    return b"".join(submission(chance) for _ in range(chance.randint(2, 6)))


@kind
def preferences(chance: Random) -> bytes:
    told = ("code=500", "code=999", "wait=0.01", "wait=-1", "wait=1e9", "code=404, wait=0", "example=x", "=", "code=" + "9" * 400)
    return submission(chance, fields=(("Prefer", chance.choice(told)),))


@kind
def credentials(chance: Random) -> bytes:
    told = ("Bearer", "Bearer " + "a" * 5000, "Basic é", "Bearer a.b.c", "", "Digest x", "Bearer eyJhbGciOiJub25lIn0.e30.")
    name = chance.choice(("Authorization", "X-Auth", "X-API-Key", "X-API-SIGNATURE", "RA-USER"))
    return message(chance.choice(("GET", "POST")), chance.choice(CALLS).path, b"", fields=((name, chance.choice(told)),))


@kind
def control_bodies(chance: Random) -> bytes:
    method, path, body = chance.choice(CONTROL)
    return message(method, path, json.dumps(mutated(chance, body)).encode(), fields=(("X-Mock-Sandbox", "s3"), ("Content-Type", "application/json")))


@kind
def catastrophic_patterns(chance: Random) -> bytes:
    match = chance.choice(({"path_regex": "^/jobs/(a+)+$"}, {"path_regex": "(" * 300}, {"json_path": "$..*..*..*"}, {"path_regex": "a{1000}{1000}"}))
    rule = {"match": match, "answer": {"status": 429}, "times": 1}
    return message("POST", "/_mock/rules", json.dumps(rule).encode(), fields=(("X-Mock-Sandbox", "s3"), ("Content-Type", "application/json")))


@kind
def reads_of_a_job(chance: Random) -> bytes:
    return message("GET", chance.choice(("/jobs/", "/v1/jobs/", "/v1/customer/jobs/", "/api/jobs/")) + quote(chance.choice((*TEXTS, "aaaa" * 9 + "!"))))


@kind
def control_reads(chance: Random) -> bytes:
    told = ("/_mock/exchanges?limit=1000", "/_mock/har", "/_mock/metrics", "/_mock/jobs?limit=1000", "/_mock/nodes", "/_mock/sandboxes", "/", "/_mock/health")
    return message("GET", chance.choice(told), fields=(_place(chance),))


@heavy
def wrong_lists(chance: Random) -> bytes:
    many = b"[" + b"1," * 90_000 + b"1]"
    some = (
        b'{"job":{"project":"team-a","image":"i","gpu":1,"arguments":%s}}', b'{"job_type":"dummy","params":{},"metadata":%s}', b'{"entrypoint":%s}',
        b'{"entrypoint":"x","metadata":{"k":%s}}', b"%s", b'{"job":{"arguments":[%s]}}',
    )
    return submission(chance, chance.choice(some) % many)


@heavy
def wrong_maps(chance: Random) -> bytes:
    many = b"{" + b",".join(b'"k%d":1' % number for number in range(90_000)) + b"}"
    some = (b'{"entrypoint":"x","metadata":%s}', b'{"entrypoint":"x","runtime_env":{"env_vars":%s}}', b"%s", b'{"job":%s}', b'{"name":%s}')
    return submission(chance, chance.choice(some) % many)


@heavy
def too_many_values(chance: Random) -> bytes:
    piece, count = chance.choice(((b"[],", 2_600_000), (b"1,", 4_000_000), (b"{},", 2_600_000), (b'"",', 2_600_000)))
    return submission(chance, b'{"params":[' + piece * count + b"1]}")


@heavy
def long_texts(chance: Random) -> bytes:
    text = chance.choice((b"x" * 7_000_000, "é".encode() * 3_000_000, b'\\"' * 3_500_000, b"\\u0041" * 1_000_000))
    some = (b'{"job_type":"dummy","params":["%s"]}', b'{"entrypoint":"%s"}', b'{"job":{"image":"%s"}}', b'{"name":"%s"}', b'["%s', b'{"templateId":"%s"}')
    return submission(chance, chance.choice(some).replace(b"%s", text))


@heavy
def too_large(chance: Random) -> bytes:
    return submission(chance, b'"' + b"x" * 9_000_000 + b'"')
