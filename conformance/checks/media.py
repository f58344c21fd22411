"""Checks of how a submission may say that it is JSON."""

from __future__ import annotations

import json

from conformance.checks import check
from conformance.session.expect import accepted
from conformance.session.session import Session


@check("OYR-REQ-042")
@check("RAI-REQ-080")
@check("XIO-REQ-029")
def the_media_type_is_read_as_one(session: Session) -> None:
    """With a parameter, and in capitals."""
    submit = session.spec.operations[session.role("submit").operation]
    for media in ("application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"):
        raw = json.dumps(session.body()).encode()
        accepted(session.send(submit.method, session.directory.path(submit.id, {}), raw=raw, media=media), f"a submission declared as {media}")
