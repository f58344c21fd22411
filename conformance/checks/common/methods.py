"""HEAD and OPTIONS, of every API."""

from __future__ import annotations

from conformance.checks import check
from conformance.session.expect import expect, needed
from conformance.session.session import Session

NOT_SERVED = (405, 501)


@check("JOB-RSP-006")
def head_answers_as_get_does(session: Session) -> None:
    """Of the list, or of a job where there is none; a server may also not serve it at all."""
    job = session.submit()
    got = session.list_jobs() if "list" in session.roles else session.read(job)
    needed(got.response.is_success, "the twin is refused")
    needed(got.request.method == "GET", "jobs are not read with GET")
    exchange = session.send("HEAD", got.request.target)
    if exchange.response.status in NOT_SERVED:
        return
    expect(
        exchange.response.status == got.response.status,
        f"HEAD is answered {exchange.response.status}, GET {got.response.status}",
        got,
        exchange,
    )
    expect(not exchange.response.body, f"HEAD is answered with {len(exchange.response.body)} bytes of content")
    media = exchange.response.header("content-type")
    expect(
        media in (None, got.response.header("content-type")),
        f"HEAD says {media}, GET says {got.response.header('content-type')}",
        got,
        exchange,
    )


@check("JOB-RSP-007")
def options_lists_the_methods(session: Session) -> None:
    """Of the path of the submission, where OPTIONS is served at all."""
    submit = session.spec.operations[session.role("submit").operation]
    known = {one.method for one in session.spec.operations.values() if one.path == submit.path}
    exchange = session.send("OPTIONS", session.directory.path(submit.id, {}))
    expect(exchange.response.status < 500, f"OPTIONS is answered {exchange.response.status}")
    if exchange.response.is_success:
        allowed = {word.strip() for word in (exchange.response.header("allow") or "").split(",")}
        expect(known <= allowed, f"Allow is {sorted(allowed)}, the path knows {sorted(known)}")
