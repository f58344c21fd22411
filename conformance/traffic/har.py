"""Traffic as HAR 1.2: written with secrets hidden, and read to be judged."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.errors import HarError
from conformance.traffic.exchange import Exchange, Redaction, Request, Response
from conformance.traffic.operations import Directory

Json = dict[str, Any]


def text(exchanges: Iterable[Exchange], redaction: Redaction, *, began: float = 0.0) -> str:
    """HAR of exchanges. `began` is what the clock of their instants showed at 1970."""
    entries = [_entry(redaction.exchange(one), began) for one in exchanges]
    log = {"version": "1.2", "creator": {"name": "understudy conformance", "version": "1"}, "entries": entries}
    return json.dumps({"log": log}, indent=1, ensure_ascii=False) + "\n"


def read(file: Path, directory: Directory) -> Iterator[Exchange]:
    """The exchanges of a HAR file, in order. Raises HarError."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8-sig"))["log"]["entries"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarError(f"{file} is no HAR file: {error}") from error
    for number, entry in enumerate(entries):
        try:
            yield _exchange(entry, directory)
        except (KeyError, TypeError, ValueError) as error:
            raise HarError(f"{file}: entry {number} cannot be read: {error!r}") from error


def _entry(exchange: Exchange, began: float) -> Json:
    asked, told = exchange.request, exchange.response
    took = max(0.0, (exchange.received - exchange.sent) * 1000)
    request: Json = {
        "method": asked.method,
        "url": asked.url + asked.target,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": name, "value": value} for name, value in asked.headers],
        "queryString": [],
        "headersSize": -1,
        "bodySize": len(asked.body or b""),
    }
    if asked.body is not None:
        request["postData"] = {
            "mimeType": asked.header("content-type") or "",
            "text": asked.body.decode("utf-8", "replace"),
        }
    return {
        "startedDateTime": datetime.fromtimestamp(max(0.0, exchange.sent - began), UTC).isoformat(),
        "time": took,
        "request": request,
        "response": {
            "status": told.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [{"name": name, "value": value} for name, value in told.headers],
            "content": {"size": len(told.body), "mimeType": told.header("content-type") or "", **_content(told.body)},
            "redirectURL": told.header("location") or "",
            "headersSize": -1,
            "bodySize": len(told.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": took, "receive": 0},
    }


def _content(body: bytes) -> Json:
    try:
        return {"text": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), "encoding": "base64"}


def _exchange(entry: Json, directory: Directory) -> Exchange:
    asked, told = entry["request"], entry["response"]
    parts = urlsplit(asked["url"])
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    raw = asked.get("postData", {}).get("text")
    request = Request(
        asked["method"],
        f"{parts.scheme}://{parts.netloc}",
        target,
        _headers(asked),
        None if raw is None else raw.encode(),
    )
    content = told.get("content", {})
    body = content.get("text") or ""
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
        Response(int(told["status"]), headers, bytes_),
        sent,
        sent,
        None,
        found[0].id if found else None,
        values,
    )


def _headers(message: Json) -> tuple[tuple[str, str], ...]:
    return tuple((one["name"], one["value"]) for one in message.get("headers", []))
