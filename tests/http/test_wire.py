"""The wire traps, for every API: what goes wrong on the way in is answered in the vendor's own shape, with the right
status.
"""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import pytest

import specs
from mockserver.http.contract.schema import Schemas, split
from mockserver.http.limits import BODY_BYTES, BODY_DEPTH, INTEGER_DIGITS
from mockserver.http.pages.example_call import FirstCall, first_call
from tests.conftest import Bench

EVERY = specs.names()
MALFORMED = {"bytenite": 400, "ionworks": 422, "openyuanrong": 400, "runai": 400, "xio": 400}
"""What a body that is no JSON is answered: FastAPI counts it among the invalid ones."""


@pytest.fixture(params=EVERY)
def api(request: pytest.FixtureRequest) -> str:
    """Each API in turn."""
    return str(request.param)


@pytest.fixture
def call(api: str) -> FirstCall:
    """The call that submits a job."""
    return first_call(specs.load(api))


def send(
    bench: Bench, call: FirstCall, content: Any, media: str | None = "application/json", **headers: str
) -> httpx.Response:
    """Submit `content`."""
    fields = [*call.headers, *headers.items()]
    if media is not None:
        fields.append(("Content-Type", media))
    return bench.request(call.method, call.path, content=content, headers=fields)


def body_of(call: FirstCall) -> bytes:
    return json.dumps(call.body).encode()


def shaped(api: str, answer: httpx.Response) -> bool:
    """Whether an error answer has the shape that the document gives to errors."""
    spec = specs.load(api)
    validator = Schemas(spec).validator(split(spec.document["x-error-schema"]))
    return validator.is_valid(answer.json()) and answer.headers["content-type"].partition(";")[0] == "application/json"


def is_refused(api: str, answer: httpx.Response, *statuses: int) -> bool:
    """Whether a body was refused with one of these statuses, in a declared answer."""
    operation = first_operation(api)
    declared = operation.node["responses"]
    assert answer.status_code in statuses, answer.text
    return str(answer.status_code) in declared or "default" in declared


def first_operation(api: str) -> specs.Operation:
    spec = specs.load(api)
    assert spec.lifecycle is not None
    return spec.operations[spec.lifecycle.roles["submit"].operation]


def test_the_documents_own_example_is_accepted(bench: Bench, call: FirstCall) -> None:
    answer = send(bench, call, body_of(call))

    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    "media",
    [
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json; charset="UTF-8"',
        "application/json;charset=us-ascii",
    ],
)
def test_a_content_type_is_read_without_regard_to_case_and_parameters(
    bench: Bench, call: FirstCall, media: str
) -> None:
    answer = send(bench, call, body_of(call), media)

    assert answer.is_success, answer.text


def test_a_body_without_content_type_is_refused(bench: Bench, api: str, call: FirstCall) -> None:
    answer = send(bench, call, body_of(call), None)

    assert is_refused(api, answer, 415)


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense", "application/jsonp"]
)
def test_another_media_type_is_refused(bench: Bench, api: str, call: FirstCall, media: str) -> None:
    answer = send(bench, call, body_of(call), media)

    assert is_refused(api, answer, 415)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b'{"a": ' + b"1" * (INTEGER_DIGITS + 1) + b"}",
        b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"a": ' + b"[" * BODY_DEPTH + b"]" * BODY_DEPTH + b"}",
        b'{"a": "\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"{} {}",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_what_is_no_acceptable_json_is_refused(bench: Bench, api: str, call: FirstCall, content: bytes) -> None:
    answer = send(bench, call, content)

    assert is_refused(api, answer, MALFORMED[api])


def test_another_charset_is_refused(bench: Bench, api: str, call: FirstCall) -> None:
    answer = send(bench, call, json.dumps(call.body).encode("utf-16"), "application/json; charset=utf-16")

    assert is_refused(api, answer, MALFORMED[api])


def test_a_chunked_body_is_accepted(bench: Bench, call: FirstCall) -> None:
    whole = body_of(call)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(whole), 7):
            yield whole[start : start + 7]

    answer = send(bench, call, pieces())

    assert answer.request.headers["transfer-encoding"] == "chunked"
    assert answer.is_success, answer.text


def test_content_type_sent_twice_is_refused(bench: Bench, api: str, call: FirstCall) -> None:
    headers = [*call.headers, ("Content-Type", "application/json"), ("Content-Type", "application/json")]
    answer = bench.request(call.method, call.path, content=body_of(call), headers=headers)

    assert is_refused(api, answer, MALFORMED[api])


def test_a_compressed_body_is_accepted(bench: Bench, call: FirstCall) -> None:
    answer = send(bench, call, gzip.compress(body_of(call)), **{"Content-Encoding": "gzip"})

    assert answer.is_success, answer.text


def test_a_broken_compressed_body_is_refused(bench: Bench, api: str, call: FirstCall) -> None:
    whole = gzip.compress(body_of(call))

    for broken in (whole[:-5], b"not gzip", whole + whole):
        assert is_refused(api, send(bench, call, broken, **{"Content-Encoding": "gzip"}), MALFORMED[api])


def test_another_coding_is_refused(bench: Bench, api: str, call: FirstCall) -> None:
    answer = send(bench, call, body_of(call), **{"Content-Encoding": "br"})

    assert is_refused(api, answer, 415)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_beyond_the_limit_is_refused_and_the_connection_stays_sane(
    bench: Bench, api: str, call: FirstCall, *, compressed: bool
) -> None:
    content = b" " * (BODY_BYTES + 1)
    headers = {"Content-Encoding": "gzip"} if compressed else {}

    refused = send(bench, call, gzip.compress(content, 1) if compressed else content, **headers)
    after = send(bench, call, body_of(call))

    assert is_refused(api, refused, 413)
    assert after.is_success


def test_a_chunked_body_beyond_the_limit_is_refused(bench: Bench, api: str, call: FirstCall) -> None:
    answer = send(bench, call, iter([b" " * (BODY_BYTES // 8)] * 9))

    assert is_refused(api, answer, 413)


def test_of_a_key_sent_twice_the_last_value_counts(bench: Bench, api: str, call: FirstCall) -> None:
    key = next(iter(call.body))
    doubled = b'{"' + key.encode() + b'": {"not": ["what", "is", "expected"]}, ' + body_of(call)[1:]

    answer = send(bench, call, doubled)

    assert answer.is_success, answer.text


def test_a_path_that_nobody_serves_is_refused_in_the_vendors_shape(bench: Bench, api: str, call: FirstCall) -> None:
    answer = bench.get(call.path.partition("?")[0] + "/no/such/place")

    assert answer.status_code == 404
    assert shaped(api, answer)


def test_a_method_that_is_not_served_tells_all_that_are(bench: Bench, api: str) -> None:
    spec = specs.load(api)
    for path, item in spec.document["paths"].items():
        served = {method.upper() for method in item if method in ("get", "put", "post", "patch", "delete")}
        wanted = served | {"OPTIONS"} | ({"HEAD"} if "GET" in served else set())
        method = next(one for one in ("PUT", "PATCH", "DELETE", "POST", "GET") if one not in served)

        answer = bench.request(method, spec.base_path + path.replace("{", "").replace("}", ""))

        assert answer.status_code == 405, f"{method} {path}"
        assert set(answer.headers["allow"].split(", ")) == wanted
        assert shaped(api, answer)


def test_options_tells_the_methods(bench: Bench, api: str, call: FirstCall) -> None:
    answer = bench.request("OPTIONS", call.path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert {"OPTIONS", "POST"} <= set(answer.headers["allow"].split(", "))


def test_head_is_get_without_the_body(bench: Bench, api: str) -> None:
    spec = specs.load(api)
    assert spec.lifecycle is not None
    listing = first_call(spec, "list")

    got = bench.get(listing.path, headers=listing.headers)
    head = bench.request("HEAD", listing.path, headers=listing.headers)

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert (head.headers["content-type"], head.headers["content-length"]) == (
        got.headers["content-type"],
        got.headers["content-length"],
    )


def test_a_trailing_slash_is_another_path_unless_the_document_serves_both(bench: Bench, api: str) -> None:
    spec = specs.load(api)
    listing = first_call(spec, "list")
    path, _, query = listing.path.partition("?")
    item = spec.document["paths"][path.removeprefix(spec.base_path)]
    served = item.get("x-trailing-slash") == "both" or path.removeprefix(spec.base_path) + "/" in spec.document["paths"]

    answer = bench.get(f"{path}/?{query}", headers=listing.headers)

    assert answer.status_code == (200 if served else 404)


NO_WHOLE_NUMBERS = ["1_0", "\u0661\u0662", "nan", "inf", "1e2", "0x10", "", " 1", "1.5", "9" * 30, "-", "true", "\0"]


def test_a_whole_number_in_the_query_is_read_strictly(bench: Bench, api: str) -> None:
    spec = specs.load(api)
    headers = dict(first_call(spec).headers)
    lists = [one for one in spec.operations.values() if one.method == "GET" and "{" not in one.path]

    for operation in lists:
        path = spec.base_path + operation.path
        for name in [
            one["name"]
            for one in operation.parameters
            if one["in"] == "query" and one["schema"].get("type") == "integer"
        ]:
            for text in NO_WHOLE_NUMBERS:
                answer = bench.get(path, params={name: text}, headers=headers)
                assert answer.status_code in (400, 422), f"{path} {name}={text!r}: {answer.text}"
            assert bench.get(f"{path}?{name}=1&{name}=2", headers=headers).status_code in (400, 422)
            assert bench.get(f"{path}?{name}=1", headers=headers).status_code == 200


def test_a_query_that_is_no_utf_8_is_refused(bench: Bench) -> None:
    answer = bench.get("/jobs?limit=%ff")

    assert answer.status_code == 422


def test_a_path_parameter_may_hold_an_escaped_slash(bench: Bench) -> None:
    answer = bench.get("/jobs/a%2Fb")

    assert answer.status_code == 404
    assert "a/b" in answer.text


def test_an_escaped_letter_is_the_letter(bench: Bench) -> None:
    assert bench.get("/%6Aobs").status_code == 200


def raw(url: str, request: bytes) -> bytes:
    """What a server sends back to bytes, until it has sent a whole answer."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(request)
        return connection.recv(65536)


def test_expect_continue_is_answered(bench: Bench) -> None:
    head = (
        b"POST /_mock/reset HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    )

    assert raw(bench.url, head).startswith(b"HTTP/1.1 100")


def test_answers_carry_exactly_application_json(bench: Bench, api: str, call: FirstCall) -> None:
    answer = send(bench, call, body_of(call))
    declared = next(iter(jsonschema_contents(api)))

    assert answer.headers["content-type"].partition(";")[0] == declared
    if api != "openyuanrong":  # the vendor adds its charset
        assert answer.headers["content-type"] == "application/json"


def jsonschema_contents(api: str) -> Iterator[str]:
    """The media types of the submit answer."""
    spec = specs.load(api)
    for status, response in first_operation(api).node["responses"].items():
        if status.startswith("2"):
            yield from specs.document.resolve(spec.document, response).get("content", {})


def test_the_error_shape_is_a_compiled_schema(api: str) -> None:
    spec = specs.load(api)

    assert isinstance(
        Schemas(spec).validator(split(spec.document["x-error-schema"])), jsonschema_rs.Draft202012Validator
    )


@pytest.mark.parametrize(
    "path", ["/api/jobs", "/api/job?project=p", "/v1/jobs", "/jobs", "/v1/customer/jobs", "/nowhere", "/_mock/jobs"]
)
@pytest.mark.parametrize("name", ["bad name!", "http://x", "a" * 65, "-a"])
def test_a_wrong_sandbox_name_is_called_one_in_every_apis_words(bench: Bench, path: str, name: str) -> None:
    answer = bench.get(path, headers={"X-Mock-Sandbox": name, "Authorization": "t"})

    assert 400 <= answer.status_code < 500
    assert f"{name!r} is no sandbox name" in answer.text or path == "/nowhere"
    assert "valid URL" not in answer.text


@pytest.mark.parametrize("api", specs.names())
def test_a_first_call_can_be_made_again(bench: Bench, api: str) -> None:
    call = first_call(specs.load(api))

    answers = [bench.request(call.method, call.path, json=call.body, headers=dict(call.headers)) for _ in range(3)]

    assert [answer.is_success for answer in answers] == [True] * 3, answers[-1].text
