"""How Ionworks refuses what it cannot do."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.families.refusals import changes_nothing, unknown_is_refused
from conformance.checks.families.values import taken
from conformance.checks.ionworks.steps import BESIDE, ask, completed_fit, refused_as_invalid
from conformance.errors import NotApplicable
from conformance.session.expect import expect, need_success, refused
from conformance.session.session import Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown

BREAKS: tuple[tuple[str, Json], ...] = (
    ("/job_type", MISSING),
    ("/params", MISSING),
    ("/job_type", "none-of-these"),
    ("/params", []),
    ("/priority", 11),
    ("/priority", -1),
    ("/callback_url", ""),
    ("/metadata", []),
    ("/parent_job_id", 7),
)
KINDS: tuple[tuple[str, Json, str], ...] = (
    ("/job_type", "none-of-these", "enum"),
    ("/params", MISSING, "missing"),
    ("/priority", 11, "less_than_equal"),
    ("/priority", -1, "greater_than_equal"),
    ("/params", [], "dict_type"),
)
"""What is wrong with a submission, and pydantic's word for that."""
LIKE = {"enum": ("literal_error",), "dict_type": ("mapping_type",)}
"""Other types that pydantic 2 has for the same mistake."""


def _places(exchange: Exchange) -> list[list[Any]]:
    """Where an answer reports violations, to two steps."""
    detail = get(exchange.response.json, "/detail")
    found = [get(one, "/loc") for one in detail] if isinstance(detail, list) else []
    return [place[:2] for place in found if isinstance(place, list)]


@check("ION-ERR-002")
def a_violation_leads_to_the_place(session: Session) -> None:
    """Each member once, and a parameter of the list; the place may go deeper than the member."""
    for pointer, value in BREAKS:
        body = put(session.body(), pointer, value)
        places = _places(refused_as_invalid(session, body, f"a submission with a broken {pointer}"))
        right = ["body", pointer[1:]]
        expect(right in places, f"no violation is at {right}: {places}")
        others = [place for place in places if place != right]
        expect(not others, f"only {right} is wrong, but the answer reports {others}")


@check("ION-ERR-003")
def all_violations_are_listed(session: Session) -> None:
    """Three members are wrong at once."""
    body = {"job_type": "none-of-these", "priority": 11}
    places = _places(refused_as_invalid(session, body, "a submission with three violations"))
    missing = [name for name in ("job_type", "priority", "params") if ["body", name] not in places]
    expect(not missing, f"nothing is said of {missing}")


@check("ION-ERR-004")
def an_unknown_job_has_its_error_code(session: Session) -> None:
    """When read and, where there is a way, canceled."""
    for name in ("read", "cancel"):
        if name in session.roles:
            answer = refused(session.on(name, NOBODY), f"the call to {name} a job that never was", (404,))
            code = get(answer.response.json, "/error_code")
            if code is MISSING and isinstance(get(answer.response.json, "/detail"), str):
                raise NotApplicable("refusals have the older form, which has no error code")
            expect(code == "NOT_FOUND", f"error_code is {shown(code)} for a job that never was")


@check("ION-ERR-005")
def nothing_is_kept_beside_an_unknown_job(session: Session) -> None:
    """Each operation that names a job; the twin is a job that has it all."""
    job = completed_fit(session, patch={"metadata": {"a": 1}})
    for operation in BESIDE:
        unknown_is_refused(partial(ask, session, operation), job.id, f"{operation} of a completed fit")


@check("ION-ERR-006")
def an_unknown_parent_is_refused(session: Session) -> None:
    """Whatever its id looks like; no job is left behind."""
    control = session.submit()
    for unknown in (NOBODY, "no-such-job", ""):
        attempt = partial(session.post, session.body(patch={"parent_job_id": unknown}))

        def count() -> int:
            return len(session.items()) if "list" in session.roles else 0

        changes_nothing(count, f"a submission under the parent {shown(unknown)}", attempt, (404, 422))
    taken(session, {"parent_job_id": control.id}, "a submission under a parent")


@check("ION-ERR-007")
def a_broken_submission_is_answered_422(session: Session) -> None:
    """Each member broken once."""
    for pointer, value in BREAKS:
        refused_as_invalid(session, put(session.body(), pointer, value), f"a submission with a broken {pointer}")


@check("ION-ERR-008")
def one_wrong_member_spoils_a_submission(session: Session) -> None:
    """Beside every other member, each of them right."""
    some = {"priority": 3, "callback_url": "https://client.example/hook", "metadata": {"a": 1}}
    whole = taken(session, some, "a submission of all members").body
    for pointer, value in BREAKS:
        refused(session.post(put(whole, pointer, value)), f"a broken {pointer} beside right members", (422,))


@check("ION-ERR-010")
def violations_have_pydantics_types(session: Session) -> None:
    """One of each kind that the document can tell apart."""
    for pointer, value, kind in KINDS:
        body = put(session.body(), pointer, value)
        exchange = refused_as_invalid(session, body, f"a submission with a broken {pointer}")
        found = get(exchange.response.json, "/detail/0/type")
        expect(found in (kind, *LIKE.get(kind, ())), f"the type of the violation is {shown(found)}, not {kind}")


@check("ION-ERR-011")
def a_violation_in_a_query_leads_there(session: Session) -> None:
    """To a parameter of the list, by name."""
    for name, value in (("limit", "none"), ("limit", "0"), ("status", "none-of-these"), ("job_type", "none-of-these")):
        need_success(session.list_jobs(), "the list")
        places = _places(refused(session.list_jobs(query={name: value}), f"the list with {name}={value}", (422,)))
        expect(places and all(one == ["query", name] for one in places), f"the places are {places}")
