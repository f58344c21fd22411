"""Writes exchanges as an HTTP Archive, which browsers' developer tools and many others read."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mockserver import __version__
from mockserver.http.records.exchange import Exchange, length, readable
from mockserver.http.redaction import redacted_fields, redacted_query
from mockserver.simulation.snapshot.pauses import Steps

if TYPE_CHECKING:
    from harfile import Request, Response


def archiving(exchanges: Iterable[Exchange]) -> Steps[dict[str, Any]]:
    """An HTTP Archive 1.2 of these exchanges, in steps; one whose connection was cut has status 0."""
    import harfile

    text = io.StringIO()
    with harfile.HarFile.open(text, creator=harfile.Creator("Understudy", __version__)) as archive_:
        for one in exchanges:
            took = one.took * 1000
            archive_.add_entry(
                startedDateTime=one.time,
                time=took,
                request=_request(one),
                response=_response(one),
                timings=harfile.Timings(send=0, wait=took, receive=0),
                comment=f"{one.api} {one.operation} at {one.at / 1_000_000:g}",
            )
            yield
    made: dict[str, Any] = json.loads(text.getvalue())
    return made


def _request(one: Exchange) -> Request:
    from harfile import PostData, Record, Request

    fields = redacted_fields(one.headers)
    sent = {name.lower(): value for name, value in fields}
    query = redacted_query(one.query)
    shown = "&".join(f"{name}={value}" for name, value in query)
    url = f"http://{sent.get('host', 'localhost')}{one.path}{'?' + shown if shown else ''}"
    body = PostData(mimeType=sent.get("content-type", ""), text=_text(one.body)) if one.body else None
    records, pairs = [Record(*pair) for pair in fields], [Record(*pair) for pair in query]
    size = length(one.headers, one.body)
    return Request(one.method, url, "HTTP/1.1", headers=records, queryString=pairs, postData=body, bodySize=size)


def _response(one: Exchange) -> Response:
    from harfile import Content, Record, Response

    fields = redacted_fields(one.answer_headers)
    medium = next((value for name, value in fields if name == "content-type"), "")
    phrase = HTTPStatus(one.status).phrase if one.status in HTTPStatus._value2member_map_ else ""
    size = length(one.answer_headers, one.answer)
    content = Content(size=size, mimeType=medium, text=_text(one.answer))
    return Response(
        one.status, phrase, "HTTP/1.1", headers=[Record(*pair) for pair in fields], content=content, bodySize=size
    )


def _text(body: bytes) -> str:

    value = readable(body)
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
