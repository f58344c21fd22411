"""Reads Content-Type and Content-Encoding: whether the operation accepts a body, and how it is encoded."""

from __future__ import annotations

import zlib
from collections.abc import Collection

from mockserver.adapters.exchange import Refusal, Violation
from mockserver.http.limits import BODY_BYTES, GZIP_MEMBERS

_REMEMBERED = 64  # how many different spellings of Content-Type one operation keeps in mind


class MediaTypes:
    """The media types one operation takes. Names are compared without regard to case, parameters other than charset are
    ignored.
    """

    def __init__(self, declared: Collection[str]) -> None:
        self.declared = tuple(name.lower() for name in declared)
        self._known: dict[bytes, str] = {}

    def match(self, sent: bytes) -> str:
        """The declared media type that a Content-Type means. Raises Refusal."""
        known = self._known.get(sent)
        if known is None:
            known = self._match(sent)
            if len(self._known) < _REMEMBERED:
                self._known[sent] = known
        return known

    def _match(self, sent: bytes) -> str:
        text = sent.decode("latin-1")
        name, *parameters = (part.strip().lower() for part in text.split(";"))
        found = next((declared for declared in self.declared if _covers(declared, name)), None)
        if found is None:
            raise self.refuse(f"Content-Type {text!r} is not taken here")
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            charset = value.strip().strip('"')
            if key.strip() == "charset" and charset not in ("utf-8", "utf8", "us-ascii"):
                message = f"charset '{charset}' is not taken here; UTF-8 is expected"
                raise Refusal.of(Violation("header", ("Content-Type",), "charset", "utf-8", charset, message))
        return found

    def refuse(self, message: str) -> Refusal:
        """A refusal that names what is accepted."""
        return Refusal("media_type", f"{message}; expected: {', '.join(self.declared)}", expected=self.declared)


def _covers(declared: str, name: str) -> bool:
    if declared == name or declared == "*/*":
        return True
    return declared.endswith("/*") and name.startswith(declared[:-1])


def is_json(media_type: str) -> bool:
    """Whether bodies of a media type are JSON."""
    return media_type == "application/json" or media_type.endswith("+json")


def inflate(raw: bytes, coding: bytes) -> bytes:
    """Undo a Content-Encoding; the limit applies to what comes out. Raises Refusal."""
    name = coding.decode("latin-1").strip().lower()
    if name in ("", "identity"):
        return raw
    if name not in ("gzip", "x-gzip"):
        raise Refusal("media_type", f"Content-Encoding {name!r} is not taken here; expected: gzip, identity")
    inflated, rest, members = bytearray(), raw, 0
    while rest:  # a gzip file may have several members, one after the other (RFC 1952)
        members += 1
        if members > GZIP_MEMBERS:
            raise _no_gzip(f"the body is gzip of more than {GZIP_MEMBERS} members")
        part, rest = _member(rest, BODY_BYTES + 1 - len(inflated))
        inflated += part
        if len(inflated) > BODY_BYTES:
            raise too_large()
    return bytes(inflated)


def _member(raw: bytes, most: int) -> tuple[bytes, bytes]:
    """The first member of a gzip body, inflated to at most so many bytes, and what comes after it. Raises Refusal."""
    engine = zlib.decompressobj(wbits=31)
    try:
        inflated = engine.decompress(raw, most)
    except zlib.error as error:
        raise _no_gzip(f"the body is not gzip: {error}") from error
    if len(inflated) == most:
        return inflated, b""  # too large, whatever follows
    if not engine.eof:
        raise _no_gzip("the body is gzip that was cut off")
    return inflated, engine.unused_data


def _no_gzip(message: str) -> Refusal:
    return Refusal.of(Violation("header", ("Content-Encoding",), "encoding", "gzip", "gzip", message))


def too_large() -> Refusal:
    """The refusal of a body beyond the limit."""
    return Refusal("too_large", f"the body has more than {BODY_BYTES} bytes", limit=BODY_BYTES)
