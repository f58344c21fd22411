"""Requests for odd paths, parameters and sandboxes, and jobs that want odd addresses called."""

from __future__ import annotations

import json
from random import Random
from urllib.parse import quote

from tests.hostile.kinds.bodies import TEXTS
from tests.hostile.making import CALLS, kind, message, submission

LISTS = ("/jobs", "/v1/jobs", "/v1/customer/jobs", "/api/jobs/", "/api/jobs", "/_mock/jobs", "/_mock/exchanges")
METHODS = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS")
QUERIES = (
    "&".join(f"a{number}=1" for number in range(10_000)),
    "limit=" + "9" * 5000,
    "limit=1&limit=2",
    "limit=%B9",
    "%ff=%fe",
    "limit=1%0a",
    "limit=\u0661",
    "offset=-1&limit=1e9",
    "status=" + "a," * 5000,
    "limit=" + str(2**64),
    "limit=-" + "9" * 400,
    "offset=" + "9" * 19,
    "limit=1e999",
    "limit=0x10",
    "&" * 5000,
    "=&=&=",
    "a[b][c]=d",
    "limit[]=1",
    "limit=" + "%20" * 3000,
    "token=" + "a.b.c" * 500,
    "order=" + "x" * 9000,
    "limit=%00",
    "?" * 500,
)
PATHS = (
    "/_mock/ui/" + "a" * 300,
    "/_mock/ui/xio/" + "a" * 300,
    "/_mock/ui/..%2f..%2fetc/passwd",
    "/_mock/spec/../../x",
    "/_mock/spec/%2e%2e/x.json",
    "/jobs/" + "%2e%2e/" * 20,
    "/" + "a/" * 30_000,
    "/jobs/%00",
    "/jobs/%ff",
    "/v1/jobs/" + "x" * 5000,
    "/" + quote("😀" * 100),
    "/jobs/a;b=c",
    "/%6aobs",
    "/jobs/\\..\\x",
    "/v1/customer/jobs/%0d%0aX:y",
    "/api/jobs/%",
    "/api/job/%zz",
    "/" + "x" * 66_000,
    "/%5fmock/reset",
    "/sandbox",
    "/sandbox/",
)
NAMES = (
    "",
    "a/b",
    "a%2fb",
    "%0aX",
    "..",
    ".",
    "é",
    "a" * 65,
    "a" * 5000,
    "a b",
    "-",
    "%00",
    "s1",
    "😀",
    "%1b[31m",
    "S1",
    "s1/",
    "default",
    "_mock",
)
CALLED = (
    "http://169.254.169.254/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://[::1]:1/",
    "http://2130706433:1/",
    "http://0x7f.1:1/",
    "http://0177.0.0.1:1/",
    "http://u:p@127.0.0.1:1/",
    "http://127.0.0.1:1\\@evil/",
    "file:///etc/passwd",
    "http://[::ffff:10.0.0.1]/",
    "//host/x",
    "http://a\r\nb/",
    "gopher://x",
    "http://" + "a" * 3000,
    "http://0.0.0.0:1/",
    "http://127.1:1/",
    "http://①②⑦.0.0.1/",
    "http://[fe80::1%25lo]/",
    "http://metadata.invalid/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:1/_mock/reset",
    "javascript:x",
    "http://[",
    "http://localhost:1/",
    "HTTP://127.0.0.1:1",
)


@kind
def queries(chance: Random) -> bytes:
    return message("GET", chance.choice(LISTS) + "?" + chance.choice(QUERIES), fields=(("X-API-Key", "mock-api-key"),))


@kind
def paths(chance: Random) -> bytes:
    return message(chance.choice(METHODS), chance.choice(PATHS))


@kind
def sandbox_names(chance: Random) -> bytes:
    name = chance.choice(NAMES)
    path = chance.choice([*(call.path for call in CALLS.values()), "/_mock/health", "/_mock/jobs", ""])
    if chance.random() < 0.5:
        return message("GET", f"/sandbox/{quote(name, safe='%/')}{path}")
    return message(
        "GET",
        path or "/",
        fields=(("X-Mock-Sandbox", name), *([("X-Mock-Sandbox", "s2")] if chance.random() < 0.3 else [])),
    )


@kind
def addresses_to_call(chance: Random) -> bytes:
    body = dict(CALLS["ionworks"].body, callback_url=chance.choice(CALLED))
    return submission(chance, json.dumps(body).encode(), api="ionworks")


@kind
def reads_of_a_job(chance: Random) -> bytes:
    name = quote(chance.choice((*TEXTS, "aaaa" * 9 + "!")), errors="replace")
    path = chance.choice(("/jobs/", "/v1/jobs/", "/v1/customer/jobs/", "/api/jobs/", "/_mock/jobs/"))
    return message(chance.choice(METHODS), path + name + chance.choice(("", "/cancel", "/logs", "/stop", "/runs")))
