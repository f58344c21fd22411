"""Whom compute.x.io lets in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import DENIED
from conformance.checks.xio.steps import COOK, cooked, recipes
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, refused, same
from conformance.session.session import Session
from conformance.target.request_signing import xio as signed
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import get, put, shown

HEADERS = ("X-API-Key", "X-Time", "X-Nonce", "X-Signature")
LIST_JOBS = "xio_list_jobs"
HOURS = 23
"""For so long at least a nonce is remembered."""


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


def _control(session: Session) -> dict[str, str]:
    """Headers that have just been shown to be taken, made anew."""
    needed(
        _sent(session, signed(_keys(session), "GET", _path(session), b"")).response.is_success,
        "a well signed request was refused",
    )
    return signed(_keys(session), "GET", _path(session), b"")


@check("XIO-AUT-001", strict=True)
def each_of_the_four_headers_is_needed(session: Session) -> None:
    """One left out or empty at a time."""
    for name in HEADERS:
        headers = _control(session)
        refused(
            _sent(session, {key: value for key, value in headers.items() if key != name}),
            f"a request without {name}",
            DENIED,
        )
        refused(_sent(session, {**_control(session), name: ""}), f"a request with an empty {name}", DENIED)


@check("XIO-AUT-001", strict=True)
def whoever_cooks_signs(session: Session) -> None:
    """As whoever submits does."""
    recipe = recipes(session)[0]
    needed(cooked(session, recipe, {}).response.is_success, "a signed cooking was refused")
    for credential in ("none", "wrong"):
        if credential in session.settings.credentials:
            refused(
                session.call(COOK, {"uuid": recipe["uuid"]}, body={}, credential=credential),
                f"a cooking with the credential {shown(credential)}",
                DENIED,
            )


@check("XIO-AUT-002", strict=True)
def a_signature_is_good_for_its_request_alone(session: Session) -> None:
    """Signed was another method, path, query or body."""
    keys, path = _keys(session), _path(session)
    job = session.submit()
    body, other = (json.dumps(put(session.body(), "/cpu_count", count)).encode() for count in (1, 2))
    needed(
        _sent(session, signed(keys, "POST", path, body), "POST", path, body).response.is_success,
        "a well signed submission was refused",
    )
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
    keys, path = _keys(session), _path(session)
    for ahead in (-330.0, 330.0):
        refused(
            _sent(session, signed(keys, "GET", path, b"", ahead=ahead)),
            f"a request signed {ahead:+g} seconds from now",
            DENIED,
        )
    for ahead in (-270.0, 270.0):
        accepted(
            _sent(session, signed(keys, "GET", path, b"", ahead=ahead)), f"a request signed {ahead:+g} seconds from now"
        )


@check("XIO-AUT-004", strict=True)
def a_nonce_is_good_once(session: Session) -> None:
    """The same request again, and another one with its nonce the day after."""
    keys, path, nonce = _keys(session), _path(session), os.urandom(16).hex()
    headers = signed(keys, "GET", path, b"", nonce=nonce)
    needed(_sent(session, headers).response.is_success, "a well signed request was refused")
    refused(_sent(session, headers), "a request that was sent before", DENIED)
    session.advance(HOURS * 3600)
    for target in (f"{path}?page=2", session.directory.path("xio_list_job_runs", {})):
        other = signed(keys, "GET", target, b"", nonce=nonce)
        refused(_sent(session, other, "GET", target), "a request with a nonce that was used before", DENIED)


@check("XIO-AUT-005", strict=True)
def a_key_that_nobody_has_is_refused(session: Session) -> None:
    """Though the signature is right for it."""
    _control(session)
    keys = _keys(session)
    refused(
        _sent(session, signed({**keys, "public": "pk_of_nobody"}, "GET", _path(session), b"")),
        "a request with a key that nobody has",
        DENIED,
    )


@check("XIO-AUT-006", strict=True)
def what_is_signed_is_in_canonical_form(session: Session) -> None:
    """The query is sent in another order than it is signed in, and so is the body, with white space."""
    keys, path = _keys(session), _path(session)
    for query in ("sort=created_at&page=1&limit=5", "page=1&limit=5&filter%5Bstatus%5D=PENDING%2CRUNNING"):
        accepted(
            _sent(session, signed(keys, "GET", f"{path}?{query}", b""), "GET", f"{path}?{query}"),
            f"a request with the query {query}",
        )
    body = json.dumps(dict(reversed(session.body().items())), indent=2).encode()
    accepted(
        _sent(session, signed(keys, "POST", path, body), "POST", path, body),
        "a submission with white space and its members in reverse",
    )


@check("XIO-AUT-007", strict=True)
def who_is_refused_changes_nothing(session: Session) -> None:
    """No job is made, none is stopped."""
    job = session.submit("long" if "long" in session.settings.shapes else "quick", until="running")
    before = get(session.list_jobs().response.json, "/total")
    for credential in ("none", "wrong"):
        if credential in session.settings.credentials:
            needed(
                session.post(session.body(), credential=credential).response.status in DENIED,
                "a submission without a credential was granted",
            )
            needed(
                session.cancel(job, credential=credential).response.status in DENIED,
                "a stop without a credential was granted",
            )
    session.advance(2)
    same(
        before,
        get(session.list_jobs().response.json, "/total"),
        "the number of jobs after submissions that were refused",
    )
    expect(session.phase(job) == "running", f"a job is {session.state(job)} after a stop that was refused")


@check("XIO-AUT-008", strict=True)
def what_is_sent_is_what_was_signed(session: Session) -> None:
    """Another time and another nonce than signed, another signature, another secret."""
    keys = _keys(session)
    for name in ("X-Time", "X-Nonce", "X-Signature"):
        headers = _control(session)
        other = {
            "X-Time": str(int(headers["X-Time"]) + 1),
            "X-Nonce": os.urandom(16).hex(),
            "X-Signature": headers["X-Signature"][::-1],
        }[name]
        refused(
            _sent(session, {**headers, name: other}), f"a request whose {name} is not the one that was signed", DENIED
        )
    refused(
        _sent(session, {**_control(session), "X-Signature": "0" * 64}), "a request with zeros as its signature", DENIED
    )
    for at in (0, 32, 63):
        headers = _control(session)
        sign = headers["X-Signature"]
        other = sign[:at] + ("0" if sign[at] != "0" else "1") + sign[at + 1 :]
        refused(
            _sent(session, {**headers, "X-Signature": other}),
            f"a request whose signature is wrong in digit {at + 1}",
            DENIED,
        )
    refused(
        _sent(session, signed({**keys, "secret": "sk_of_nobody"}, "GET", _path(session), b"")),
        "a request signed with another secret",
        DENIED,
    )


@check("XIO-AUT-009", strict=True)
def a_refused_request_uses_no_nonce(session: Session) -> None:
    """Its signature was another secret's; the same nonce comes again with the right one."""
    keys, path, nonce = _keys(session), _path(session), os.urandom(16).hex()
    _control(session)
    forged = _sent(session, signed({**keys, "secret": "sk_of_nobody"}, "GET", path, b"", nonce=nonce))
    needed(forged.response.status in DENIED, "a request signed with another secret was granted")
    accepted(
        _sent(session, signed(keys, "GET", path, b"", nonce=nonce)), "a request with the nonce of one that was refused"
    )
