"""Undoes the content codings of an answer, up to a bound."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import zstandard

MOST_CODINGS = 4
"""An answer that is coded more often is left as it is."""
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_PIECE = 256
"""Bytes of a Zstandard body that are taken at a time: a few of them may mean megabytes."""
_MOST_ZSTD_WINDOW = 8 << 20
"""What RFC 9659 allows a server to ask of a client."""


class UndecodableError(ValueError):
    """A body is not what its Content-Encoding says; the message is a sentence."""


def decoded(body: bytes, coding: str, most: int, *, is_whole: bool = True) -> tuple[bytes, bool]:
    """A body without its codings, at most `most` bytes of it, and whether more would have come.

    A coding that is not known leaves the body as it is. Raises UndecodableError.
    """
    names = _names(coding)
    if len(names) > MOST_CODINGS or unknown(coding):
        return body, False
    for name in reversed(names):
        body, cut = _CODINGS[name](body, name, most, is_whole)
        is_whole = is_whole and not cut
    return body, bool(names) and not is_whole


def unknown(coding: str) -> list[str]:
    """The codings of a Content-Encoding that cannot be undone."""
    names = _names(coding)
    return names[:1] if len(names) > MOST_CODINGS else [name for name in names if name not in _CODINGS]


def _names(coding: str) -> list[str]:
    return [name for name in (part.strip().lower() for part in coding.split(",")) if name not in ("", "identity")]


def _without_deflate(body: bytes, name: str, most: int, is_whole: bool) -> tuple[bytes, bool]:
    """One coding undone; a gzip body may have several members."""
    out, window = bytearray(), _WINDOW[name]
    while body and len(out) <= most:
        if name == "deflate" and body[0] & 0x0F != 8:
            window = -15  # without its wrapper, as some servers send it
        inflater = zlib.decompressobj(window)
        try:
            out += inflater.decompress(body, most + 1 - len(out))
        except zlib.error as error:
            raise _no(name) from error
        if len(out) > most:
            return bytes(out[:most]), True
        if not inflater.eof:
            if is_whole:
                raise _torn(name)
            break
        body = inflater.unused_data
        if name == "deflate" or not any(body):
            break
    return bytes(out), False


def _without_brotli(body: bytes, name: str, most: int, is_whole: bool) -> tuple[bytes, bool]:
    """Brotli undone."""
    inflater = brotli.Decompressor()
    try:
        out = inflater.process(body, output_buffer_limit=most + 1) if body else b""
    except brotli.error as error:
        raise _no(name) from error
    if len(out) > most:
        return out[:most], True
    if body and is_whole and not inflater.is_finished():
        raise _torn(name)
    return out, False


def _without_zstandard(body: bytes, name: str, most: int, is_whole: bool) -> tuple[bytes, bool]:
    """Zstandard undone; a body may have several frames."""
    out = bytearray()
    while body and len(out) <= most:
        inflater = zstandard.ZstdDecompressor(max_window_size=_MOST_ZSTD_WINDOW).decompressobj()
        at = 0
        try:
            while at < len(body) and not inflater.eof and len(out) <= most:
                out += inflater.decompress(body[at : at + _PIECE])
                at += _PIECE
        except zstandard.ZstdError as error:
            raise _no(name) from error
        if len(out) > most:
            return bytes(out[:most]), True
        if not inflater.eof:
            if is_whole:
                raise _torn(name)
            break
        body = inflater.unused_data + body[at:]
    return bytes(out), False


_CODINGS: dict[str, Callable[[bytes, str, int, bool], tuple[bytes, bool]]] = {
    **dict.fromkeys(_WINDOW, _without_deflate),
    "br": _without_brotli,
    "zstd": _without_zstandard,
}


def _no(name: str) -> UndecodableError:
    return UndecodableError(f"the body is not what its Content-Encoding {name} says")


def _torn(name: str) -> UndecodableError:
    return UndecodableError(f"the body ends before its Content-Encoding {name} does")
