"""Requests to the control API: bodies with something wrong, patterns that explode, reads of all that is kept."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import specs
from specs.document import resolve
from tests.hostile.kinds.bodies import NUMBERS, TEXTS
from tests.hostile.making import kind, message, mutated, ordered, place

VALUES = {"name": "s3", "api": "ionworks", "job_id": "none", "node": "n", "id": "1"}
"""What stands in the paths of the control API."""

PATTERNS = (
    {"path_regex": "^/jobs/(a+)+$"},
    {"path_regex": "(" * 300},
    {"path_regex": "a{1000}{1000}"},
    {"path_regex": "(a|a)*b"},
    {"path_regex": "(?=a)" * 90},
    {"path_regex": "(.*)*(.*)*(.*)*x"},
    {"path_regex": "[" * 500},
    {"path_regex": "\\p{L}{500}" * 40},
    {"path": "/" + "*" * 400},
    {"path": "/**/" * 100},
    {"json_path": "$..*..*..*"},
    {"json_path": "$" + "[?@.a==1]" * 5},
    {"json_path": "$" + "..[0,1,2,3]" * 8},
    {"json_path": "$[?search(@.a,'(a+)+$')]"},
    {"json_path": "$" + "[*]" * 100},
    {"json_path": "$[" + "0," * 200 + "0]"},
    {"json_path": "$[?" + "(" * 200},
)
PAGES = (
    "/",
    "/_mock/spec/ionworks.json",
    "/_mock/spec/control.json",
    "/_mock/ui/xio/",
    "/_mock/ui/control/",
    "/favicon.ico",
)
MOMENTS = ("x1e9", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 1e308, 1e-308, 10**18, -(10**18), 10**9, 65_537)


@cache
def _calls() -> list[tuple[str, str, Any]]:
    """Method, path and an example's body of every operation of the control API that takes one and is no kind of its
    own.
    """
    control = specs.load(specs.CONTROL)
    calls = []
    for operation in control.operations.values():
        content = (
            resolve(control.document, operation.node.get("requestBody", {}))
            .get("content", {})
            .get("application/json", {})
        )
        examples = [resolve(control.document, one)["value"] for one in content.get("examples", {}).values()]
        path = control.base_path + operation.path.format_map(VALUES)
        if content and operation.id != "mock_restore":
            calls.extend((operation.method.upper(), path, example) for example in [*examples, {}])
    return calls


@cache
def _reads() -> list[str]:
    control = specs.load(specs.CONTROL)
    reads = [one for one in control.operations.values() if one.method == "GET" and one.id != "mock_watch"]
    return [control.base_path + one.path.format_map(VALUES) + query for one in reads for query in ("", "?limit=1000")]


@kind
def control_bodies(chance: Random) -> bytes:
    method, path, body = chance.choice(_calls())
    return ordered(chance, path, mutated(chance, body, (*NUMBERS, *TEXTS)), method=method)


@kind
def control_numbers_and_moments(chance: Random) -> bytes:
    method, path, body = chance.choice(_calls())
    return ordered(chance, path, mutated(chance, body, MOMENTS), method=method)


@kind
def catastrophic_patterns(chance: Random) -> bytes:
    return ordered(chance, "/_mock/rules", {"match": chance.choice(PATTERNS), "answer": {"status": 429}, "times": 1000})


@kind
def requests_that_patterns_look_at(chance: Random) -> bytes:
    sandbox = ("X-Mock-Sandbox", "s3")
    if chance.random() < 0.5:
        return message("GET", "/jobs/" + "a" * chance.choice((26, 5000, 60_000)) + "!", fields=(sandbox,))
    value = (
        b"[" * 50 + b"]" * 50
        if chance.random() < 0.5
        else b"[" + b'{"a":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"},' * 3000 + b"0]"
    )
    body = b'{"job_type":"dummy","params":{"k":' + value + b"}}"
    return message("POST", "/jobs", body, fields=(sandbox, ("Content-Type", "application/json")))


@kind
def control_reads(chance: Random) -> bytes:
    return message("GET", chance.choice([*_reads(), *PAGES]), fields=(place(chance),))
