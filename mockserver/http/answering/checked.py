"""Validates an answer against its document before it is sent, and makes bytes of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from mockserver.adapters.exchange import Refusal, Reply, Violation, Wording
from mockserver.http.answering import errors
from mockserver.http.contract.answer import encode
from mockserver.http.redaction import redacted_string
from mockserver.http.sandboxes.sandbox import Sandbox

Judge = Callable[[Reply], tuple[Violation, ...]]

logger = logging.getLogger("mockserver")


def checked(
    reply: Reply, judge: Judge, adapter: Wording, sandbox: Sandbox | None, place: str
) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Body and header fields of an answer; one of ours that breaks the document becomes the vendor's internal error.

    `place` names the operation in the log.
    """
    try:
        broken = judge(reply)
        if not broken:
            return encode(reply)
    except Exception as error:  # whatever an answer does to judge or encoder, the client gets the vendor's own error
        broken = (Violation("answer", (), "json", "a JSON value", None, f"{type(error).__name__}: {error}"),)
    for one in broken:
        where, why = f"{place}: answer {reply.status}", redacted_string(one.message)
        logger.error("%s breaks the document at %r: %s (%s)", where, one.pointer, why, one.keyword)
    reason = Refusal("internal", "the mock's own answer breaks its document; its log says where", violations=broken)
    failed = errors.worded(reason, adapter, None if sandbox is None else sandbox.world)
    for one in judge(failed):
        logger.error("%s: even the internal error breaks the document: %s", place, one.message)
    reply.status, reply.stream = failed.status, None
    return encode(failed)
