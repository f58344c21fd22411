"""A request body is taken off the wire and made sense of, within the limits."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.adapters.exchange import Refusal
from mockserver.http.contract.body import Disconnected, parse, receive_body
from mockserver.http.limits import BODY_BYTES, BODY_DEPTH, BODY_VALUES, INTEGER_DIGITS

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def take(*messages: Mapping[str, Any], **fields: str) -> bytes:
    """What is received from these messages."""
    left = list(messages)

    async def receive() -> Mapping[str, Any]:
        return left.pop(0)

    named = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return asyncio.run(receive_body(receive, named))


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@given(JSON)
def test_any_json_means_what_it_says(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.integers())
def test_whole_numbers_are_exact(number: int) -> None:
    if len(str(number)) <= INTEGER_DIGITS:
        assert parse(b'{"a": %d, "b": "00000000000000000000"}' % number) == {"a": number, "b": "0" * 20}


@given(st.binary(max_size=200))
def test_any_bytes_are_understood_or_refused(raw: bytes) -> None:
    kind = None
    try:
        parse(raw)
    except Refusal as refusal:
        kind = refusal.kind

    assert kind in (None, "malformed")


@pytest.mark.parametrize("depth", [BODY_DEPTH, BODY_DEPTH + 1])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_nesting_is_limited(depth: int, opening: bytes, closing: bytes) -> None:
    raw = opening * depth + b"1" + closing * depth

    if depth > BODY_DEPTH:
        with pytest.raises(Refusal, match="nested"):
            parse(raw)
    else:
        assert parse(raw)


def test_many_shallow_values_are_not_deep() -> None:
    assert len(parse(b"[" + b"[]," * 1000 + b"{}]")) == 1001


def test_parts_are_put_together() -> None:
    assert take(part(b"ab", more=True), part(b"", more=True), part(b"c")) == b"abc"


def test_a_client_that_leaves_is_noticed() -> None:
    with pytest.raises(Disconnected):
        take(part(b"ab", more=True), {"type": "http.disconnect"})
    with pytest.raises(Disconnected):
        take({"type": "http.disconnect"})


def test_too_much_is_refused_by_its_announcement_by_its_parts_and_by_what_comes_out() -> None:
    for attempt in (
        lambda: take(part(b""), content_length=str(BODY_BYTES + 1)),
        lambda: take(part(b" " * BODY_BYTES, more=True), part(b" ")),
        lambda: take(part(b" " * (BODY_BYTES + 1))),
        lambda: take(part(gzip.compress(b" " * (BODY_BYTES + 1), 1)), content_encoding="gzip"),
    ):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert refused.value.kind == "too_large"


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_undone(coding: str) -> None:
    assert take(part(gzip.compress(b"{}", mtime=0)), content_encoding=coding) == b"{}"


def members(*parts: bytes) -> bytes:
    return b"".join(gzip.compress(one, mtime=0) for one in parts)


@pytest.mark.parametrize(
    "parts", [(b'{"a"', b": 1}"), (b"", b"{}"), (b"{}", b""), tuple(b"%d" % digit for digit in range(10))]
)
def test_gzip_of_several_members_is_all_of_them(parts: tuple[bytes, ...]) -> None:
    assert take(part(members(*parts)), content_encoding="gzip") == b"".join(parts)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (members(*[b"1"] * 101), "invalid"),
        (members(b"1", b"2")[:-1], "invalid"),
        (members(b"1") + b"rest", "invalid"),
        (members(b" " * BODY_BYTES, b" "), "too_large"),
        (members(*[b" " * (BODY_BYTES // 50)] * 60), "too_large"),
    ],
    ids=["too many", "the last cut off", "something else behind", "one byte too many", "together too large"],
)
def test_members_of_gzip_are_bounded_together(raw: bytes, kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        take(part(raw), content_encoding="gzip")

    assert refused.value.kind == kind


def test_a_byte_order_mark_before_json_is_skipped() -> None:
    assert parse(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert parse(b"\xef\xbb\xbf" + b"1" * 30) == int("1" * 30)
    with pytest.raises(Refusal, match="not JSON"):
        parse(b"\xef\xbb\xbf\xef\xbb\xbf{}")


def test_no_coding_and_no_body_need_no_undoing() -> None:
    assert take(part(b"{}"), content_encoding="identity") == b"{}"
    assert take(part(b""), content_encoding="gzip") == b""


@pytest.mark.parametrize(
    ("coding", "raw", "kind"),
    [("br", b"x", "media_type"), ("gzip", b"x", "invalid"), ("gzip", gzip.compress(b"a", mtime=0)[:-1], "invalid")],
)
def test_other_codings_are_refused(coding: str, raw: bytes, kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        take(part(raw), content_encoding=coding)

    assert refused.value.kind == kind


HALF = BODY_VALUES // 2


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"[" + b"1," * BODY_VALUES + b"1]", id="items"),
        pytest.param(b"[" + b"[]," * BODY_VALUES + b"1]", id="lists"),
        pytest.param(b"[" + b'{"a":1},' * HALF + b"{}]", id="objects"),
        pytest.param(b'["' + b'","' * (4 * BODY_VALUES) + b'"]', id="strings"),
        pytest.param(b'["' + rb"\\" + b'","' * BODY_VALUES + b'"]', id="strings behind a backslash"),
    ],
)
def test_a_body_of_too_many_values_is_refused_before_they_are_made(raw: bytes) -> None:
    with pytest.raises(Refusal, match=f"more than {BODY_VALUES} values"):
        parse(raw)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"[" + b"1," * (BODY_VALUES - 10) + b"1]", id="items"),
        pytest.param(b'"' + b"," * (3 * BODY_VALUES) + b'"', id="commas in a string"),
        pytest.param(b'"' + rb"\"," * BODY_VALUES + b'"', id="quotes and commas in a string"),
        pytest.param(b'["' + rb"\\" * BODY_VALUES + rb"\",[," + b'"]', id="backslashes and a quote"),
    ],
)
def test_what_stands_in_strings_is_not_counted(raw: bytes) -> None:
    assert parse(raw) == json.loads(raw)
