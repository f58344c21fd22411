"""Which Content-Type an operation takes."""

from __future__ import annotations

import pytest

from mockserver.adapters.exchange import Refusal
from mockserver.http.contract.media import MediaTypes, is_json


@pytest.mark.parametrize(
    ("declared", "sent", "found"),
    [
        (["application/json"], b"application/json", "application/json"),
        (["application/json"], b"APPLICATION/json ; x=y", "application/json"),
        (["Application/Json"], b"application/json", "application/json"),
        (["application/*"], b"application/xml", "application/*"),
        (["*/*"], b"text/plain", "*/*"),
        (["text/plain", "application/json"], b"application/json", "application/json"),
    ],
)
def test_a_media_type_is_matched(declared: list[str], sent: bytes, found: str) -> None:
    media = MediaTypes(declared)

    assert [media.match(sent), media.match(sent)] == [found, found]


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"text/plain", "media_type"),
        (b"", "media_type"),
        (b"application/json; charset=latin-1", "invalid"),
        (b"application/jsonx", "media_type"),
    ],
)
def test_another_media_type_is_refused(sent: bytes, kind: str) -> None:
    with pytest.raises(Refusal) as refused:
        MediaTypes(["application/json"]).match(sent)

    assert refused.value.kind == kind


def test_json_is_known_by_its_suffix_too() -> None:
    assert [is_json(name) for name in ("application/json", "application/problem+json", "text/plain")] == [
        True,
        True,
        False,
    ]
