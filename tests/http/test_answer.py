"""Every answer is judged by the document before it leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

import specs
from mockserver.adapters.exchange import Reply
from mockserver.http.contract.answer import Answers, encode
from mockserver.http.contract.schema import Schemas
from tests.specs.small import DOCUMENT, changed, write


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    """The answers of an operation that declares 200, 204, 4XX and a default."""
    problem = {
        "description": "no",
        "content": {"application/json": {"schema": {"type": "object", "required": ["error"]}}},
    }
    document = DOCUMENT
    for status, response in {
        "204": {"description": "nothing"},
        "4XX": problem,
        "410": {
            "description": "gone",
            "headers": {"X-Why": {"required": True, "schema": {}}},
            "content": {"text/plain": {"schema": {"maxLength": 3}}},
        },
        "default": {"description": "any", "content": {"application/json": {}}},
    }.items():
        document = changed(document, f"paths./jobs/{{id}}.get.responses.{status}", response)
    spec = specs.read(write(tmp_path, document=document))
    return Answers(Schemas(spec), (*spec.operations["small_read"].pointer, "responses"))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"id": "1", "status": "DONE"}),
        Reply(200, {"id": "1", "status": None}, media_type="application/json; charset=utf-8"),
        Reply(204, empty=True),
        Reply(404, {"error": 1}),
        Reply(503, [1]),
        Reply(410, text="bye", media_type="text/plain", headers={"x-why": "w"}),
    ],
)
def test_an_answer_that_keeps_the_promise_passes(answers: Answers, reply: Reply) -> None:
    assert answers.judge(reply) == ()


@pytest.mark.parametrize(
    ("reply", "keyword", "pointer"),
    [
        (Reply(200, {"id": "1"}), "required", ()),
        (Reply(200, {"id": 1, "status": "DONE"}), "type", ("id",)),
        (Reply(200, {"id": "1", "status": "LOST"}), "enum", ("status",)),
        (Reply(200, {"id": "1", "status": "DONE"}, media_type="text/plain"), "content", ()),
        (Reply(200, empty=True), "content", ()),
        (Reply(204, {}), "content", ()),
        (Reply(404, {}), "required", ()),
        (Reply(410, text="bye", media_type="text/plain"), "headers", ()),
        (Reply(410, text="farewell", media_type="text/plain", headers={"X-Why": "w"}), "maxLength", ()),
    ],
)
def test_an_answer_that_breaks_the_promise_is_found(
    answers: Answers, reply: Reply, keyword: str, pointer: tuple[str, ...]
) -> None:
    assert [(one.place, one.keyword, one.pointer) for one in answers.judge(reply)] == [("answer", keyword, pointer)]


def test_an_undeclared_status_is_found(tmp_path: Path) -> None:
    spec = specs.read(write(tmp_path))
    answers = Answers(Schemas(spec), (*spec.operations["small_read"].pointer, "responses"))

    assert [one.keyword for one in answers.judge(Reply(404, {}))] == ["responses"]


def test_an_answer_becomes_bytes() -> None:
    assert encode(Reply(200, {"a": 10**20}, headers={"X-A": "b"})) == (
        b'{"a":100000000000000000000}',
        [(b"content-type", b"application/json"), (b"content-length", b"27"), (b"x-a", b"b")],
    )
    assert encode(Reply(200, text="é", media_type="text/plain")) == (
        b"\xc3\xa9",
        [(b"content-type", b"text/plain"), (b"content-length", b"2")],
    )
    assert encode(Reply(204, empty=True)) == (b"", [])
    assert encode(Reply(200, empty=True)) == (b"", [(b"content-length", b"0")])


def test_what_is_no_json_is_not_sent() -> None:
    with pytest.raises(TypeError):
        encode(Reply(200, {"a": object()}))
