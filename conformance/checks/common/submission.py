"""What every API takes in a submission, and what a submission makes."""

from __future__ import annotations

import json

from conformance import catalogue as catalogues
from conformance.checks import check
from conformance.checks.probes import request_schema, required_pointers
from conformance.session.expect import INVALID, accepted, expect, need_success, needed, refused
from conformance.session.session import Session
from conformance.target.target import request_examples
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown
from specs.document import DOCUMENTED, schemas_at


def _anew(session: Session, example: Json) -> Json:
    """The example with what is the target's own, and under another id where it brings one along that an earlier run may
    have used."""
    for mine in session.settings.own:
        example = put(example, mine, get(session.body(), mine))
    pointer = session.role("submit").id or ""
    id_ = get(example, pointer)
    is_taken = isinstance(id_, str) and not session.target.has_virtual_time
    return put(example, pointer, session.unique(id_)) if is_taken else example


def _invalid(session: Session) -> tuple[int, ...]:
    errors = catalogues.load(session.spec.name).errors or {}
    return tuple(errors.get("invalid", INVALID))


def _control(session: Session) -> None:
    need_success(session.post(session.body()), "the control twin")


def _probed(session: Session, *levels: str) -> set[str]:
    """The members of a submission of which requirements of these levels speak."""
    requirements = catalogues.load(session.spec.name).requirements.values()
    probes = [one.probe for one in requirements if one.probe and one.level in levels]
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


def _backwards(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _backwards(value[key]) for key in reversed(value)}
    return [_backwards(item) for item in value] if isinstance(value, list) else value


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


@check("JOB-CRT-001")
def a_valid_submission_is_accepted(session: Session) -> None:
    """The body that the target file gives, and one of each shape that has to be taken."""
    accepted(session.post(session.body()), "a valid submission")
    for shape in [one for one in session.settings.shapes if one not in session.settings.may_refuse]:
        accepted(session.post(session.body(shape)), f"a valid submission of the shape {shown(shape)}")


@check("JOB-CRT-002")
def a_submission_answers_with_an_id(session: Session) -> None:
    """The oracles judge the answer."""
    session.submit(draft=True)


@check("JOB-CRT-003")
def a_new_job_is_not_over(session: Session) -> None:
    """The oracles judge the answer, and where it reports no state, a first look does."""
    job = session.submit("long" if "long" in session.settings.shapes else "quick", draft=True)
    if session.role("submit").status is None:
        phase = session.phase(job)
        expect(phase not in ("succeeded", "cancelled"), f"a new job is {phase} already")


@check("JOB-CRT-004")
def every_example_of_the_document_is_accepted(session: Session) -> None:
    """Examples are promises by demonstration."""
    for example in request_examples(session.spec, session.role("submit").operation):
        accepted(session.post(_anew(session, example)), "an example of the document")


@check("JOB-CRT-005")
def a_new_job_can_be_read(session: Session) -> None:
    """At once, without waiting."""
    job = session.submit(draft=True)
    exchange = session.read(job)
    accepted(exchange, "reading a job right after its submission")
    expect(session.view(job) is not MISSING, "the answer does not show the job", exchange)


@check("JOB-REQ-001")
def what_the_document_demands_may_not_be_missing(session: Session) -> None:
    """Each demanded member is left out once."""
    pointers = required_pointers(session)
    needed(pointers, "the document demands no member of a submission")
    for pointer in pointers:
        _control(session)
        exchange = session.post(put(session.body(), pointer, MISSING))
        refused(exchange, f"a submission without {pointer}", _invalid(session))


@check("JOB-REQ-001")
def what_holds_members_may_not_be_missing(session: Session) -> None:
    """The members of each demanded object stand beside it instead of in it."""
    bodies = {pointer: _unwrapped(session.body(), pointer) for pointer in required_pointers(session)}
    bodies = {pointer: body for pointer, body in bodies.items() if body is not MISSING}
    for pointer in bodies:
        _control(session)
        exchange = session.post(_unwrapped(session.body(), pointer))
        refused(exchange, f"a submission with the members of {pointer}, but without it,", _invalid(session))


def _unwrapped(body: Json, pointer: str) -> Json:
    """The body with the members of an object in the place of the object; MISSING where there are none to move."""
    inner, (parent, _, name) = get(body, pointer), pointer.rpartition("/")
    if not isinstance(inner, dict) or not inner or name in inner:
        return MISSING
    moved = {key: value for key, value in get(body, parent).items() if key != name} | inner
    return put(body, parent, moved) if parent else moved


@check("JOB-REQ-002")
def types_that_the_document_excludes_are_refused(session: Session) -> None:
    """Each named member whose schema gives one type is sent as another."""
    schema = request_schema(session)
    has_types = False
    doubtful = _probed(session, "SHOULD", "MAY") - _probed(session, "MUST")
    for pointer in _members(session, schema, ""):
        if pointer in doubtful:
            continue
        wrong = _wrong(session, schema, pointer)
        if wrong is not MISSING:
            has_types = True
            _control(session)
            refused(
                session.post(put(session.body(), pointer, wrong)), f"{shown(wrong)} at {pointer}", _invalid(session)
            )
    needed(has_types, "the document gives no types")


@check("JOB-REQ-003")
def unknown_members_are_ignored(session: Session) -> None:
    """One member that no document names."""
    accepted(session.post(session.body(patch={"zz_unheard_of": {"deep": [1]}})), "a submission with an unknown member")


@check("JOB-REQ-004")
def the_order_of_members_does_not_matter(session: Session) -> None:
    """The same submission forwards and backwards."""
    _control(session)
    accepted(session.post(_backwards(session.body())), "a submission with its members in reverse order")


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


def the_media_type_is_read_as_one(session: Session) -> None:
    """A submission is taken whether its media type has a parameter or is written in capitals."""
    submit = session.spec.operations[session.role("submit").operation]
    for media in ("application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"):
        raw, headers = json.dumps(session.body()).encode(), session.settings.submit_headers
        path = session.directory.path(submit.id, {})
        accepted(session.send(submit.method, path, raw=raw, media=media, headers=headers), f"a submission of {media}")
