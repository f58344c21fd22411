"""Traffic as HAR 1.2: written with secrets hidden, and read to be judged."""

from __future__ import annotations

import base64
import binascii
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import harfile

from conformance.errors import HarError
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.operations import Directory
from conformance.traffic.redaction import Redaction

Json = dict[str, Any]
CUT = "only the beginning of the body was kept"
"""The comment on a body that is not whole, so that nobody judges it as if it were."""


def text(exchanges: Iterable[Exchange], redaction: Redaction) -> str:
    """HAR of exchanges."""
    out = io.StringIO()
    creator = harfile.Creator("understudy conformance", "1")
    with harfile.HarFile.open(out, creator=creator) as archive:
        for exchange in map(redaction.exchange, exchanges):
            took = max(0.0, (exchange.received - exchange.sent) * 1000)
            archive.add_entry(
                startedDateTime=datetime.fromtimestamp(max(0.0, exchange.sent), UTC),
                time=took,
                request=_request(exchange.request),
                response=_response(exchange.response),
                timings=harfile.Timings(send=0, wait=took, receive=0),
            )
    return out.getvalue()


def read(file: Path, directory: Directory) -> Iterator[Exchange]:
    """The exchanges of a HAR file, in order. Raises HarError."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))["log"]["entries"]
        if not isinstance(entries, list):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise HarError(f"{file} is no HAR file: {_reason(error)}") from error
    for number, entry in enumerate(entries):
        try:
            yield _exchange(entry, directory)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise HarError(f"{file}: entry {number} cannot be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What is wrong with a file, in words."""
    if isinstance(error, KeyError):
        return f"{error.args[0]} is missing"
    if isinstance(error, OSError):
        return str(error.strerror)
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeError):
        return "it holds characters that no text can be made of"
    return str(error) if isinstance(error, ValueError) else "a member has another type than HAR 1.2 gives it"


def _request(request: Request) -> harfile.Request:
    body = None
    if request.body is not None:
        media = request.header("content-type") or ""
        body = harfile.PostData(mimeType=media, text=request.body.decode("utf-8", "replace"))
    return harfile.Request(
        request.method,
        request.url + request.target,
        "HTTP/1.1",
        headers=_records(request.headers),
        postData=body,
        bodySize=len(request.body or b""),
    )


def _response(response: Response) -> harfile.Response:
    body, media = response.body, response.header("content-type") or ""
    comment = CUT if response.cut else None
    try:
        content = harfile.Content(size=len(body), mimeType=media, text=body.decode("utf-8"), comment=comment)
    except UnicodeDecodeError:
        encoded = base64.b64encode(body).decode()
        content = harfile.Content(size=len(body), mimeType=media, text=encoded, encoding="base64", comment=comment)
    return harfile.Response(
        response.status,
        "",
        "HTTP/1.1",
        headers=_records(response.headers),
        content=content,
        redirectURL=response.header("location") or "",
        bodySize=len(body),
    )


def _records(headers: Iterable[tuple[str, str]]) -> list[harfile.Record]:
    return [harfile.Record(name, value) for name, value in headers]


def _exchange(entry: Json, directory: Directory) -> Exchange:
    asked, told = entry["request"], entry["response"]
    parts = urlsplit(_text(asked["url"]) or "")
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    raw = _text((asked.get("postData") or {}).get("text"))
    request = Request(
        asked["method"],
        f"{parts.scheme}://{parts.netloc}",
        target,
        _headers(asked),
        None if raw is None else raw.encode(),
    )
    content = told.get("content") or {}
    body = _text(content.get("text")) or ""
    try:
        bytes_ = base64.b64decode(body) if content.get("encoding") == "base64" else body.encode()
    except binascii.Error as error:
        raise ValueError("the content is no base64") from error
    headers = _headers(told)
    if not any(name.lower() == "content-type" for name, _ in headers) and content.get("mimeType"):
        headers += (("content-type", content["mimeType"]),)
    found = directory.find(asked["method"], target)
    sent = datetime.fromisoformat(entry["startedDateTime"]).timestamp() if "startedDateTime" in entry else 0.0
    values = found[1] if found else {}
    return Exchange(
        request,
        Response(int(told["status"]), headers, bytes_, cut=content.get("comment") == CUT),
        sent,
        sent,
        None,
        found[0].id if found else None,
        values,
    )


def _headers(message: Json) -> tuple[tuple[str, str], ...]:
    found = tuple((_text(one["name"]), _text(one["value"])) for one in message.get("headers") or [])
    return tuple((name, value or "") for name, value in found if name is not None)


def _text(value: Any) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError
    return value
