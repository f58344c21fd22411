"""Traffic as HAR 1.2: written with secrets hidden, and read to be judged."""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import harfile

from conformance.errors import HarError
from conformance.traffic.content_coding import UndecodableError, decoded
from conformance.traffic.exchange import Exchange, Request, Response
from conformance.traffic.json_pointer import MISSING
from conformance.traffic.operations import Operations
from conformance.traffic.redaction import Redaction

Json = dict[str, Any]
MOST_BODY = 16 << 20
"""Most bytes of a recorded body whose content coding is undone."""
CUT = "only the beginning of the body was kept"
"""The comment on a body that is not whole, so that nobody judges it as if it were."""


def text(exchanges: Iterable[Exchange], redaction: Redaction) -> str:
    """HAR of exchanges."""
    out = io.StringIO()
    with writing(out, redaction) as write:
        for exchange in exchanges:
            write(exchange)
    return out.getvalue()


@contextlib.contextmanager
def writing(out: IO[str], redaction: Redaction) -> Iterator[Callable[[Exchange], None]]:
    """Write exchanges as HAR one by one; the file is whole at the end."""
    creator = harfile.Creator("understudy conformance", "1")
    with harfile.HarFile.open(out, creator=creator) as archive:

        def write(raw: Exchange) -> None:
            exchange = redaction.exchange(raw)
            took = max(0.0, (exchange.received - exchange.sent) * 1000)
            archive.add_entry(
                startedDateTime=datetime.fromtimestamp(max(0.0, exchange.sent), UTC),
                time=took,
                request=_request(exchange.request),
                response=_response(exchange.response),
                timings=harfile.Timings(send=0, wait=took, receive=0),
            )

        yield write


@dataclass
class Unjudged:
    """How many entries were not judged, by the reason."""

    counts: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return ", ".join(f"{count} {reason}" for reason, count in self.counts.items() if count)


def read(file: Path, directory: Operations, unjudged: Unjudged | None = None) -> list[Exchange]:
    """The exchanges of a HAR file that mean an operation, in the order in which they were sent; others are counted.

    Raises HarError.
    """
    left_out = (unjudged or Unjudged()).counts
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))["log"]["entries"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise HarError(f"{file} is no HAR file: {_reason(error)}") from error
    if not isinstance(entries, list):
        raise HarError(f"{file} is no HAR file: log.entries is {json.dumps(entries)[:50]}; expected a list")
    found = []
    for entry in entries:
        try:
            exchange = _exchange(entry, directory)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            left_out["cannot be read"] += 1
            continue
        if isinstance(exchange, str):
            left_out[exchange] += 1
        else:
            found.append(exchange)
    return sorted(found, key=lambda one: one.sent)


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


def _exchange(entry: Json, directory: Operations) -> Exchange | str:
    """One exchange, or why it is not judged."""
    asked, told = entry["request"], entry.get("response") or {}
    parts = urlsplit(_text(asked["url"]) or "")
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    found = directory.find(asked["method"], target)
    if found is None:
        return "of no operation"
    status = told.get("status")
    if not isinstance(status, int) or status < 100:
        return "without an answer"
    raw = _text((asked.get("postData") or {}).get("text"))
    request = Request(
        asked["method"],
        f"{parts.scheme}://{parts.netloc}",
        target,
        _headers(asked),
        None if raw is None else raw.encode(),
    )
    sent = _instant(entry.get("startedDateTime"))
    took = entry.get("time")
    received = sent + (max(0.0, took) / 1000 if isinstance(took, int | float) else 0.0)
    answer = _told(told, status)
    if answer.cut and not answer.body and not answer.media_type:
        return "whose answer was not recorded"
    return Exchange(request, answer, sent, received, None, found[0].id, found[1])


def _told(told: Json, status: int) -> Response:
    """The answer; a body that was not recorded, or not whole, is cut."""
    content = told.get("content") or {}
    text, size = _text(content.get("text")), content.get("size")
    body = (text or "").encode()
    if content.get("encoding") == "base64":
        with contextlib.suppress(binascii.Error, ValueError):  # Firefox marks plain text as base64
            body = base64.b64decode(body, validate=True)
    headers, media = _headers(told), _text(content.get("mimeType"))
    if not any(name.lower() == "content-type" for name, _ in headers) and media:
        headers += (("content-type", media),)
    is_recorded = text is not None or size == 0
    cut = not is_recorded or content.get("comment") == CUT or (isinstance(size, int) and size > len(body))
    return _decoded(Response(status, headers, body, cut=cut))


def _decoded(response: Response) -> Response:
    """The answer without its content coding, where a recorder has left that on the body."""
    if response.json is not MISSING or not (coding := response.header("content-encoding")):
        return response
    with contextlib.suppress(UndecodableError):
        body, more = decoded(response.body, coding, MOST_BODY, is_whole=not response.cut)
        return replace(response, body=body, cut=response.cut or more)
    return response


def _instant(text: object) -> float:
    """When an exchange began, in seconds since 1970; 0 where that is not said in a way that can be read."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _headers(message: Json) -> tuple[tuple[str, str], ...]:
    found = tuple((_text(one["name"]), _text(one["value"])) for one in message.get("headers") or [])
    return tuple((name, value or "") for name, value in found if name is not None)


def _text(value: Any) -> str | None:
    if not isinstance(value, str | None):
        raise TypeError
    return value
