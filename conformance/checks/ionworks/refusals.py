"""How Ionworks refuses what it cannot do."""

from __future__ import annotations

from typing import Any

from conformance.checks import check
from conformance.checks.common.steps import NOBODY
from conformance.checks.ionworks.steps import BESIDE, ask, completed_fit, refused_as_invalid
from conformance.errors import NotApplicable
from conformance.session.expect import accepted, expect, needed, refused
from conformance.session.session import JobRef, Session
from conformance.traffic.exchange import Exchange
from conformance.traffic.json_pointer import MISSING, Json, get, put, shown

Break = tuple[str, Json, list[Any]]
BREAKS: tuple[Break, ...] = (
    ("/job_type", MISSING, ["body", "job_type"]),
    ("/params", MISSING, ["body", "params"]),
    ("/job_type", "none-of-these", ["body", "job_type"]),
    ("/params", [], ["body", "params"]),
    ("/priority", 11, ["body", "priority"]),
    ("/priority", -1, ["body", "priority"]),
    ("/callback_url", "", ["body", "callback_url"]),
    ("/metadata", [], ["body", "metadata"]),
    ("/parent_job_id", 7, ["body", "parent_job_id"]),
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
    told = get(exchange.response.json, "/detail")
    return (
        [one["loc"] for one in told if isinstance(one, dict) and isinstance(one.get("loc"), list)]
        if isinstance(told, list)
        else []
    )


@check("ION-ERR-002")
def a_violation_leads_to_the_place(session: Session) -> None:
    """Each member once, and a parameter of the list; the place may go deeper than the member."""
    for pointer, value, place in BREAKS:
        exchange = refused_as_invalid(
            session, put(session.body(), pointer, value), f"a submission with a broken {pointer}"
        )
        expect(any(loc[:2] == place for loc in _places(exchange)), f"no violation is at {place}: {_places(exchange)}")
        others = [loc for loc in _places(exchange) if loc[:2] != place]
        expect(not others, f"only {place} is wrong, but the answer reports {others}")


@check("ION-ERR-003")
def all_violations_are_listed(session: Session) -> None:
    """Three members are wrong at once."""
    exchange = refused_as_invalid(
        session, {"job_type": "none-of-these", "priority": 11}, "a submission with three violations"
    )
    missing = [
        place
        for place in (["body", "job_type"], ["body", "priority"], ["body", "params"])
        if place not in [loc[:2] for loc in _places(exchange)]
    ]
    expect(not missing, f"nothing is said of {missing}")


@check("ION-ERR-004")
def an_unknown_job_has_its_error_code(session: Session) -> None:
    """When read and, where there is a way, canceled."""
    for name in ("read", "cancel"):
        if name in session.roles:
            told = refused(session.on(name, NOBODY), f"the call to {name} a job that never was", (404,))
            code = get(told.response.json, "/error_code")
            if code is MISSING and isinstance(get(told.response.json, "/detail"), str):
                raise NotApplicable("refusals have the older form, which has no error code")
            expect(code == "NOT_FOUND", f"error_code is {shown(code)} for a job that never was")


@check("ION-ERR-005")
def nothing_is_kept_beside_an_unknown_job(session: Session) -> None:
    """Each operation that names a job; the twin is a job that has it all."""
    job = completed_fit(session, patch={"metadata": {"a": 1}})
    for operation in BESIDE:
        control = ask(session, operation, job)
        needed(control.response.is_success, f"{operation} of a completed fit was answered {control.response.status}")
        refused(ask(session, operation, NOBODY), f"{operation} of a job that never was", (404,))


@check("ION-ERR-006")
def an_unknown_parent_is_refused(session: Session) -> None:
    """Whatever its id looks like; no job is left behind."""
    control: JobRef = session.submit()
    for unknown in (NOBODY, "no-such-job", ""):
        before = len(session.items()) if "list" in session.roles else 0
        refused(
            session.post(session.body(patch={"parent_job_id": unknown})),
            f"a submission under the parent {shown(unknown)}",
            (404, 422),
        )
        expect(not before or len(session.items()) == before, "a refused submission left a job behind")
    accepted(session.post(session.body(patch={"parent_job_id": control.id})), "a submission under a parent")


@check("ION-ERR-007")
def a_broken_submission_is_answered_422(session: Session) -> None:
    """Each member broken once."""
    for pointer, value, _ in BREAKS:
        refused_as_invalid(session, put(session.body(), pointer, value), f"a submission with a broken {pointer}")


@check("ION-ERR-008")
def one_wrong_member_spoils_a_submission(session: Session) -> None:
    """Beside every other member, each of them right."""
    whole = session.body(patch={"priority": 3, "callback_url": "https://client.example/hook", "metadata": {"a": 1}})
    accepted(session.post(whole), "a submission of all members")
    for pointer, value, _ in BREAKS:
        refused(
            session.post(put(whole, pointer, value)),
            f"a submission with a broken {pointer} beside right members",
            (422,),
        )


@check("ION-ERR-010")
def violations_have_pydantics_types(session: Session) -> None:
    """One of each kind that the document can tell apart."""
    for pointer, value, kind in KINDS:
        twin = session.post(session.body())
        needed(twin.response.is_success, f"the control twin was answered {twin.response.status}")
        exchange = refused(
            session.post(put(session.body(), pointer, value)), f"a submission with a broken {pointer}", (422,)
        )
        told = get(exchange.response.json, "/detail/0/type")
        expect(
            told in (kind, *LIKE.get(kind, ())), f"the type of the violation is {shown(told)}, expected {shown(kind)}"
        )


@check("ION-ERR-011")
def a_violation_in_a_query_leads_there(session: Session) -> None:
    """To a parameter of the list, by name."""
    for name, value in (("limit", "none"), ("limit", "0"), ("status", "none-of-these"), ("job_type", "none-of-these")):
        needed(session.list_jobs().response.is_success, "the list is refused")
        exchange = refused(session.list_jobs(query={name: value}), f"the list with {name}={value}", (422,))
        detail = get(exchange.response.json, "/detail")
        places = [get(one, "/loc") for one in detail] if isinstance(detail, list) else []
        expect(
            places and all(isinstance(one, list) and one[:2] == ["query", name] for one in places),
            f"the places are {places}",
        )
