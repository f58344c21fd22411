"""Checks of how submissions are read: what the document demands, excludes and leaves open."""

from __future__ import annotations

import json

from conformance import catalogue as catalogues
from conformance.checks import check
from conformance.checks.probes import request_schema, required_pointers
from conformance.session.expect import INVALID, accepted, needed, refused
from conformance.session.session import Session
from conformance.traffic.json_pointer import MISSING, Json, put
from specs.document import DOCUMENTED, schemas_at


def _invalid(session: Session) -> tuple[int, ...]:
    errors = catalogues.load(session.spec.name).errors or {}
    return tuple(errors.get("invalid", INVALID))


def _control(session: Session) -> None:
    twin = session.post(session.body())
    needed(twin.response.is_success, f"the control twin was answered {twin.response.status}")


@check("JOB-REQ-001")
def what_the_document_demands_may_not_be_missing(session: Session) -> None:
    """Each demanded member is left out once."""
    pointers = required_pointers(session)
    needed(pointers, "the document demands no member of a submission")
    for pointer in pointers:
        _control(session)
        refused(session.post(put(session.body(), pointer, MISSING)), f"a submission without {pointer}", _invalid(session))


@check("JOB-REQ-002")
def types_that_the_document_excludes_are_refused(session: Session) -> None:
    """Each named member whose schema gives one type is sent as another."""
    schema = request_schema(session)
    told = False
    doubtful = _probed(session, "SHOULD", "MAY") - _probed(session, "MUST")
    for pointer in _members(session, schema, ""):
        if pointer in doubtful:
            continue
        wrong = _wrong(session, schema, pointer)
        if wrong is not MISSING:
            told = True
            _control(session)
            refused(session.post(put(session.body(), pointer, wrong)), f"{wrong!r} at {pointer}", _invalid(session))
    needed(told, "the document gives no types")


def _probed(session: Session, *levels: str) -> set[str]:
    """The members of a submission of which requirements of these levels speak."""
    probes = [one.probe for one in catalogues.load(session.spec.name).requirements.values() if one.probe and one.level in levels]
    return {probe["pointer"] for probe in probes if "operation" not in probe and "in" not in probe}


def _members(session: Session, schema: Json, parent: str, depth: int = 0) -> list[str]:
    found: list[str] = []
    for node in schemas_at(session.spec.document, schema, parent):
        if node.get("x-provenance") in DOCUMENTED:
            found += [f"{parent}/{name}" for name in node.get("properties", {})]
    if depth < 1:
        for pointer in list(found):
            found += [inner for inner in _members(session, schema, pointer, depth + 1) if inner not in found]
    return list(dict.fromkeys(found))


def _wrong(session: Session, schema: Json, pointer: str) -> Json:
    """A value of a type that no branch of the member's schema allows, or MISSING where anything goes."""
    types: set[str] = set()
    for node in schemas_at(session.spec.document, schema, pointer):
        if any(word in node for word in ("anyOf", "oneOf", "const")) or node.get("x-provenance") not in DOCUMENTED:
            return MISSING
        given = node.get("type", [])
        types |= {given} if isinstance(given, str) else set(given)
    if not types:
        return MISSING
    candidates: list[tuple[set[str], Json]] = [({"array"}, []), ({"object"}, {}), ({"boolean"}, True)]
    return next((value for kinds, value in candidates if not kinds & types), MISSING)


@check("JOB-REQ-003")
def unknown_members_are_passed_over(session: Session) -> None:
    """One member that no document names."""
    accepted(session.post(session.body(patch={"zz_unheard_of": {"deep": [1]}})), "a submission with an unknown member")


@check("JOB-REQ-004")
def the_order_of_members_does_not_matter(session: Session) -> None:
    """The same submission forwards and backwards."""
    _control(session)
    accepted(session.post(_backwards(session.body())), "a submission with its members in reverse order")


def _backwards(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _backwards(value[key]) for key in reversed(value)}
    return [_backwards(item) for item in value] if isinstance(value, list) else value


@check("JOB-REQ-005")
def json_is_read_as_json(session: Session) -> None:
    """White space everywhere, and every character escaped."""
    submit = session.spec.operations[session.role("submit").operation]
    path, headers = session.directory.path(submit.id, {}), session.settings.submit_headers
    _control(session)
    spaced = json.dumps(session.body(), indent=3, separators=(" ,\r\n", "\t: ")).encode()
    accepted(session.send(submit.method, path, raw=spaced, headers=headers), "a submission with white space")
    escaped = _escaped(json.dumps(session.body())).encode()
    accepted(session.send(submit.method, path, raw=escaped, headers=headers), "a submission with escapes")


def _escaped(text: str) -> str:
    """Every letter inside strings as \\uXXXX."""
    out, inside, skip = [], False, False
    for letter in text:
        if skip or letter == "\\":
            skip = not skip
        elif letter == '"':
            inside = not inside
        elif inside and letter.isalpha():
            letter = f"\\u{ord(letter):04x}"
        out.append(letter)
    return "".join(out)
