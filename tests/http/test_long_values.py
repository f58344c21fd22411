"""No answer grows with what a client writes: a refusal stays short, and what is taken is not repeated many times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

import specs
from mockserver.http.pages.example_call import first_call
from mockserver.http.server import serving
from specs import Operation, Spec
from specs.document import resolve

LONG = 500_000
MOST_REFUSED = 64 * 1024
MOST_TAKEN = 3
"""How many times its request an answer may be that takes it."""

Place = tuple[str | int, ...]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The root of a lenient server whose time stands."""
    with serving(pace="manual", most_bytes=64 * 1024**3) as served:
        yield served


def bodies(spec: Spec, operation: Operation) -> list[Any]:
    """The document's examples of a request, and one value with every member that its schema names."""
    medium = resolve(spec.document, operation.node["requestBody"])["content"]["application/json"]
    examples = [resolve(spec.document, one)["value"] for one in medium.get("examples", {}).values()]
    return [*examples, everything(spec, medium["schema"], examples[-1] if examples else {})]


def everything(spec: Spec, schema: Any, known: Any) -> Any:
    """A value with every member of a schema; what an example has stays as it is."""
    node = resolve(spec.document, schema)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in node.get(keyword, ()):
            known = everything(spec, branch, known)
    if isinstance(known, dict):
        found = {name: everything(spec, one, known.get(name)) for name, one in node.get("properties", {}).items()}
        return {**known, **{name: one for name, one in found.items() if one is not None}}
    if known is None:
        names = node.get("properties", {})
        return everything(spec, schema, {}) if names else "text"
    return known


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where a value holds texts, numbers and the like."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*at, key))
    if not isinstance(value, dict | list):
        yield at


def objects(value: Any, at: Place = ()) -> Iterator[Place]:
    """Where a value holds objects."""
    if isinstance(value, dict):
        yield at
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from objects(child, (*at, key))


def with_value(value: Any, place: Place, change: Callable[[Any], Any]) -> Any:
    """A copy in which what is at a place is changed."""
    if not place:
        return change(value)
    copy = value.copy()
    copy[place[0]] = with_value(copy[place[0]], place[1:], change)
    return copy


def long_bodies(spec: Spec, operation: Operation) -> Iterator[tuple[str, Any]]:
    """Bodies with one very long text: in place of a value, as a new key, and in place of a key."""
    text = "app-" + "x" * LONG
    for number, body in enumerate(bodies(spec, operation)):
        for place in places(body):
            yield f"{number} value {place}", with_value(body, place, lambda _: text)
        for place in objects(body):
            yield f"{number} key in {place}", with_value(body, place, lambda node: {**node, text: "x"})
            yield (
                f"{number} keys of {place}",
                with_value(body, place, lambda node: dict.fromkeys([text], *list(node.values())[:1])),
            )


def is_small(answer: httpx.Response, sent: int) -> bool:
    head = sum(len(name) + len(value) for name, value in answer.headers.raw)
    most = MOST_REFUSED if answer.status_code >= 400 else max(MOST_TAKEN * sent, MOST_REFUSED)
    is_ours = answer.text != "Internal Server Error"  # uvicorn's
    return is_ours and len(answer.content) <= most and head <= MOST_REFUSED


def large_answers(client: httpx.Client, calls: Iterator[tuple[str, httpx.Request]]) -> list[tuple[str, int, int]]:
    """Name, status and length of the answers that are too long."""
    wrong = []
    for name, request in calls:
        sent = len(request.content) + len(request.url.raw_path)
        answer = client.send(request)
        if not is_small(answer, sent):
            wrong.append((name, answer.status_code, len(answer.content)))
    return wrong


def filled(spec: Spec, operation: Operation, client: httpx.Client) -> str:
    """The operation's path; what it names in braces is a new job."""
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    if not names or spec.name == specs.CONTROL:
        return spec.base_path + operation.path.replace("{", "").replace("}", "")
    call = first_call(spec)
    made = client.post(call.path, json=call.body).json()
    made = made.get("job", made)
    job = made.get("id") or made.get("job_id") or made.get("submission_id") or made.get("uuid")
    return spec.base_path + operation.path.format_map(dict.fromkeys(names, job))


def body_calls(spec: Spec, client: httpx.Client) -> Iterator[tuple[str, httpx.Request]]:
    """Calls of each operation that takes a body, with one very long text in it; jobs of earlier ones are gone."""
    for operation in spec.operations.values():
        if "requestBody" in operation.node:
            client.post("/_mock/reset")
            path = filled(spec, operation, client)
            for name, body in long_bodies(spec, operation):
                yield f"{operation.id} {name}", client.build_request(operation.method, path, json=body)


def long_parameter(client: httpx.Client, calls: tuple[str, str, str], node: Any, text: str) -> httpx.Request:
    """A call (method, path with braces, path) in which one parameter is a very long text."""
    method, template, path = calls
    if node["in"] == "path":
        long = template.replace(f"{{{node['name']}}}", text)
        return client.build_request(method, long.replace("{", "").replace("}", ""))
    if node["in"] == "query":
        return client.build_request(method, path, params={node["name"]: text})
    return client.build_request(method, path, headers={node["name"].encode(): text.encode()})


def head_calls(spec: Spec, client: httpx.Client, text: str) -> Iterator[tuple[str, httpx.Request]]:
    """Calls of each operation with one very long parameter."""
    client.post("/_mock/reset")
    for operation in spec.operations.values():
        if operation.id in ("Customer_Events", "mock_watch"):  # they do not end
            continue
        if operation.id == "mock_metrics":  # grows with the kinds of answers so far, not with what is sent
            continue
        path = filled(spec, operation, client)
        for one in operation.parameters:
            calls = operation.method, spec.base_path + operation.path, path
            yield f"{operation.id} {one['in']} {one['name']}", long_parameter(client, calls, one, text)
        yield f"{operation.id} query", client.build_request(operation.method, path, params={text: "x"})
        for field in (b"X-Mock-Sandbox", b"X-Correlation-Id", b"Authorization", b"X-API-Key", b"X-Auth"):
            request = client.build_request(operation.method, path, headers={field: text.encode()})
            yield f"{operation.id} {field.decode()}", request
    yield "no operation", client.build_request("GET", f"/{text}")


@pytest.fixture(params=[*specs.names(), specs.CONTROL])
def client(request: pytest.FixtureRequest, url: str) -> Iterator[tuple[Spec, httpx.Client]]:
    """An API and a client of it."""
    spec = specs.load(request.param)
    headers = {} if spec.name == specs.CONTROL else dict(first_call(spec).headers)
    with httpx.Client(base_url=f"{url}/sandbox/{spec.name}", headers=headers, timeout=30) as client:
        for sandbox in client.get("/_mock/sandboxes").json()["sandboxes"]:  # those that tests before have made
            if sandbox["name"] not in ("default", spec.name):
                client.delete(f"/_mock/sandboxes/{sandbox['name']}")
        yield spec, client


def test_a_very_long_text_anywhere_in_a_body_makes_no_long_answer(client: tuple[Spec, httpx.Client]) -> None:
    spec, calls = client

    assert large_answers(calls, body_calls(spec, calls)) == []


@pytest.mark.parametrize("text", ["x" * 40_000, "%22" * 10_000, "ä" * 5000], ids=["plain", "quoted", "wide"])
def test_a_very_long_parameter_makes_no_long_answer(text: str, client: tuple[Spec, httpx.Client]) -> None:
    spec, calls = client

    assert large_answers(calls, head_calls(spec, calls, text)) == []
