"""Undoes the content codings of an answer, up to a bound."""

from __future__ import annotations

import zlib

MOST_CODINGS = 4
"""An answer that is coded more often is left as it is."""
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}


class UndecodableError(ValueError):
    """A body is not what its Content-Encoding says; the message is a sentence."""


def decoded(body: bytes, coding: str, most: int, *, is_whole: bool = True) -> tuple[bytes, bool]:
    """A body without its codings, at most `most` bytes of it, and whether more would have come.

    A coding that is not known leaves the body as it is. Raises UndecodableError.
    """
    names = [name for name in (part.strip().lower() for part in coding.split(",")) if name not in ("", "identity")]
    if len(names) > MOST_CODINGS or not all(name in _WINDOW for name in names):
        return body, False
    for name in reversed(names):
        body, cut = _inflated(body, name, most, is_whole=is_whole)
        is_whole = is_whole and not cut
    return body, bool(names) and not is_whole


def _inflated(body: bytes, name: str, most: int, *, is_whole: bool) -> tuple[bytes, bool]:
    """One coding undone; a gzip body may have several members."""
    out, window = bytearray(), _WINDOW[name]
    while body and len(out) <= most:
        if name == "deflate" and body[0] & 0x0F != 8:
            window = -15  # without its wrapper, as some servers send it
        inflater = zlib.decompressobj(window)
        try:
            out += inflater.decompress(body, most + 1 - len(out))
        except zlib.error as error:
            raise UndecodableError(f"the body is not what its Content-Encoding {name} says") from error
        if len(out) > most:
            return bytes(out[:most]), True
        if not inflater.eof:
            if is_whole:
                raise UndecodableError(f"the body ends before its Content-Encoding {name} does")
            break
        body = inflater.unused_data
        if name == "deflate" or not any(body):
            break
    return bytes(out), False
