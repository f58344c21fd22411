"""No answer leads anywhere but to the mock: every operation of every API, its errors and its document's examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import specs
from mockserver.http.pages.example_call import first_call
from specs import Operation, Spec
from specs.document import resolve
from tests.conftest import Bench

ADDRESS = re.compile(r"https?:\\?/\\?/[^\s\"'<>\\]+", re.IGNORECASE)
HEADERS = {"Authorization": "token", "Content-Type": "application/json"}
ENDS = re.compile("abort|cancel|stop|delete", re.IGNORECASE)


def outside(answer: httpx.Response, own: str, sent: str) -> list[str]:
    """The addresses in an answer that lead to a host that is neither the mock, nor nobody's, nor the
    client's own word.
    """
    told = answer.text + "\n".join(answer.headers.values())
    found = [address for address in ADDRESS.findall(told) if address not in sent]
    hosts = [urlsplit(address.replace("\\", "")) for address in found]
    return [
        address
        for address, host in zip(found, hosts, strict=True)
        if host.netloc != own and not (host.hostname or "").endswith(".invalid")
    ]


def bodies(spec: Spec, operation: Operation) -> list[Any]:
    content = (
        resolve(spec.document, operation.node.get("requestBody", {})).get("content", {}).get("application/json", {})
    )
    return [resolve(spec.document, example)["value"] for example in content.get("examples", {}).values()]


def paths(spec: Spec, operation: Operation, ids: list[str]) -> Iterator[str]:
    """The operation's path for each job, or its only one; ids that are no job's are asked for too."""
    path = spec.base_path + operation.path
    names = re.findall(r"{(.*?)}", path)
    for key in [*ids, "nobody"] if names else [""]:
        yield path.format_map(dict.fromkeys(names, key))


def submit(bench: Bench, spec: Spec) -> None:
    """Make a job of each example of the document."""
    made = first_call(spec)
    assert spec.lifecycle is not None
    for body in bodies(spec, spec.operations[spec.lifecycle.roles["submit"].operation]):
        bench.request(made.method, made.path, json=body, headers=HEADERS | dict(made.headers)).raise_for_status()


def jobs(bench: Bench, spec: Spec) -> list[str]:
    return [one["job"].rpartition("/")[2] for one in bench.get("/_mock/jobs").json()["jobs"] if one["api"] == spec.name]


def call(bench: Bench, spec: Spec, operation: Operation, sent: str) -> tuple[int, list[str]]:
    """How often an operation was called, with every body and for every job there is, and the outside addresses of its
    answers.
    """
    found, count, method = [], 0, operation.method.upper()
    for path in paths(spec, operation, jobs(bench, spec)[:6]):
        for body in [None] if method == "GET" else [*bodies(spec, operation), {}]:
            content = None if body is None else json.dumps(body)
            answer = bench.request(method, path, content=content, headers=HEADERS)
            found += outside(answer, urlsplit(bench.url).netloc, sent + (content or ""))
            count += 1
    return count, found


@pytest.mark.parametrize("api", specs.names())
def test_no_answer_of_a_jobs_life_leads_outside(api: str, bench: Bench) -> None:
    spec = specs.load(api)
    submit(bench, spec)
    sent = json.dumps([bodies(spec, operation) for operation in spec.operations.values()])
    found, asked = [], 0
    operations = [one for one in spec.operations.values() if "events" not in one.path]  # an endless stream
    reads = [one for one in operations if one.method.upper() == "GET"]
    ends = [one for one in operations if ENDS.search(one.id) or one.method.upper() == "DELETE"]
    changes = [one for one in operations if one not in reads and one not in ends]

    for stage, seconds in (
        (changes, 0),
        (reads, 0),
        (reads, 4),
        (reads, 30),
        (reads, 3600),
        (changes, 0),
        (ends, 0),
        (reads, 0),
    ):
        bench.advance(seconds)
        for operation in stage:
            count, addresses = call(bench, spec, operation, sent)
            found, asked = found + addresses, asked + count

    assert asked > 10
    assert found == []


@pytest.mark.parametrize("api", specs.names())
def test_no_example_and_no_error_leads_outside(api: str, bench: Bench) -> None:
    spec = specs.load(api)
    own = urlsplit(bench.url).netloc
    found, statuses = [], set()
    for operation in spec.operations.values():
        path = next(paths(spec, operation, []))
        declared = [code for code in operation.node["responses"] if code.isdigit()]
        for code in dict.fromkeys([*declared, "400", "404", "418", "429", "500", "502", "503"]):
            answer = bench.request(
                operation.method.upper(), path, headers=HEADERS | {"Prefer": f"code={code}"}, content="{}"
            )
            statuses.add(answer.status_code)
            found += outside(answer, own, "{}")
    for path in (f"{spec.base_path}/nowhere", "/nowhere", "/v1/nowhere"):
        found += outside(bench.get(path), own, "")

    assert {429, 500, 503} <= statuses
    assert found == []


@pytest.mark.parametrize("api", specs.names())
def test_no_example_of_an_answer_in_a_document_leads_outside(api: str) -> None:
    document = specs.load(api).document

    told = json.dumps([operation.node["responses"] for operation in specs.load(api).operations.values()])
    told += json.dumps({kind: document["components"].get(kind) for kind in ("responses", "schemas", "headers")})

    assert [one for one in ADDRESS.findall(told) if not (urlsplit(one).hostname or "").endswith(".invalid")] == []


def test_an_address_of_somebody_else_would_be_found() -> None:
    told = {
        "link": "https://storage.example.com/a.zip",
        "own": "http://127.0.0.1:4080/a",
        "hook": "http://client/x",
        "node": "http://a.invalid/",
    }
    answer = httpx.Response(200, json=told)

    assert outside(answer, "127.0.0.1:4080", "http://client/x") == ["https://storage.example.com/a.zip"]
