"""Whom compute.x.io lets in."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import DENIED
from conformance.checks.xio.steps import COOK, cooked, recipes
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, need_success, needed, refused, same
from conformance.session.phases import expect_phase
from conformance.session.session import Session
from conformance.target.request_signing import xio as signed
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get, put

HEADERS = ("X-API-Key", "X-Time", "X-Nonce", "X-Signature")
LIST_JOBS = "xio_list_jobs"
HOURS = 23
"""For so long at least a nonce is remembered."""


def _other_digit(at: int, signature: str) -> str:
    return signature[:at] + ("0" if signature[at] != "0" else "1") + signature[at + 1 :]


FORGERIES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("X-Time", lambda value: str(int(value) + 1)),
    ("X-Nonce", lambda _: os.urandom(16).hex()),
    ("X-Signature", lambda value: value[::-1]),
    ("X-Signature", lambda _: "0" * 64),
    *(("X-Signature", partial(_other_digit, at)) for at in (0, 32, 63)),
)
"""Headers that are changed after the request was signed."""


def _keys(session: Session) -> Mapping[str, Any]:
    raw = session.settings.credentials.get("good", {}).get("signature", {})
    if raw.get("scheme") != "xio":
        raise NotApplicable("the target file's good credential is no pair of keys")
    return dict(raw)


def _path(session: Session) -> str:
    return session.directory.path(LIST_JOBS, {})


def _sent(
    session: Session, headers: Mapping[str, str], method: str = "GET", target: str = "", raw: bytes | None = None
) -> Exchange:
    """Send a request with these credential headers and no others."""
    return session.send(method, target or _path(session), raw=raw, headers=headers, credential="none")


def _signed(session: Session, *, keys: Mapping[str, Any] | None = None, **options: Any) -> dict[str, str]:
    """Headers of a list of jobs, signed with the good keys or those that are changed."""
    return dict(signed({**_keys(session), **(keys or {})}, "GET", _path(session), b"", **options))


def _control(session: Session) -> dict[str, str]:
    """Fresh headers of a kind that has just been accepted."""
    need_success(_sent(session, _signed(session)), "a well signed request")
    return _signed(session)


def _denied(session: Session, headers: Mapping[str, str], what: str) -> None:
    refused(_sent(session, headers), f"a request {what}", DENIED)


def _wrong(session: Session) -> list[str]:
    return [name for name in ("none", "wrong") if name in session.settings.credentials]


@check("XIO-AUT-001", strict=True)
def each_of_the_four_headers_is_needed(session: Session) -> None:
    """One left out or empty at a time."""
    for name in HEADERS:
        headers = _control(session)
        _denied(session, {key: value for key, value in headers.items() if key != name}, f"without {name}")
        _denied(session, {**_control(session), name: ""}, f"with an empty {name}")


@check("XIO-AUT-001", strict=True)
def whoever_cooks_signs(session: Session) -> None:
    """As whoever submits does."""
    recipe = recipes(session)[0]
    need_success(cooked(session, recipe, {}), "a signed cooking")
    for credential in _wrong(session):
        exchange = session.call(COOK, {"uuid": recipe["uuid"]}, body={}, credential=credential)
        refused(exchange, f"a cooking with the credential {credential}", DENIED)


@check("XIO-AUT-002", strict=True)
def a_signature_is_good_for_its_request_alone(session: Session) -> None:
    """Signed was another method, path, query or body."""
    keys, path = _keys(session), _path(session)
    job = session.submit()
    body, other = (json.dumps(put(session.body(), "/cpu_count", count)).encode() for count in (1, 2))
    need_success(_sent(session, signed(keys, "POST", path, body), "POST", path, body), "a well signed submission")
    cancel = session.directory.path("xio_cancel_job", {"uuid": job.id})
    read = session.directory.path("xio_get_job", {"uuid": job.id})
    for what, method, target, raw, headers in (
        ("method", "POST", path, body, signed(keys, "PUT", path, body)),
        ("path", "GET", read, None, signed(keys, "GET", path, b"")),
        ("path", "PUT", cancel, None, signed(keys, "PUT", read, b"")),
        ("query", "GET", f"{path}?page=2", None, signed(keys, "GET", f"{path}?page=1", b"")),
        ("query", "GET", f"{path}?page=2", None, signed(keys, "GET", path, b"")),
        ("body", "POST", path, body, signed(keys, "POST", path, other)),
        ("body", "POST", path, body, signed(keys, "POST", path, b"")),
    ):
        refused(_sent(session, headers, method, target, raw), f"a request whose signature is of another {what}", DENIED)


@check("XIO-AUT-003", strict=True)
def old_signatures_are_refused(session: Session) -> None:
    """Five and a half minutes either way; four and a half are within what clocks may differ by."""
    _control(session)
    for ahead in (-330.0, 330.0):
        _denied(session, _signed(session, ahead=ahead), f"signed {ahead:+g} seconds from now")
    for ahead in (-270.0, 270.0):
        accepted(_sent(session, _signed(session, ahead=ahead)), f"a request signed {ahead:+g} seconds from now")


@check("XIO-AUT-004", strict=True)
def a_nonce_is_good_once(session: Session) -> None:
    """The same request again, and another one with its nonce the day after."""
    keys, path, nonce = _keys(session), _path(session), os.urandom(16).hex()
    headers = signed(keys, "GET", path, b"", nonce=nonce)
    need_success(_sent(session, headers), "a well signed request")
    refused(_sent(session, headers), "a request that was sent before", DENIED)
    session.advance(HOURS * 3600)
    for target in (f"{path}?page=2", session.directory.path("xio_list_job_runs", {})):
        other = signed(keys, "GET", target, b"", nonce=nonce)
        refused(_sent(session, other, "GET", target), "a request with a nonce that was used before", DENIED)


@check("XIO-AUT-005", strict=True)
def a_key_that_nobody_has_is_refused(session: Session) -> None:
    """Though the signature is right for it."""
    _control(session)
    _denied(session, _signed(session, keys={"public": "pk_of_nobody"}), "with a key that nobody has")


@check("XIO-AUT-006", strict=True)
def what_is_signed_is_in_canonical_form(session: Session) -> None:
    """The query is sent in another order than it is signed in, and so is the body, with white space."""
    keys, path = _keys(session), _path(session)
    for query in ("sort=created_at&page=1&limit=5", "page=1&limit=5&filter%5Bstatus%5D=PENDING%2CRUNNING"):
        target = f"{path}?{query}"
        accepted(_sent(session, signed(keys, "GET", target, b""), "GET", target), f"a request with the query {query}")
    body = json.dumps(dict(reversed(session.body().items())), indent=2).encode()
    exchange = _sent(session, signed(keys, "POST", path, body), "POST", path, body)
    accepted(exchange, "a submission with white space and its members in reverse")


@check("XIO-AUT-007", strict=True)
def who_is_refused_changes_nothing(session: Session) -> None:
    """No job is made, none is stopped."""
    job = session.submit(session.shapes("long", "quick")[0], until="running")
    before = get(session.list_jobs().response.json, "/total")
    for credential in _wrong(session):
        for exchange in (
            session.post(session.body(), credential=credential),
            session.cancel(job, credential=credential),
        ):
            needed(exchange.response.status in DENIED, "a submission or a stop without a credential was granted")
    session.advance(2)
    after = get(session.list_jobs().response.json, "/total")
    same(before, after, "the number of jobs after submissions that were refused")
    expect_phase(session, job, "running", "after a stop that was refused a job")


@check("XIO-AUT-008", strict=True)
def what_is_sent_is_what_was_signed(session: Session) -> None:
    """Another time and another nonce than signed, another signature, another secret."""
    for name, change in FORGERIES:
        headers = _control(session)
        _denied(session, {**headers, name: change(headers[name])}, f"whose {name} is not the one that was signed")
    _denied(session, _signed(session, keys={"secret": "sk_of_nobody"}), "signed with another secret")


@check("XIO-AUT-009", strict=True)
def a_refused_request_uses_no_nonce(session: Session) -> None:
    """Its signature was another secret's; the same nonce comes again with the right one."""
    nonce = os.urandom(16).hex()
    _control(session)
    forged = _sent(session, _signed(session, keys={"secret": "sk_of_nobody"}, nonce=nonce))
    needed(forged.response.status in DENIED, "a request signed with another secret was granted")
    accepted(_sent(session, _signed(session, nonce=nonce)), "a request with the nonce of one that was refused")
